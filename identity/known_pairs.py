"""Pairs whose answer is known before any weight is: what people judged, and what cannot be one creator's.

Comes in: scored pairs, judgements, the levels reached. Goes out: per pair whether its answer is known, and which.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.judgement import Judgement, Verdict
from identity.constraints import newest_judgements
from identity.levels import Mask, ReachedLevels

#: claims by which an account may own another on its own platform
SECOND_ACCOUNT_CLAIMS = ("mutual", "self", "secondary", "contested", "named")
#: claims that contradict: both name somebody else where the other stands, or one says it is not the other
CONTRADICTING_CLAIMS = ("elsewhere", "elsewhere_both", "fan_of")
#: comparisons of values that nobody else shows: a second account often has only these in common with the first
PRIVATE_VALUES = ("email", "site")


@dataclass(frozen=True, slots=True)
class KnownPairs:
    """Masks over pairs, in their order; a judgement wins over what the levels say."""

    judged_same: Mask
    judged_different: Mask
    #: one platform, different accounts, and no sign that one is the second account of the other
    seat_taken: Mask
    #: what the two say about themselves contradicts
    contradicted: Mask

    @property
    def different(self) -> Mask:
        return self.judged_different | self.seat_taken | self.contradicted

    @property
    def known(self) -> Mask:
        return self.judged_same | self.different


def known_pairs(pairs: pa.Table, reached: ReachedLevels, judgements: Iterable[Judgement] = ()) -> KnownPairs:
    """What is known of `pairs` (left, right). The newest judgement of a pair counts; unsure is no answer."""
    verdicts = _verdicts(pairs, judgements)
    unjudged = pc.is_null(verdicts).to_numpy(zero_copy_only=False)
    second = reached.on("claim", *SECOND_ACCOUNT_CLAIMS)
    for value in PRIVATE_VALUES:
        second |= reached.on(value, "private", "of_two")
    return KnownPairs(
        judged_same=_is(verdicts, Verdict.SAME),
        judged_different=_is(verdicts, Verdict.DIFFERENT),
        seat_taken=unjudged & reached.on("platform", "same") & ~second,
        contradicted=unjudged & reached.on("claim", *CONTRADICTING_CLAIMS),
    )


def _verdicts(pairs: pa.Table, judgements: Iterable[Judgement]) -> pa.Array:
    """The verdict in force per pair, null where there is none."""
    newest = newest_judgements(judgements)
    keys = pa.array([f"{left}\n{right}" for left, right in newest], pa.string())
    said = pa.array([judgement.verdict.value for judgement in newest.values()], pa.string())
    asked = pc.binary_join_element_wise(pairs["left"], pairs["right"], "\n")
    found = said.take(pc.index_in(asked, value_set=keys))
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _is(verdicts: pa.Array, verdict: Verdict) -> Mask:
    return np.asarray(pc.fill_null(pc.equal(verdicts, verdict.value), False).to_numpy(zero_copy_only=False), dtype=bool)
