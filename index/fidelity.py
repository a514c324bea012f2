"""How much of the true answer the shipped way of searching finds, field by field, for wide filters and narrow ones."""

import numpy as np

from index.bm25 import Mask
from index.field import Field
from index.snapshot import Snapshot
from index.vectors import Docs

DEPTH = 50
SAMPLED = 32
#: class of filter → keep every so-manieth creator
CLASSES = {"no filter": 1, "50 %": 2, "5 %": 20, "0.5 %": 200}


def self_recall(snapshot: Snapshot) -> dict[str, float]:
    """Class of filter → recall@50 against reading every row, the worst of the fields.

    Asked with the vectors of evenly spaced creators, which lie where the data lies; creators are numbered by ids that
    are hashes, so every so-manieth of them is a fair sample. Fields without cells are read whole and miss nothing.
    """
    fields = [field for field in snapshot.fields.values() if field.has_cells]
    return {name: min([1.0, *(_recall(field, _every(step, len(snapshot))) for field in fields)])
            for name, step in CLASSES.items()}  # fmt: skip


def _recall(field: Field, mask: Mask | None) -> float:
    wanted = found = 0
    for doc in field.docs[_spaced(len(field))]:
        query = field.vector_of(int(doc))
        assert query is not None
        exact = field.nearest(query, DEPTH, mask, exact=True).docs
        wanted += len(exact)
        found += len(np.intersect1d(exact, field.nearest(query, DEPTH, mask).docs))
    return found / wanted if wanted else 1.0


def _every(step: int, count: int) -> Mask | None:
    return None if step == 1 else np.arange(count) % step == 0


def _spaced(count: int) -> Docs:
    return np.unique(np.arange(SAMPLED) * count // SAMPLED)
