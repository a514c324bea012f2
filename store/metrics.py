"""The series of measured numbers: appended, never edited, the same whatever the order of delivery."""

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from store.bulk import FrameWriter, arrow_schema
from store.tables import MetricSnapshot

_SCHEMA = arrow_schema(MetricSnapshot)


class SnapshotKey(NamedTuple):
    entity_kind: str
    entity_key: str
    metric: str
    #: microseconds since 1970 UTC
    as_of: int


class Measured(NamedTuple):
    """What was measured. Of two answers for one instant the greater stands: a number beats a hidden one."""

    is_known: bool
    value: int
    source: str
    definition_version: str
    precision: str


def save_snapshots(frames: FrameWriter, measured: Mapping[SnapshotKey, Measured]) -> int:
    """Append snapshots. Returns how many were added or gave way to a greater answer for the same instant."""
    frame = snapshot_frame(measured)
    added = frames.insert(MetricSnapshot, frame)
    if added == frame.num_rows:
        return added
    stored = frames.matching(MetricSnapshot, frame.select(SnapshotKey._fields))
    before = read_snapshots(stored)
    greater = {key: value for key, value in measured.items() if value > before.get(key, value)}
    return added + frames.upsert(MetricSnapshot, snapshot_frame(greater))


def read_snapshots(rows: pa.Table) -> dict[SnapshotKey, Measured]:
    """Stored rows as values."""
    keys = zip(*(rows[name].to_pylist() for name in SnapshotKey._fields), strict=True)
    others = (rows[name].to_pylist() for name in ("value", "source", "definition_version", "precision"))
    return {
        SnapshotKey(*key): Measured(value is not None, value or 0, source, version, precision)
        for key, (value, source, version, precision) in zip(keys, zip(*others, strict=True), strict=True)
    }


def snapshot_frame(measured: Mapping[SnapshotKey, Measured]) -> pa.Table:
    keys = dict(zip(SnapshotKey._fields, zip(*measured, strict=True), strict=False))
    found = dict(zip(Measured._fields, zip(*measured.values(), strict=True), strict=False))
    columns = {
        name: pa.array(keys.get(name) or found.get(name) or (), _SCHEMA.field(name).type) for name in _SCHEMA.names
    }
    unknown = pa.array([not known for known in found.get("is_known", ())], pa.bool_())
    columns["value"] = pc.if_else(unknown, None, columns["value"])
    return pa.table(columns, schema=_SCHEMA)
