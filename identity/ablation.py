"""What one kind of evidence is worth: the same model without it."""

import numpy as np

from identity.training import with_weights
from identity.weights import Model


def without(model: Model, comparison: str) -> Model:
    """`model` in which every level of `comparison` weighs nothing. Rules that hold pairs back still see its levels.

    Raises ValueError for a comparison that there is none of.
    """
    names = [one.name for one in model.comparisons]
    if comparison not in names:
        raise ValueError(f"no comparison {comparison}: {', '.join(names)}")
    weights = [
        np.zeros_like(bits) if name == comparison else bits for name, bits in zip(names, model.weights, strict=True)
    ]
    return with_weights(model, weights, model.provenance | {"without": comparison})
