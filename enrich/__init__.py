"""What a creator is about: normalised profiles and posts in, closed labels and one honest sentence out.

A plan says who is due and why; a labeller (the offline classifier, or an LLM behind checks) answers.
Read `taxonomy.py` and `schema.py` (the vocabulary), `plan.py` and `allocation.py`, `subjects.py`, then
`offline.py` (and `label_rows.py`, for many at once), or `dossier.py`, `questions.py`, `grounding.py` (with `names.py`,
`exonyms.py` and `numerals.py` for every script) and `enricher.py`.
"""
