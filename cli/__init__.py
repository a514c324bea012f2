"""The command line: words in, one function called, its result printed, an exit code out; nothing is decided here.

Read `main.py` (every command and its exit code), `state.py` (what commands share), `render.py` (how results look), then
one file per group of commands.
"""
