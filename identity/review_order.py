"""In which order a person's time is worth most: value times uncertainty.

Comes in: scored pairs and how many follow each account. Goes out: the places of the pairs, best first.
"""

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import entr

Floats = npt.NDArray[np.float64]


def review_order(pairs: pa.Table, followers: pa.Table) -> pa.Array:
    """Places of `pairs` (left, right, match_probability), the pair most worth a decision first; ties by key.

    followers: account_id, followers. Value is log2(2 + the followers of both): ten times the reach is worth some three
    more, and accounts of unknown reach are still worth one. Uncertainty is the entropy of the probability, in bits.
    """
    reach = _followers_of(pairs["left"], followers), _followers_of(pairs["right"], followers)
    worth = priority(pairs["match_probability"].to_numpy(), *reach)
    ranked = pa.table({"worth": worth, "left": pairs["left"], "right": pairs["right"]})
    return pc.sort_indices(ranked, sort_keys=[("worth", "descending"), ("left", "ascending"), ("right", "ascending")])


def priority(probability: Floats, left_followers: Floats, right_followers: Floats) -> Floats:
    """Value × uncertainty: the reach of both sides on a log scale, times the entropy of the probability in bits.

    >>> priority(np.array([0.5, 0.99]), np.array([10.0, 10.0]), np.array([20.0, 20.0])).round(2).tolist()
    [5.0, 0.4]
    """
    return np.asarray(np.log2(2.0 + left_followers + right_followers) * entropy_bits(probability))


def entropy_bits(probability: Floats) -> Floats:
    """How open a question is: 1 at even odds, 0 when it is settled.

    >>> entropy_bits(np.array([0.5, 1.0])).tolist()
    [1.0, 0.0]
    """
    return np.asarray((entr(probability) + entr(1.0 - probability)) / math.log(2))


def _followers_of(ids: pa.ChunkedArray, followers: pa.Table) -> Floats:
    found = followers["followers"].take(pc.index_in(ids, value_set=followers["account_id"]))
    return np.maximum(np.asarray(pc.fill_null(found, 0).to_numpy(), dtype=np.float64), 0.0)
