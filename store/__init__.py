"""All SQL. Values and Arrow frames in, rows in SQLite out; it knows rows, not meanings.

Read `tables.py` (the whole schema), then `session.py` (how it is opened), `bulk.py` (frames), then one file of named
queries per table family.
"""
