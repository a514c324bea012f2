"""Vectors as int8 rows, and cosines over them that do not depend on the order of summation.

The query is rounded to integers small enough that every partial sum of a dot product stays below 2^24, where float32
still counts exactly. So chunk size, threads, shards and languages all give the same cosine, bit for bit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.vectors import Matrix

Rows = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Docs = npt.NDArray[np.intp]
Longs = npt.NDArray[np.int64]

CHUNK_ROWS = 512  # a float32 copy of a chunk stays in the second-level cache: three times faster than 8,192 rows
CALIBRATION_ROWS = 1_024
CALIBRATION_LEAST_ROWS = 50  # the nearest of fewer rows need not be near at all
CALIBRATION_NEIGHBOURS = 32_768
STRANGERS_QUANTILE = 0.9
TOP_QUANTILE = 0.999


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The vectors of one field in one shard; a creator without the field has no row."""

    #: int8, shape (m, d), in any order
    rows: Rows
    #: int32 (m,): the internal id of each row's creator
    docs: Ints
    #: int32 (m,): Σ row², so that the row's norm needs no rounding
    squared_norms: Ints


def to_int8(matrix: Matrix, chosen: Docs | None = None) -> Rows:
    """Each row, or each of the `chosen`, scaled so that its largest component is ±127 and rounded (half to even).

    A zero row stays zero.

    >>> to_int8(np.array([[0.5, -0.25, 0.0]], np.float32))
    array([[127, -64,   0]], dtype=int8)
    """
    count = len(matrix) if chosen is None else len(chosen)
    rows = np.empty((count, matrix.shape[1]), np.int8)
    for start in range(0, count, CHUNK_ROWS):
        span = slice(start, start + CHUNK_ROWS)
        part = matrix[span if chosen is None else chosen[span]].astype(np.float64)
        largest = np.abs(part).max(axis=1, keepdims=True, initial=0)
        rows[span] = np.rint(np.divide(part * 127, largest, out=np.zeros_like(part), where=largest > 0))
    return rows


def squared_norms(rows: Rows) -> Ints:
    """Σ row² per row, exactly."""
    sums = np.empty(len(rows), np.int32)
    for start in range(0, len(rows), CHUNK_ROWS):
        part = rows[start : start + CHUNK_ROWS].astype(np.int32)
        sums[start : start + CHUNK_ROWS] = (part * part).sum(axis=1)
    return sums


def query_integers(query: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The unit query times 65,536/√d, rounded (half to even): whole numbers, held as float32.

    |row| ≤ 127·√d and |query| ≤ 65,536/√d + √d/2, so no partial sum passes 2^24 for any d up to 16,384.
    """
    return np.rint(query.astype(np.float64) * (65_536 / math.sqrt(len(query)))).astype(np.float32)


@dataclass(frozen=True)
class Runs:
    """Rows that lie side by side, run after run: rows starts[i] to starts[i] + lengths[i] − 1."""

    #: int64
    starts: Longs
    #: int64
    lengths: Longs

    @cached_property
    def rows(self) -> Longs:
        """Each row, run after run.

        >>> Runs(np.array([7, 2]), np.array([1, 3])).rows.tolist()
        [7, 2, 3, 4]
        """
        before = np.cumsum(self.lengths) - self.lengths
        return np.repeat(self.starts - before, self.lengths) + np.arange(int(self.lengths.sum()))

    def pieces(self, longest: int) -> "Runs":
        """The same rows in the same order, in runs of at most so many.

        >>> pieces = Runs(np.array([7, 2]), np.array([1, 3])).pieces(2)
        >>> pieces.starts.tolist(), pieces.lengths.tolist()
        ([7, 2, 4], [1, 2, 1])
        """
        counts = -(-self.lengths // longest)
        done = longest * Runs(np.zeros_like(counts), counts).rows
        lengths = np.minimum(np.repeat(self.lengths, counts) - done, longest)
        return Runs(np.repeat(self.starts, counts) + done, lengths)


def cosines(stored: StoredRows, query: npt.NDArray[np.float32], chosen: Docs | None = None) -> Floats:
    """Cosine of the unit query with each row, or with the `chosen` rows; 0 for a zero query."""
    whole = query_integers(query)
    if chosen is None:
        everything = Runs(np.zeros(1, np.int64), np.array([len(stored.rows)]))
        return _scaled(_dots(stored.rows, whole, everything), stored.squared_norms, whole)
    dots, block = np.empty(len(chosen), np.float32), _block(len(chosen), len(whole))
    for start in range(0, len(chosen), CHUNK_ROWS):
        part = chosen[start : start + CHUNK_ROWS]
        block[: len(part)] = stored.rows[part]
        np.matmul(block[: len(part)], whole, out=dots[start : start + len(part)])
    return _scaled(dots, stored.squared_norms[chosen], whole)


def cosines_of_runs(stored: StoredRows, query: npt.NDArray[np.float32], runs: Runs) -> Floats:
    """Cosine of the unit query with the rows of these runs, one after another: neighbours are read faster."""
    whole = query_integers(query)
    return _scaled(_dots(stored.rows, whole, runs), stored.squared_norms[runs.rows], whole)


def _dots(rows: Rows, whole: npt.NDArray[np.float32], runs: Runs) -> npt.NDArray[np.float32]:
    """Short runs share a block, so that a thousand of them are few multiplications."""
    total = int(runs.lengths.sum())
    dots, block = np.empty(total, np.float32), _block(total, len(whole))
    filled = done = 0
    pieces = runs.pieces(CHUNK_ROWS)
    for start, length in zip(pieces.starts.tolist(), pieces.lengths.tolist(), strict=True):
        if filled + length > CHUNK_ROWS:
            np.matmul(block[:filled], whole, out=dots[done : done + filled])
            filled, done = 0, done + filled
        block[filled : filled + length] = rows[start : start + length]
        filled += length
    np.matmul(block[:filled], whole, out=dots[done:])
    return dots


def _block(rows: int, dim: int) -> Matrix:
    """Room for the float32 copy of some rows: one for a whole search, so that it stays in the cache."""
    return np.empty((min(rows, CHUNK_ROWS), dim), np.float32)


def _scaled(dots: npt.NDArray[np.float32], norms: Ints, whole: npt.NDArray[np.float32]) -> Floats:
    scale = math.sqrt(float((whole.astype(np.float64) ** 2).sum()))
    if not scale:
        return np.zeros(len(norms))
    lengths = np.sqrt(norms, dtype=np.float64)
    lengths *= scale
    return np.divide(dots, lengths, out=lengths)


def joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The parts end to end; a single one is not copied, none are no numbers."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.int32)


def calibrate(rows: Rows) -> tuple[float, float] | None:
    """(90th percentile of the cosines of strangers, 99.9th of those of nearest neighbours), to four decimals.

    What "nothing in common" and "as close as it gets" mean for this model and field: one pair of strangers in ten is
    closer than the first. Measured on evenly spaced rows; None when there are too few to say.
    """
    sample = unit_rows(spaced(rows, CALIBRATION_ROWS))
    if len(sample) < CALIBRATION_LEAST_ROWS:
        return None
    others = spaced(rows, CALIBRATION_NEIGHBOURS)
    nearest = np.full(len(sample), -1.0, np.float32)
    for start in range(0, len(others), CALIBRATION_ROWS):
        found = sample @ unit_rows(others[start : start + CALIBRATION_ROWS]).T
        found[found > 0.999999] = -1  # the row itself, or a copy of it
        np.maximum(nearest, found.max(axis=1), out=nearest)
    apart = sample @ sample.T
    low = round(float(np.quantile(apart[~np.eye(len(sample), dtype=bool)], STRANGERS_QUANTILE)), 4)
    high = round(float(np.quantile(nearest, TOP_QUANTILE)), 4)
    return (low, high) if high - low >= 0.05 else None


def spaced(rows: Rows, wanted: int) -> Rows:
    """So many of the rows, evenly spaced; all when there are fewer."""
    if len(rows) <= wanted:
        return rows
    return rows[np.arange(wanted) * len(rows) // wanted]


def unit_rows(rows: Rows) -> Matrix:
    """The stored rows as float32 vectors of length 1."""
    matrix = rows.astype(np.float32)
    unit: Matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit
