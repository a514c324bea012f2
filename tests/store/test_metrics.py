"""Snapshots: appended once, the same whatever the order."""

from itertools import permutations

from base.clock import from_micros
from store.metrics import Measured, SnapshotKey, save_snapshots
from store.session import Store
from store.tables import MetricSnapshot

KEY = SnapshotKey("account", "zz:1", "followers", 5)


def measured(value: int | None) -> Measured:
    return Measured(value is not None, value or 0, "test", "zz-followers-1", "exact" if value is not None else "hidden")


def test_of_two_answers_for_one_instant_the_greater_stands_in_any_order(store: Store):
    """NRM-04: idempotent on (entity, metric, as_of)."""
    for number, order in enumerate(permutations([None, 0, 7])):
        key = KEY._replace(entity_key=f"zz:{number}")
        for value in order:
            with store.writing_frames() as frames:
                save_snapshots(frames, {key: measured(value)})
        with store.reading() as session:
            row = session.get(MetricSnapshot, (*key[:3], from_micros(5)))
            assert row is not None
            assert row.value == 7


def test_the_same_snapshot_again_writes_nothing(store: Store):
    for expected in (1, 0):
        with store.writing_frames() as frames:
            assert save_snapshots(frames, {KEY: measured(3)}) == expected
