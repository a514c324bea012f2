"""A delivered file comes in: API answers as captured, or rows in our own or a vendor's columns.

Checked records with their place in the payload go out, as frames, and a RejectedRow with a hint for whatever cannot be
taken. Read `records.py` (what passes the border), `files.py` (from a file to frames), `platforms/youtube.py` (one
adapter), `envelopes.py`, `columns.py` and `cells.py` (many records at once), `errors.py` (what error answers mean),
`contracts.py` (vendors' files), `merge.py` and `known.py` (newest wins), `measured.py` (the numbers), then `cadence.py`
(when an account is due).
"""
