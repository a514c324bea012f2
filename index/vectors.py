"""Vectors as int8 rows, and cosines over them that do not depend on the order of summation.

The query is rounded to integers small enough that every partial sum of a dot product stays below 2^24, where float32
still counts exactly. So chunk size, threads, shards and languages all give the same cosine, bit for bit.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embeddings.vectors import Matrix

Rows = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

CHUNK_ROWS = 512  # a float32 copy of a chunk stays in the second-level cache: three times faster than 8,192 rows
CALIBRATION_ROWS = 1_024
CALIBRATION_LEAST_ROWS = 50  # the nearest of fewer rows need not be near at all
CALIBRATION_NEIGHBOURS = 32_768
TOP_QUANTILE = 0.999


@dataclass(frozen=True, slots=True)
class Field:
    """The stored vectors of one field; a creator without the field has no row."""

    name: str
    #: int8, shape (m, d)
    rows: Rows
    #: int32 (m,), ascending: the internal id of each row's creator
    docs: Ints
    #: int32 (m,): Σ row², so that the row's norm needs no rounding
    squared_norms: Ints

    def vector_of(self, doc: int) -> npt.NDArray[np.float32] | None:
        """The stored vector of a creator at unit length; None when it has none."""
        row = int(np.searchsorted(self.docs, doc))
        if row == len(self.docs) or self.docs[row] != doc:
            return None
        itself = self.rows[row].astype(np.float32)
        unit: npt.NDArray[np.float32] = itself / np.linalg.norm(itself)
        return unit

    def cosines_of(self, docs: npt.NDArray[np.intp], query: npt.NDArray[np.float32]) -> Floats:
        """Cosine of the unit query with each of these creators; NaN for one without this field."""
        values = np.full(len(docs), np.nan)
        if len(self.docs) == 0:
            return values
        places = np.minimum(np.searchsorted(self.docs, docs), len(self.docs) - 1)
        present = self.docs[places] == docs
        values[present] = cosines(self, query, places[present])
        return values

    def nearest(
        self, query: npt.NDArray[np.float32], k: int, mask: npt.NDArray[np.bool_] | None = None, *, exact: bool = False
    ) -> "Found":
        """The k creators nearest to the unit query, best first; only where `mask` is True."""
        rows = np.arange(len(self.docs)) if mask is None else np.flatnonzero(mask[self.docs])
        found = cosines(self, query, rows)
        order = np.lexsort((self.docs[rows], -found))[:k]
        return Found(self.docs[rows[order]].astype(np.intp), found[order], f"exact over {len(rows):,}")


@dataclass(frozen=True, slots=True)
class Found:
    docs: npt.NDArray[np.intp]
    cosines: Floats
    plan: str


def to_int8(matrix: Matrix) -> Rows:
    """Each row scaled so that its largest component is ±127, then rounded (half to even); a zero row stays zero.

    >>> to_int8(np.array([[0.5, -0.25, 0.0]], np.float32))
    array([[127, -64,   0]], dtype=int8)
    """
    rows = np.empty(matrix.shape, np.int8)
    for start in range(0, len(matrix), CHUNK_ROWS):
        part = matrix[start : start + CHUNK_ROWS].astype(np.float64)
        largest = np.abs(part).max(axis=1, keepdims=True, initial=0)
        rows[start : start + CHUNK_ROWS] = np.rint(
            np.divide(part * 127, largest, out=np.zeros_like(part), where=largest > 0)
        )
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


def cosines(field: Field, query: npt.NDArray[np.float32], chosen: npt.NDArray[np.intp] | None = None) -> Floats:
    """Cosine of the unit query with each row, or with the `chosen` rows; 0 for a zero query."""
    whole = query_integers(query)
    dots = _dots(field.rows, whole, chosen)
    norms = field.squared_norms if chosen is None else field.squared_norms[chosen]
    scale = math.sqrt(float((whole.astype(np.float64) ** 2).sum()))
    return dots / (np.sqrt(norms.astype(np.float64)) * scale) if scale else np.zeros(len(dots))


def _dots(rows: Rows, whole: npt.NDArray[np.float32], chosen: npt.NDArray[np.intp] | None) -> Floats:
    count = len(rows) if chosen is None else len(chosen)
    dots = np.empty(count)
    for start in range(0, count, CHUNK_ROWS):
        span = slice(start, start + CHUNK_ROWS)
        part = rows[span] if chosen is None else rows[chosen[span]]
        dots[span] = part.astype(np.float32) @ whole
    return dots


def calibrate(rows: Rows) -> tuple[float, float]:
    """(median cosine of unrelated rows, 99.9th percentile of nearest-neighbour cosines), to four decimals.

    What "nothing in common" and "as close as it gets" mean for this model and field. Measured on evenly spaced rows.
    (0, 1) when there are too few rows to say.
    """
    sample = _unit(_spaced(rows, CALIBRATION_ROWS))
    if len(sample) < CALIBRATION_LEAST_ROWS:
        return 0.0, 1.0
    others = _spaced(rows, CALIBRATION_NEIGHBOURS)
    nearest = np.full(len(sample), -1.0, np.float32)
    for start in range(0, len(others), CALIBRATION_ROWS):
        found = sample @ _unit(others[start : start + CALIBRATION_ROWS]).T
        found[found > 0.999999] = -1  # the row itself, or a copy of it
        np.maximum(nearest, found.max(axis=1), out=nearest)
    apart = sample @ sample.T
    low = round(float(np.median(apart[~np.eye(len(sample), dtype=bool)])), 4)
    high = round(float(np.quantile(nearest, TOP_QUANTILE)), 4)
    return (low, high) if high - low >= 0.05 else (0.0, 1.0)


def _spaced(rows: Rows, wanted: int) -> Rows:
    if len(rows) <= wanted:
        return rows
    return rows[np.arange(wanted) * len(rows) // wanted]


def _unit(rows: Rows) -> Matrix:
    matrix = rows.astype(np.float32)
    unit: Matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit
