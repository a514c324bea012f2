"""Pairs compete: a creator rarely has two accounts on one platform, so two that fit one account cannot both be right.

Comes in: pairs with the weight of every other comparison. Goes out: how far each pair leads, or trails, the best other
pair for the same account and platform, as a level of RIVALS.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from identity.comparisons import RIVAL_MARGINS, RIVALS

Bits = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

BIDS_AT_ONCE = 1 << 20  # bounds the scratch memory of a look at all pairs


def rival_levels(pairs: pa.Table, platforms: pa.Table, weight_bits: Bits) -> npt.NDArray[np.int8]:
    """The level per pair, in the order of `pairs` (left, right). platforms: row, platform.

    Accounts of one platform are no rivals of each other's partners: for them the level is `none`.
    """
    leads = _leads(_seats(pairs, platforms), weight_bits)
    levels = 1 + np.searchsorted(-np.array(RIVAL_MARGINS), -np.nan_to_num(leads, nan=np.inf), side="left")
    return np.where(np.isnan(leads), RIVALS.index("none")[0], levels).astype(np.int8)


@dataclass(frozen=True, slots=True)
class Standing:
    """What pairs were on another night."""

    #: the level of each pair then; anything for a pair of touched accounts
    levels: npt.NDArray[np.int8]
    #: accounts of which a pair is new, gone, or weighs something else, rivals apart; by row
    touched: npt.NDArray[np.bool_]


def rival_levels_beside(
    pairs: pa.Table, platforms: pa.Table, weight_bits: Bits, standing: Standing
) -> npt.NDArray[np.int8]:
    """`rival_levels` of the first three: worked out for pairs of touched accounts, the others stand."""
    left, right = (pairs[side].to_numpy() for side in ("left", "right"))
    asked = standing.touched[left] | standing.touched[right]
    is_near = np.zeros(len(standing.touched), bool)
    is_near[left[asked]] = is_near[right[asked]] = True
    near = is_near[left] | is_near[right]
    levels = standing.levels.copy()
    levels[asked] = rival_levels(pairs.filter(pa.array(near)), platforms, weight_bits[near])[asked[near]]
    return levels


def _seats(pairs: pa.Table, platforms: pa.Table) -> Rows:
    """What each pair competes for: the place beside either account, on the other's platform; shape (2, pairs).

    Negative for a pair of one platform, which competes for nothing.
    """
    codes = platforms["platform"].combine_chunks().dictionary_encode()
    code_of_row = np.zeros(int(pc.max(platforms["row"]).as_py() or 0) + 1, np.int32)
    code_of_row[platforms["row"].to_numpy()] = codes.indices.to_numpy()
    seats = np.stack([pairs[side].to_numpy() for side in ("left", "right")]).astype(np.int64)
    left, right = code_of_row[seats[0]], code_of_row[seats[1]]
    seats *= max(len(codes.dictionary), 1)
    seats += np.stack([right, left])
    return np.where(left != right, seats, -1 - np.arange(len(left)))


def _leads(seats: Rows, weight_bits: Bits) -> Bits:
    """How far each pair is ahead of its best rival for either seat, in bits; NaN where it has none."""
    rivals = _best_other(seats.ravel(), weight_bits).reshape(2, -1).max(axis=0, initial=-np.inf)
    return np.where(np.isneginf(rivals) | (seats[0] < 0), np.nan, weight_bits - rivals)


def _best_other(seats: Rows, weights: Bits) -> Bits:
    """Per bid, the best other bid for the same seat; -inf where there is none.

    seats: those on the left of each pair, then those on the right. weights: of each pair.
    """
    order = np.argsort(seats, kind="stable")
    starts = np.searchsorted(seats, seats[order[::BIDS_AT_ONCE]], sorter=order)
    found = np.empty(len(seats))
    for some in np.split(order, np.unique(starts)):
        if len(some):
            found[some] = _best_other_in_order(seats[some], weights[some % len(weights)])
    return found


def _best_other_in_order(seats: Rows, weights: Bits) -> Bits:
    """The same for bids by seat."""
    starts = np.flatnonzero(np.diff(seats, prepend=seats[0] - 1))
    sizes = np.diff(starts, append=len(seats))
    best = np.repeat(np.maximum.reduceat(weights, starts), sizes)
    is_best = weights == best
    second = np.repeat(np.maximum.reduceat(np.where(is_best, -np.inf, weights), starts), sizes)
    is_alone = np.repeat(np.add.reduceat(is_best.astype(np.int64), starts), sizes) == 1
    return np.where(is_best & is_alone, second, best)
