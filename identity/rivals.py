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

#: of a pair that competes for nothing
NO_SEAT = -1
BIDS_AT_ONCE = 1 << 20  # bounds the scratch memory of a look at all pairs


def rival_levels(pairs: pa.Table, platforms: pa.Table, weight_bits: Bits) -> npt.NDArray[np.int8]:
    """The level per pair, in the order of `pairs` (left, right). platforms: row, platform.

    Accounts of one platform are no rivals of each other's partners: for them the level is `none`.
    """
    return _levels(_Chairs(platforms).of_pairs(pairs), weight_bits)


def _levels(seats: Rows, weight_bits: Bits) -> npt.NDArray[np.int8]:
    leads = _leads(seats, weight_bits)
    levels = 1 + np.searchsorted(-np.array(RIVAL_MARGINS), -np.nan_to_num(leads, nan=np.inf), side="left")
    return np.where(np.isnan(leads), RIVALS.index("none")[0], levels).astype(np.int8)


@dataclass(frozen=True, slots=True)
class Standing:
    """What pairs were on another night."""

    #: the level of each pair then; anything for a pair that moved
    levels: npt.NDArray[np.int8]
    #: pairs that are new, or weigh something else, rivals apart
    moved: npt.NDArray[np.bool_]
    #: row, platform: seats for which a pair stood that is gone
    left: pa.Table


def rival_levels_beside(
    pairs: pa.Table, platforms: pa.Table, weight_bits: Bits, standing: Standing
) -> npt.NDArray[np.int8]:
    """`rival_levels` of the first three: worked out for pairs that moved and their rivals, the others stand."""
    chairs = _Chairs(platforms)
    seats = chairs.of_pairs(pairs)
    competes = seats[0] >= 0
    touched = np.zeros(chairs.size, bool)
    touched[seats[:, standing.moved & competes]] = True
    touched[chairs.at(standing.left)] = True
    asked = standing.moved | (competes & (touched[seats[0]] | touched[seats[1]]))
    touched[seats[:, asked & competes]] = True
    near = asked | (competes & (touched[seats[0]] | touched[seats[1]]))
    levels = standing.levels.copy()
    levels[asked] = _levels(seats[:, near], weight_bits[near])[asked[near]]
    return levels


class _Chairs:
    """The seats there are: beside each account, one for each platform."""

    def __init__(self, platforms: pa.Table) -> None:
        encoded = platforms["platform"].combine_chunks().dictionary_encode()
        self._names = encoded.dictionary
        self._code_of_row = np.zeros(int(pc.max(platforms["row"]).as_py() or 0) + 1, np.int32)
        self._code_of_row[platforms["row"].to_numpy()] = encoded.indices.to_numpy()
        self._width = max(len(self._names), 1)
        self.size = self._width * len(self._code_of_row)

    def of_pairs(self, pairs: pa.Table) -> Rows:
        """What each pair competes for: the place beside either account, on the other's platform; shape (2, pairs).

        NO_SEAT for a pair of one platform, which competes for nothing.
        """
        seats = np.stack([pairs[side].to_numpy() for side in ("left", "right")]).astype(np.int64)
        left, right = self._code_of_row[seats[0]], self._code_of_row[seats[1]]
        seats *= self._width
        seats += np.stack([right, left])
        seats[:, left == right] = NO_SEAT
        return seats

    def at(self, named: pa.Table) -> Rows:
        """The seats of `named` (row, platform) on platforms that somebody is on."""
        codes = pc.fill_null(pc.index_in(named["platform"], value_set=self._names), NO_SEAT).to_numpy()
        seats = named["row"].to_numpy().astype(np.int64) * self._width + codes
        return np.asarray(seats[codes >= 0])


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
