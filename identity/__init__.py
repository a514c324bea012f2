"""Who is who: accounts come in as a frame, creators go out as members, with scored pairs and the evidence for each.

`resolve` is the one door; the room asks no store, no settings and no clock, and works on frames all the way.
Read `links.py`, `handles.py`, `claims.py`, `profile.py`, `handle_history.py` (what an account says, and whom it means),
then `values.py`, `rarity.py`, `blocking.py`, `comparisons.py`, `weights.py`, `triage.py` (what a pair weighs), then
`constraints.py`, `clustering.py`, `canonical.py` (what creators are), and `resolution.py`, which is all of it in order;
`relations.py` and `likeness.py` (what accounts are to each other besides), `grounds.py` (what a person's decision stood
on), `explain.py` and `evaluation.py` look back.
"""
