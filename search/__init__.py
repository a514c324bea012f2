"""The readers' door: a published snapshot and a question in, creators ranked with their reasons out.

Read `parse.py` (a phrase → a `Query`), `filters.py` (who may be a hit), `candidates.py` (who is scored), `score.py`
(every component, exactly), `explain.py` and `searcher.py` (the answer); then `live.py`, `service.py` and `web.py` (the
same over HTTP, while snapshots come and go). Nothing here reaches the store of the night or an LLM.
"""
