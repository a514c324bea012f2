"""Computation over frames: Arrow tables in, Arrow tables out, by SQL text or by a pure kernel.

Read `engine.py` (the protocol every set-based step is written against), then `duckdb_engine.py` (one machine);
`workers.py` runs kernels on every core, `ahead.py` makes the next item while one is used, `memory.py` gives back what a
step has freed.
"""
