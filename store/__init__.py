"""All SQL. Values and Arrow frames in, rows in SQLite or Postgres out; it knows rows, not meanings.

Read `tables.py` (the whole schema), then `session.py` (how it is opened), `bulk.py` (frames; what
differs between the databases is in `frame_drivers.py`), then one file of named
queries per table family.
"""
