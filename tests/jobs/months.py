"""A store with content and metrics at the edges of a month."""

from datetime import UTC, datetime, timedelta

from store.months import Month
from store.session import Store
from tests.factories import a_snapshot, an_item, put_snapshots

FEBRUARY = Month(2026, 2)
SECOND = timedelta(microseconds=1)
#: the first and the last instant of February, and their neighbours
INSTANTS = [
    datetime(2025, 12, 5, tzinfo=UTC), FEBRUARY.start - SECOND, FEBRUARY.start, datetime(2026, 2, 11, 7, tzinfo=UTC),
    FEBRUARY.end - SECOND, FEBRUARY.end, datetime(2026, 3, 9, tzinfo=UTC),
]  # fmt: skip
HELD = {"content_items": 3, "metric_snapshots": 3}


def fill(store: Store) -> Store:
    """An item and a snapshot at each instant, and an item that says none."""
    with store.writing() as session:
        session.add_all(
            an_item("youtube:1", f"v{number}", published_at=at) for number, at in enumerate([*INSTANTS, None])
        )
    put_snapshots(store, *(a_snapshot(at) for at in INSTANTS))
    return store
