"""Who is who: accounts come in as a frame, creators go out as members, with scored pairs and the evidence for each.

`resolve` is the one door; the room asks no store, no settings and no clock, and works on frames all the way.
`resolution.py` is all of it in order; the files behind it, in reading order:

* what an account says: `links.py`, `handles.py`, `names.py`, `stems.py`, `vocabulary.py`, `masking.py`, `attention.py`,
  `grammar.py`, `settling.py`, `claims.py`, `readings.py`, `forms.py`, `representation.py`, `profile.py` (`columns.py`
  is how a million of them say it), and whom it means: `claim_targets.py`, `handle_history.py`
* what a pair weighs: `values.py`, `spelling.py`, `rarity.py`, `blocking.py`, `comparisons.py`, `sides.py`,
  `compare.py`, `claim_levels.py`, `rivals.py`, `weights.py`, `triage.py`
* what creators are: `constraints.py`, `clustering.py`, `canonical.py`, `relations.py`, `likeness.py`
* what a night keeps for the next: `memory.py`, `beside.py`, `rereading.py`, `retargeting.py`, `recounting.py`,
  `reproposing.py`, `news.py`, `recomparing.py`, `nights.py`, `moved.py`
* looking back: `explain.py`, `grounds.py`, `evaluation.py`, `assessment.py`, `review_order.py`
* the next model: `training.py`, `recalibration.py`, `preview.py`
"""
