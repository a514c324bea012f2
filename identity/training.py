"""Weights from a user's own pairs: no labels needed, judgements used when there are any.

Comes in: the candidate pairs of a resolution with the levels they reached, judgements, and the model to start from.
Goes out: a model of the same shape, and what it was made of. Three steps, each from the model before it:

1. *m by expectation and maximisation.* Each pair is a match with some probability; the shares of levels among matches
   are counted with it, and the probabilities are worked out again, until nothing moves. u and the prior stay. Pairs
   that cannot match, or were judged, have a fixed answer. Source: Winkler (1988), "Using the EM Algorithm for Weight
   Computation in the Fellegi-Sunter Model of Record Linkage", ASA Section on Survey Research Methods.
2. *u by the pairs whose answer is known.* A level that known non-matches reach more often than the weights foresee is
   worth less, one that judged matches reach more often is worth more: the penalised maximum of the likelihood of the
   known answers. Conditional on the levels, so it does not matter that reviewers see the doubtful pairs first. Pairs
   without an answer take part with what the start says of them: comparisons depend on each other, counting levels one
   comparison at a time does not see it, and the start, which was fitted to whole pairs, does.
3. *Guards*, in both steps. A level keeps its side, moves by four bits at most, and one that says nothing goes on
   saying nothing: so matches and non-matches cannot change places. Levels that few pairs reach stay where they were:
   step 1 adds PSEUDO_PAIRS matches that fall as the start says and moves a level of n pairs by n / (n + FEW_PAIRS) of
   the way, and step 2 pulls towards the start.

u is not counted afresh: comparisons depend on each other, the start's u allows for that, and a plain count does not.
The calibration is the start's; `recalibration.py` moves it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from base.judgement import Judgement
from identity.known_pairs import KnownPairs, known_pairs
from identity.levels import Mask, ReachedLevels
from identity.weights import Bits, Model, match_probability

#: matches that are counted beside the seen ones, and fall on levels as the start says
PSEUDO_PAIRS = 1_000
#: a level that so many pairs reach moves half the way
FEW_PAIRS = 100
#: per squared bit; about as strong as a dozen undecided pairs on a level
PULL = 1.0
#: a level moves no further from the start
MOST_BITS = 4.0
#: weights below this are none: the level says nothing by definition
NEUTRAL_BITS = 1e-3
MOST_STEPS = 50
CONVERGED_BITS = 1e-3
#: comparisons that decide whether a pair can match: those pairs say nothing about them
DECIDED_BY = {"platform": "seat_taken", "claim": "contradicted"}

Weights = list[Bits]


@dataclass(frozen=True, slots=True)
class PairsUsed:
    """What a model was trained on."""

    candidates: int
    judged_same: int
    judged_different: int
    #: same platform and no sign of a second account
    seat_taken: int
    contradicting: int
    #: sum of the match probabilities after training
    expected_matches: float
    steps: int


def train(
    pairs: pa.Table, *, start: Model, n_band: int, as_of: datetime, accounts: int, judgements: Iterable[Judgement] = ()
) -> Model:
    """A model fitted to `pairs` (left, right, levels), in any order; the same input gives the same model.

    n_band, accounts: of the population the pairs come from. Raises ValueError when there is no pair, or when the pairs
    were compared in other aspects than this version compares.
    """
    if not pairs.num_rows:
        raise ValueError("no candidate pair to train on")
    # Sorted: sums of floats depend on their order.
    pairs = pairs.sort_by([("left", "ascending"), ("right", "ascending")])
    reached = ReachedLevels(pairs["levels"])
    known = known_pairs(pairs, reached, judgements)
    prior_bits = start.prior_bits(n_band)
    counted, matches, steps = _by_expectation(reached, known, start, prior_bits)
    answers = _probabilities(reached, known, list(start.weights), prior_bits)
    weights = _by_known_pairs(reached, counted, answers, start, prior_bits)
    used = PairsUsed(
        candidates=pairs.num_rows,
        judged_same=int(known.judged_same.sum()),
        judged_different=int(known.judged_different.sum()),
        seat_taken=int(known.seat_taken.sum()),
        contradicting=int(known.contradicted.sum()),
        expected_matches=round(float(matches.sum()), 1),
        steps=steps,
    )
    return with_weights(start, weights, _provenance(start, used, as_of, accounts))


def with_weights(model: Model, weights: Iterable[Bits], provenance: Mapping[str, Any]) -> Model:
    """`model` with other bits per level: m stays and u follows, until u would pass 1 and m follows."""
    values = model.model_dump(mode="json") | {"provenance": dict(provenance)}
    for comparison, bits in zip(values["comparisons"], weights, strict=True):
        for level, weight in zip(comparison["levels"], bits.tolist(), strict=True):
            u = level["m"] / 2**weight
            m, u = (level["m"], u) if u <= 1 else (2**weight, 1.0)
            level.update(m=float(f"{m:.6g}"), u=float(f"{u:.6g}"))
    return Model.model_validate(values)


# --- step 1 -------------------------------------------------------------------------------------------------------


def _by_expectation(
    reached: ReachedLevels, known: KnownPairs, start: Model, prior_bits: float
) -> tuple[Weights, Bits, int]:
    """Weights whose m fits the pairs, the probability of each pair, and the steps it took."""
    aspects = _aspects(reached, known, start)
    weights = [bits.copy() for bits in start.weights]
    step, change = 0, math.inf
    while change >= CONVERGED_BITS and step < MOST_STEPS:
        step += 1
        matches = _probabilities(reached, known, weights, prior_bits)
        moved = _guarded([_with_m(matches, aspect) for aspect in aspects], start)
        change = max(float(np.abs(now - before).max()) for now, before in zip(moved, weights, strict=True))
        weights = moved
    return weights, _probabilities(reached, known, weights, prior_bits), step


def _probabilities(reached: ReachedLevels, known: KnownPairs, weights: Weights, prior_bits: float) -> Bits:
    probability = match_probability(prior_bits + reached.bits(tuple(weights)).sum(axis=1))
    return np.where(known.known, known.judged_same.astype(np.float64), probability)


@dataclass(frozen=True, slots=True)
class _Aspect:
    """One comparison of the start, and what the pairs say about it."""

    m: Bits
    bits: Bits
    #: per pair, the level reached
    reached: npt.NDArray[np.int64]
    #: pairs on a level that says something, and whose answer does not come from this comparison
    usable: Mask


def _aspects(reached: ReachedLevels, known: KnownPairs, start: Model) -> list[_Aspect]:
    aspects = []
    for place, (comparison, bits) in enumerate(zip(start.comparisons, start.weights, strict=True)):
        levels = reached.matrix[:, place]
        usable = _says_something(bits)[levels]
        if comparison.name in DECIDED_BY:
            usable &= ~getattr(known, DECIDED_BY[comparison.name])
        aspects.append(_Aspect(np.array([level.m for level in comparison.levels]), bits, levels, usable))
    return aspects


def _with_m(matches: Bits, aspect: _Aspect) -> Bits:
    """The start's bits, moved by how much more often matches reach each level here than where the start comes from."""
    says = _says_something(aspect.bits)
    if not says.any():
        return aspect.bits
    expected = np.where(says, aspect.m, 0.0) / aspect.m[says].sum()
    levels = aspect.reached[aspect.usable]
    pairs = np.bincount(levels, minlength=len(expected))
    seen = np.bincount(levels, matches[aspect.usable], minlength=len(expected))
    m = (seen + PSEUDO_PAIRS * expected) / (seen.sum() + PSEUDO_PAIRS)
    moved = aspect.bits.copy()
    moved[says] += np.log2(m[says] / expected[says]) * (pairs / (pairs + FEW_PAIRS))[says]
    return moved


def _says_something(bits: Bits) -> Mask:
    return np.abs(bits) >= NEUTRAL_BITS


# --- step 2 -------------------------------------------------------------------------------------------------------


def _by_known_pairs(
    reached: ReachedLevels, counted: Weights, matches: Bits, start: Model, prior_bits: float
) -> Weights:
    """The weights, within their guards, that make the known answers likeliest; the others and a pull hold them back.

    matches: the answer of every pair where it is known, elsewhere the probability that it is a match.
    """
    base = np.concatenate(counted)
    offsets = np.cumsum([0, *(len(bits) for bits in counted)])
    places = reached.matrix + offsets[:-1]

    def loss(shift: Bits) -> tuple[float, Bits]:
        logits = (prior_bits + (base + shift)[places].sum(axis=1)) * math.log(2)
        error = 1 / (1 + np.exp(-np.clip(logits, -500, 500))) - matches
        gradient = np.zeros_like(shift)
        for column in range(places.shape[1]):
            gradient += np.bincount(places[:, column], weights=error, minlength=len(shift))
        likelihood = (np.logaddexp(0, logits) - matches * logits).sum()
        return likelihood + PULL * (shift**2).sum(), gradient * math.log(2) + 2 * PULL * shift

    lowest, highest = _limits(np.concatenate(start.weights))
    bounds = list(zip(lowest - base, highest - base, strict=True))
    # Imported here: it takes half a second to load, and only training needs it.
    from scipy.optimize import minimize

    shift = minimize(loss, np.zeros_like(base), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}).x
    return [np.asarray(part) for part in np.split(base + shift, offsets[1:-1])]


# --- step 3 -------------------------------------------------------------------------------------------------------


def _guarded(weights: Weights, start: Model) -> Weights:
    """Weights that keep their side and their distance from the start's."""
    return [_guard(bits, before) for bits, before in zip(weights, start.weights, strict=True)]


def _guard(bits: Bits, before: Bits) -> Bits:
    return np.clip(bits, *_limits(before))


def _limits(before: Bits) -> tuple[Bits, Bits]:
    """The lowest and highest bits that levels may have, by what they had."""
    lowest = np.maximum(np.where(before > 0, 0.0, -np.inf), before - MOST_BITS)
    highest = np.minimum(np.where(before < 0, 0.0, np.inf), before + MOST_BITS)
    says = _says_something(before)
    return np.where(says, lowest, before), np.where(says, highest, before)


def _provenance(start: Model, used: PairsUsed, as_of: datetime, accounts: int) -> dict[str, Any]:
    return {
        "made_by": "creatordex train",
        "as_of": as_of.isoformat(),
        "start_model": start.fingerprint,
        "accounts": accounts,
        "pairs_used": asdict(used),
        "pseudo_pairs": PSEUDO_PAIRS,
        "few_pairs": FEW_PAIRS,
        "pull": PULL,
        "calibration": "the start model's",
    }
