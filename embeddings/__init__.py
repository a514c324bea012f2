"""Text building, vector maths and neighbours: texts and frames in, unit vectors out; no model runs here.

Read `document.py` (what text is embedded), `vectors.py` (how vectors are held), `aggregate.py` (many into one),
`drift.py` (has content moved), `neighbours.py`, `cells.py` and `codes.py` (what is near; they alone know FAISS).
"""
