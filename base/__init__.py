"""The ground: errors, extras, text, platform names, fingerprints, clock, judgements. Imports nothing of ours.

A thing enters only when two rooms need it. Read `errors.py` first: it is the list of everything that can go wrong.
"""
