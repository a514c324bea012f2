"""The doing room: one file per verb reads the store, asks one thinking room, writes the store.

Settings and deliveries come in; rows, snapshots, a manifest and a report page go out. Read `nightly.py` (the table of
contents), `context.py` (what every job is given), `runner.py` (lock, record, resume), then the verb you care about.
"""
