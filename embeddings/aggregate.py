"""Many vectors into one: the rows of a frame grouped by its owner's columns, and one direction for each group.

How much a member counts is a choice (`Aggregation`): all the same, the newer the more, or the more it was liked and
answered the more. What a weight is reckoned from is a column of the members, `basis`, and part of their fingerprint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import canonical_json, fingerprint_of_json
from embeddings.vectors import Matrix, from_column, normalise

Strategy = Literal["mean", "recency", "engagement"]
Weights = npt.NDArray[np.float64]
DAY = 86_400_000_000  # microseconds
_ESCAPED = r'["\\\x00-\x1f]'  # what JSON writes in another way than it stands


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How vectors of content become one: part of the recipe of what is made, so that two ways are never compared."""

    strategy: Strategy = "mean"
    #: recency only: something this much older than the newest of its group counts half
    half_life_days: float = 90.0

    @property
    def options(self) -> dict[str, Any]:
        """What belongs into a recipe; nothing for the mean, which is how vectors have always been made."""
        match self.strategy:
            case "mean":
                return {}
            case "recency":
                return {"aggregation": "recency", "half_life_days": self.half_life_days}
            case "engagement":
                return {"aggregation": "engagement"}

    def with_basis(self, rows: pa.Table, facts: pa.Table, on: str) -> pa.Table:
        """The rows with the column that their weights are reckoned from; as they are when all weigh the same.

        facts: column `on` (each value once), seen_at (microseconds) and engagement (likes and comments), both null
        where unknown. A row whose `field` is not content has no basis: one bio weighs what another does.
        """
        if self.strategy == "mean":
            return rows
        known = _seen_at(facts) if self.strategy == "recency" else _engagement_band(facts)
        basis = known.take(pc.index_in(rows[on].combine_chunks(), value_set=facts[on].combine_chunks()))
        is_content = pc.ends_with(rows["field"].combine_chunks(), pattern="_content")
        return rows.append_column("basis", pc.if_else(is_content, basis, pa.scalar(None, pa.int64())))

    def weights(self, basis: pa.Array, starts: npt.NDArray[np.int64]) -> Weights:
        """One weight above zero per row; `basis` as `with_basis` gave it, rows of a group from its start on."""
        known = pc.is_valid(basis).to_numpy(zero_copy_only=False)
        values = pc.fill_null(basis, 0).to_numpy(zero_copy_only=False)
        reckon = self._by_age if self.strategy == "recency" else _by_engagement
        return reckon(values, known, starts)

    def _by_age(self, instants: npt.NDArray[np.int64], known: npt.NDArray[np.bool_], starts: Any) -> Weights:
        """Halved with every half-life behind the newest of the group; an unknown age counts as the oldest known."""
        lowest, highest = np.iinfo(np.int64).min, np.iinfo(np.int64).max
        newest = _per_row(np.maximum.reduceat(np.where(known, instants, lowest), starts), starts, len(instants))
        oldest = _per_row(np.minimum.reduceat(np.where(known, instants, highest), starts), starts, len(instants))
        dated = np.where(known, instants, oldest)
        age = np.where(newest == lowest, 0, newest - np.where(newest == lowest, newest, dated))
        return np.exp2(-age / (self.half_life_days * DAY))


MEAN = Aggregation()


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
        offsets = pa.array(np.append(self.starts, len(members)), pa.int32())
        groups = pc.binary_join(pa.ListArray.from_arrays(offsets, _as_json(members)), ",")
        return pa.array([fingerprint_of_json(f"[{rows}]") for rows in groups.to_pylist()], pa.string())

    def directions(self, dim: int, aggregation: Aggregation = MEAN) -> Matrix:
        """The unit direction of each group's `vector` column, float32, shape (groups, dim).

        Vectors are added in the order of the members' names, so that the bytes do not depend on the order of the rows
        given. Groups made `with_basis` are weighed by it, others by nothing.
        """
        if not len(self.starts):
            return np.zeros((0, dim), np.float32)
        matrix = from_column(self.rows["vector"], dim)
        if "basis" not in self.rows.column_names:
            return normalise(np.add.reduceat(matrix, self.starts, axis=0))
        weights = aggregation.weights(self.rows["basis"].combine_chunks(), self.starts)
        return weighted_directions(matrix, weights, self.starts)


def _as_json(rows: pa.Table) -> pa.Array:
    """Each row as the canonical JSON of the list of its values, which are texts and whole numbers."""
    values = [_values_as_json(column.combine_chunks()) for column in rows.columns]
    return pc.binary_join_element_wise("[", pc.binary_join_element_wise(*values, ","), "]", "")


def _values_as_json(values: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(values.cast(pa.string()), _ESCAPED)).as_py():
        return pa.array([canonical_json(value) for value in values.to_pylist()], pa.string())
    quote = '"' if pa.types.is_string(values.type) else ""
    return pc.fill_null(pc.binary_join_element_wise(quote, values.cast(pa.string()), quote, ""), "null")


def weighted_directions(matrix: Matrix, weights: Weights, starts: npt.NDArray[np.int64]) -> Matrix:
    """Unit direction of each group's weighted sum; only the ratio of weights within a group counts.

    >>> weighted_directions(np.eye(2, dtype="f4"), np.array([3.0, 4.0]), np.array([0])).round(3).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    shares = weights / _per_row(np.maximum.reduceat(weights, starts), starts, len(weights))
    return normalise(np.add.reduceat(matrix * shares[:, None].astype(np.float32), starts, axis=0))


def _seen_at(facts: pa.Table) -> pa.Array:
    return facts["seen_at"].combine_chunks()


def _engagement_band(facts: pa.Table) -> pa.Array:
    """The power of two that engagement has reached: a few more likes a night change no band and so write no vector."""
    bands = [None if count is None else int(count).bit_length() for count in facts["engagement"].to_pylist()]
    return pa.array(bands, pa.int64())


def _by_engagement(bands: npt.NDArray[np.int64], known: npt.NDArray[np.bool_], starts: Any) -> Weights:
    """1 for none, 1 more with every doubling; what is hidden counts as the mean of what its group shows."""
    counted = np.add.reduceat(known.astype(np.float64), starts)
    shown = np.add.reduceat(np.where(known, 1.0 + bands, 0.0), starts)
    usual = np.divide(shown, counted, out=np.ones_like(shown), where=counted > 0)
    return np.where(known, 1.0 + bands, _per_row(usual, starts, len(bands)))


def _per_row(values: npt.NDArray[Any], starts: npt.NDArray[np.int64], rows: int) -> npt.NDArray[Any]:
    """Each group's value on each of its rows."""
    return np.repeat(values, np.diff(np.append(starts, rows)))


def _starts(keys: pa.Table) -> npt.NDArray[np.int64]:
    changed = np.zeros(keys.num_rows, bool)
    changed[:1] = True
    for column in keys.columns:
        differs = pc.not_equal(column.slice(1), column.slice(0, max(0, len(column) - 1)))
        changed[1:] |= differs.to_numpy()
    return np.flatnonzero(changed)
