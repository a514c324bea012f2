"""Labelling by batches: due creators in, files of requests out; on a later run the vendor's answers in, labels out.

`desk.py` is what both halves work with, `submit.py` sends and finds again what a kill left half sent, `harvest.py`
fetches. Each state of a batch is on the disk before the step it allows is taken.
"""
