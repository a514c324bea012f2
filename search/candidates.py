"""Who is scored: everybody the filters keep while they are few, else the nearest by words and by each vector field.

What is proposed here decides no score: every component of every candidate is computed exactly afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.snapshot import Snapshot
from search.filters import Docs, Mask

SCAN_ALL = 5_000  # creators that are scored without asking who is near: as quick as asking
DEPTH = 200  # taken from the words, and from each field: fixed, so that a page's size changes nothing

Vector = npt.NDArray[np.float32]
#: field → unit vector to be near to
Vectors = Mapping[str, Vector]


@dataclass(frozen=True, slots=True)
class Candidates:
    #: internal ids, ascending
    docs: Docs
    #: creators that satisfy the filters
    kept: int
    #: how they were found, for the explanation
    plan: tuple[str, ...]


def propose(snapshot: Snapshot, kept: Mask, terms: tuple[str, ...], vectors: Vectors) -> Candidates:
    """The candidates among the kept creators for words and vectors; everybody kept when there is neither."""
    count = int(np.count_nonzero(kept))
    if count <= SCAN_ALL or not (terms or vectors):
        return Candidates(np.flatnonzero(kept), count, (f"everybody kept by the filters: {count:,} of {len(kept):,}",))
    mask = None if count == len(kept) else kept
    found = [snapshot.bm25.best(terms, DEPTH, mask)]
    plan = [f"words: best {len(found[0])} of {count:,}"]
    for name, vector in vectors.items():
        near = snapshot.fields[name].nearest(vector, DEPTH, mask)
        found.append(near.docs)
        plan.append(f"{name}: {near.plan}")
    return Candidates(np.unique(np.concatenate(found)).astype(np.intp), count, tuple(plan))
