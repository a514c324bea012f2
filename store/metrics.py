"""The series of measured numbers: appended, never edited, the same whatever the order of delivery."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from store.bulk import FrameWriter
from store.tables import MetricSnapshot

KEY = ["entity_kind", "entity_key", "metric", "as_of"]
#: what was measured, in the order in which two answers for one instant are compared
_MEASURED = ["is_known", "value", "source", "definition_version", "precision"]


def save_snapshots(frames: FrameWriter, snapshots: pa.Table) -> int:
    """Append snapshots. Returns how many were added or gave way to a greater answer for the same instant.

    Of two answers for one instant the greater stands: a number beats a hidden one.
    """
    snapshots = _strongest(snapshots)
    added = frames.insert(MetricSnapshot, snapshots)
    if added == snapshots.num_rows:
        return added
    stored = frames.matching(MetricSnapshot, snapshots.select(KEY))
    return added + frames.upsert(MetricSnapshot, _greater(snapshots, stored))


def _strongest(snapshots: pa.Table) -> pa.Table:
    """Each key once, with its greatest answer."""
    if snapshots.group_by(KEY, use_threads=False).aggregate([]).num_rows == snapshots.num_rows:
        return snapshots
    order = [(name, "ascending") for name in (*KEY, *_MEASURED)]
    ranked = _comparable(snapshots).append_column("row", pa.array(range(snapshots.num_rows))).sort_by(order)
    rows = ranked.group_by(KEY, use_threads=False).aggregate([("row", "last")])["row_last"]
    return snapshots.take(rows)


def _greater(snapshots: pa.Table, stored: pa.Table) -> pa.Table:
    """The snapshots that are greater than what is stored under their key."""
    rows = pa.array(range(snapshots.num_rows))
    given, held = _comparable(snapshots).append_column("row", rows), _comparable(stored)
    pairs = given.join(held, KEY, join_type="inner", right_suffix="_held")
    is_greater: Any = False
    is_equal: Any = True
    for name in _MEASURED:
        left, right = pairs[name], pairs[f"{name}_held"]
        is_greater = pc.or_(is_greater, pc.and_(is_equal, pc.greater(left, right)))
        is_equal = pc.and_(is_equal, pc.equal(left, right))
    return snapshots.take(pairs["row"].filter(is_greater).sort())


def _comparable(snapshots: pa.Table) -> pa.Table:
    known = pc.cast(pc.is_valid(snapshots["value"]), pa.int8())
    value = pc.fill_null(snapshots["value"], 0)
    return snapshots.set_column(snapshots.schema.get_field_index("value"), "value", value).append_column(
        "is_known", known
    )
