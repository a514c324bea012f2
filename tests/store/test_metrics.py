"""Snapshots: appended once, the same whatever the order."""

from itertools import permutations

import pyarrow as pa

from base.clock import from_micros
from store.bulk import arrow_schema
from store.metrics import save_snapshots
from store.session import Store
from store.tables import MetricSnapshot


def measured(*values: int | None, entity_key: str = "zz:1") -> pa.Table:
    """Answers for one instant."""
    rows = [
        {
            "entity_kind": "account", "entity_key": entity_key, "metric": "followers", "as_of": 5, "value": value,
            "source": "test", "definition_version": "zz-followers-1",
            "precision": "hidden" if value is None else "exact",
        }
        for value in values
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(MetricSnapshot))


def stored_value(store: Store, entity_key: str) -> int | None:
    with store.reading() as session:
        row = session.get(MetricSnapshot, (from_micros(5), "account", entity_key, "followers"))
        assert row is not None
        return row.value


def test_of_two_answers_for_one_instant_the_greater_stands_in_any_order(store: Store):
    """NRM-04: idempotent on (entity, metric, as_of)."""
    for number, order in enumerate(permutations([None, 0, 7])):
        for value in order:
            with store.writing_frames() as frames:
                save_snapshots(frames, measured(value, entity_key=f"zz:{number}"))
        assert stored_value(store, f"zz:{number}") == 7


def test_and_so_it_does_among_the_answers_of_one_batch(store: Store):
    for number, order in enumerate(permutations([None, 0, 7])):
        with store.writing_frames() as frames:
            save_snapshots(frames, measured(*order, entity_key=f"zz:{number}"))
        assert stored_value(store, f"zz:{number}") == 7


def test_the_same_snapshot_again_writes_nothing(store: Store):
    for expected in (1, 0):
        with store.writing_frames() as frames:
            assert save_snapshots(frames, measured(3)) == expected
