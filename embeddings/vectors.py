"""Vectors with their ids: a matrix in memory, little-endian float16 bytes in the store."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vectors:
    """`ids[i]` names row i of `matrix`."""

    #: one id per row
    ids: Sequence[str]
    #: float32, shape (n, d); rows are unit vectors
    matrix: Matrix
    #: fingerprint of the recipe; vectors of different recipes are never compared
    recipe: str

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.matrix):
            raise ValueError(f"{len(self.ids)} ids for {len(self.matrix)} vectors")


def normalise(matrix: Matrix) -> Matrix:
    """Rows scaled to unit norm; a zero row stays zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit = np.zeros_like(matrix)
    np.divide(matrix, norms, out=unit, where=norms > 0)
    return unit


def to_column(matrix: Matrix) -> pa.Array:
    """A binary column of little-endian float16 rows: half the bytes of float32; cosines keep about three digits."""
    packed = np.ascontiguousarray(matrix, dtype="<f2")
    width = packed.shape[1] * 2
    offsets = np.arange(len(packed) + 1, dtype=np.int64) * width
    large = pa.Array.from_buffers(
        pa.large_binary(), len(packed), [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(packed.tobytes())]
    )
    return large if offsets[-1] > np.iinfo(np.int32).max else large.cast(pa.binary())


def from_column(column: pa.ChunkedArray | pa.Array, dim: int) -> Matrix:
    """The float32 matrix of a binary column without nulls, shape (len(column), dim)."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not len(array):
        return np.zeros((0, dim), np.float32)
    # The values of a column lie one after the other: read where they are, never as an object each.
    _, ends, values = array.buffers()
    width = np.int64 if pa.types.is_large_binary(array.type) else np.int32
    first, last = np.frombuffer(ends, width)[[array.offset, array.offset + len(array)]]
    return np.frombuffer(values, "<f2")[first // 2 : last // 2].reshape(len(array), dim).astype(np.float32)


def absent(rows: pa.Table, others: pa.Table, on: Sequence[str]) -> pa.Table:
    """The rows of which `others` has none with the same values in the `on` text columns; their order is kept."""
    return rows.filter(pc.invert(pc.is_in(_joined(rows, on), value_set=_joined(others, on))))


def first_of_each(column: pa.ChunkedArray) -> pa.Array:
    """Position of the first row of each distinct value."""
    codes = column.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return pa.array(np.unique(codes, return_index=True)[1])


def attach_vectors(rows: pa.Table, made: pa.Table, on: str) -> pa.Table:
    """The rows that `made` (columns `on`, vector; each value once) has a vector for, with that vector."""
    places = pc.index_in(rows[on], value_set=made[on].combine_chunks())
    found = pc.is_valid(places)
    return rows.filter(found).append_column("vector", made["vector"].take(places.filter(found)))


def stamped(rows: pa.Table, recipe: str, as_of: int) -> pa.Table:
    """Rows as they stand in the store: with the recipe that made them and the instant, in microseconds."""
    recipes = pa.repeat(pa.scalar(recipe), rows.num_rows)
    return rows.append_column("recipe_fingerprint", recipes).append_column(
        "updated_at", pa.repeat(pa.scalar(as_of, pa.int64()), rows.num_rows)
    )


def _joined(rows: pa.Table, on: Sequence[str]) -> pa.Array:
    # Keys hold no line break: they are sanitised handles, ids and hexadecimal digits.
    return pc.binary_join_element_wise(*(rows[name].combine_chunks() for name in on), "\n")
