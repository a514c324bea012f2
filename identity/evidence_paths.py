"""On what a pair rests: the kind of evidence that says most for it.

Comes in: levels reached and a model. Goes out: one name per pair. How rare a shared handle or name is counts as part of
that handle and name.
"""

import numpy as np
import pyarrow as pa

from identity.comparisons import COMPARISONS
from identity.levels import ReachedLevels
from identity.weights import Model

#: comparison → the kind of evidence it is part of; any other is its own
PART_OF = {"handle_rarity": "handle_name", "name_rarity": "handle_name", "bio_vector": "bio"}
#: no evidence speaks for the pair
NO_PATH = "none"


def evidence_paths(levels: pa.ChunkedArray, model: Model) -> pa.Array:
    """The kind of evidence with the most bits per pair; of equal ones the first in the order of the comparisons."""
    reached = ReachedLevels(levels)
    kinds = [PART_OF.get(comparison.name, comparison.name) for comparison in COMPARISONS]
    names = list(dict.fromkeys(kinds))
    bits = reached.bits(model.weights)
    by_kind = np.column_stack(
        [bits[:, [place for place, kind in enumerate(kinds) if kind == name]].sum(axis=1) for name in names]
    )
    best = np.where(by_kind.max(axis=1) > 0, by_kind.argmax(axis=1), len(names))
    return pa.array([*names, NO_PATH]).take(pa.array(best))
