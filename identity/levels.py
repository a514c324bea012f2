"""Levels as numbers: the stored `levels` strings of many pairs at once, asked by name.

A comparison or level that this version does not have is reached by no pair: who asks names what it means, not where
it stands.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from identity.comparisons import COMPARISONS
from identity.weights import LEVEL_CODES, Bits

Matrix = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_PLACE_OF_CODE = np.zeros(128, np.int64)
_PLACE_OF_CODE[np.frombuffer(LEVEL_CODES.encode(), np.uint8)] = np.arange(len(LEVEL_CODES))


class ReachedLevels:
    """The levels that pairs reached, shape (pairs, comparisons)."""

    def __init__(self, levels: pa.ChunkedArray) -> None:
        """levels: one string per pair, one character per comparison. Raises ValueError for another length."""
        width = len(COMPARISONS)
        codes = _characters(levels)
        if len(codes) != width * len(levels):
            raise ValueError(f"pairs were not compared in {width} aspects")
        self.matrix: Matrix = _PLACE_OF_CODE[codes].reshape(-1, width)

    def __len__(self) -> int:
        return len(self.matrix)

    def on(self, comparison: str, *levels: str) -> Mask:
        """Which pairs reached one of the named levels."""
        for place, known in enumerate(COMPARISONS):
            if known.name == comparison:
                wanted = [index for index, level in enumerate(known.levels) if level.name in levels]
                return np.isin(self.matrix[:, place], wanted)
        return np.zeros(len(self), bool)

    def bits(self, weights: tuple[Bits, ...]) -> Bits:
        """The bits of every pair's evidence, shape (pairs, comparisons)."""
        return np.column_stack([bits[self.matrix[:, place]] for place, bits in enumerate(weights)])


def _characters(texts: pa.ChunkedArray) -> npt.NDArray[np.uint8]:
    """The bytes of all texts, one after the other."""
    column = pa.concat_arrays([pa.array([], pa.large_string()), *texts.cast(pa.large_string()).chunks])
    offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset : column.offset + len(column) + 1]
    if not len(column):
        return np.zeros(0, np.uint8)
    return np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
