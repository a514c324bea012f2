"""Columns of a frame as numpy arrays, unknowns included, and a hash of its ids; no row becomes an object."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

FNV_OFFSET, FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def numbers(frame: pa.Table, column: str) -> Numbers:
    """The column as floats, NaN where unknown: no comparison holds for an unknown number."""
    return np.asarray(frame[column].cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def counts(frame: pa.Table, column: str) -> Counts:
    """The column as whole numbers, 0 where unknown."""
    return np.asarray(pc.fill_null(frame[column], 0).to_numpy(zero_copy_only=False), np.int64)


def equals(frame: pa.Table, column: str, value: str) -> Flags:
    return true(pc.equal(frame[column], value))


def is_set(frame: pa.Table, column: str) -> Flags:
    return true(pc.is_valid(frame[column]))


def true(flags: pa.ChunkedArray) -> Flags:
    """Unknown counts as false."""
    return np.asarray(pc.fill_null(flags, False).to_numpy(zero_copy_only=False), np.bool_)


def ranks(ids: pa.ChunkedArray) -> Counts:
    """The place of each id among them in ascending order; equal ids have different places."""
    order = pc.sort_indices(ids).to_numpy()
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places


def hashed(ids: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """64 bits of each id, the same on every machine (FNV-1a, the bits then mixed so that the low ones are good too)."""
    width = pc.max(pc.binary_length(ids)).as_py() or 1
    padded = pc.utf8_rpad(ids, width=width, padding="\0").cast(pa.binary(width)) if len(ids) else None
    if padded is None:
        return np.zeros(0, np.uint64)
    letters = np.frombuffer(padded.combine_chunks().buffers()[1], np.uint8)[: len(ids) * width].reshape(-1, width)
    state = np.full(len(ids), FNV_OFFSET)
    for letter in letters.T:
        state = (state ^ letter) * FNV_PRIME
    return state ^ (state >> np.uint64(32))
