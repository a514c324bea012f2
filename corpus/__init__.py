"""Invented creators, for demos, tests and fitting: a number of accounts and a seed come in, the same corpus comes out.

Out go API-shaped capture files and rows files as a platform or a vendor would deliver them, and, kept aside, the truth:
which accounts belong to one owner, and which stand there only to mislead.
Read `vocabulary.py` (words), `people.py` (who), `accounts.py` (their profiles), `traps.py` (the misleading cases and
their rates; the scenes are in `imitations.py`, `affiliations.py` and `trails.py`), `posts.py` (what they publish),
`growth.py` (how they grew), `answers.py`, `rows.py` and `history.py` (the shapes in which it arrives), `payloads.py`
(the files), `generate.py` (the door).
"""
