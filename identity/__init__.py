"""Who is who: accounts come in as a frame, creators go out as members, with scored pairs and the evidence for each.

`resolve` is the one door; the room asks no store, no settings and no clock, and works on frames all the way.
Read `links.py`, `handles.py`, `names.py`, `stems.py`, `vocabulary.py`, `masking.py`, `attention.py`, `grammar.py`,
`settling.py`, `claims.py`, `readings.py`, `profile.py` (what an account says; `columns.py` is how a million of them say
it), then `values.py`, `rarity.py`, `blocking.py`, `comparisons.py`, `weights.py`, `triage.py` (what a pair weighs),
then `constraints.py`, `clustering.py`, `canonical.py` (what creators are), and `resolution.py`, which is all of it in
order; `explain.py` and `evaluation.py` look back.
"""
