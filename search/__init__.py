"""The readers' door: a published snapshot and a question in, creators ranked with their reasons out.

Read `parse.py` (a phrase → a `Query`), `query.py` (filters and what they keep), `score.py` (every component, exactly),
`service.py` (the searcher). Nothing here reaches the store of the night or an LLM.
"""
