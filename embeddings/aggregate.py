"""Many vectors into one: the rows of a frame grouped by its owner's columns, and the mean direction of each group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import fingerprint
from embeddings.vectors import Matrix, from_column, normalise


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows sorted so that every group stands together; the order of the rows given is forgotten."""

    rows: pa.Table
    #: the columns whose values name a group
    by: tuple[str, ...]
    #: position of each group's first row
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: pa.Table, by: Sequence[str]) -> Self:
        """Groups of `rows` by the `by` columns. The other columns, `vector` apart, name a member within its group."""
        members = [name for name in rows.column_names if name not in {*by, "vector"}]
        ordered = rows.sort_by([(name, "ascending") for name in [*by, *members]]).combine_chunks()
        return cls(ordered, tuple(by), _starts(ordered.select(list(by))))

    def keys(self) -> pa.Table:
        """One row per group: its `by` columns."""
        return self.rows.select(list(self.by)).take(pa.array(self.starts))

    def fingerprints(self) -> pa.Array:
        """One per group, over its members: equal exactly when nothing about the group's mean can have changed."""
        members = self.rows.drop_columns([*self.by, *({"vector"} & {*self.rows.column_names})])
        rows = list(zip(*(column.to_pylist() for column in members.columns), strict=True))
        starts = self.starts.tolist()
        spans = zip(starts, [*starts[1:], len(rows)], strict=False)  # no rows, no groups: then only the end is left
        return pa.array([fingerprint(rows[start:end]) for start, end in spans], pa.string())

    def means(self, dim: int) -> Matrix:
        """Unit mean direction of each group's `vector` column, float32, shape (groups, dim).

        Every member weighs the same. Vectors are added in the order of the members' names, so that the bytes do not
        depend on the order of the rows given.
        """
        if not len(self.starts):
            return np.zeros((0, dim), np.float32)
        return normalise(np.add.reduceat(from_column(self.rows["vector"], dim), self.starts, axis=0))


def _starts(keys: pa.Table) -> npt.NDArray[np.int64]:
    changed = np.zeros(keys.num_rows, bool)
    changed[:1] = True
    for column in keys.columns:
        differs = pc.not_equal(column.slice(1), column.slice(0, max(0, len(column) - 1)))
        changed[1:] |= differs.to_numpy()
    return np.flatnonzero(changed)
