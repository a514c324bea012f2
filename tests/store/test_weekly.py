"""Metrics by week are what a plain group-by over the snapshots says."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from base.clock import to_micros
from store.bulk import arrow_schema
from store.exports import weekly
from store.session import Store
from store.tables import MetricSnapshot

#: a Wednesday; three weeks from here on cross the turn of an ISO year
START = datetime(2026, 12, 16, 12, 30, tzinfo=UTC)
MINUTES = st.one_of(st.integers(0, 21 * 1440), st.sampled_from([4 * 1440 + 689, 4 * 1440 + 690]))
SNAPSHOTS = st.dictionaries(
    st.tuples(st.sampled_from(["zz:1", "zz:2"]), st.sampled_from(["followers", "views"]), MINUTES),
    st.tuples(st.none() | st.integers(0, 10**12), st.sampled_from(["v1", "v2"])),
    max_size=40,
)
Row = dict[str, Any]


def a_row(key: tuple[str, str, int], found: tuple[int | None, str]) -> Row:
    (entity, metric, minutes), (value, version) = key, found
    return {
        "entity_kind": "account", "entity_key": entity, "metric": metric,
        "as_of": to_micros(START + timedelta(minutes=minutes)), "value": value, "source": "test",
        "definition_version": version, "precision": "exact" if value is not None else "hidden",
    }  # fmt: skip


def monday(as_of: int) -> int:
    year, week, _day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=as_of)).isocalendar()
    return to_micros(datetime.fromisocalendar(year, week, 1).replace(tzinfo=UTC))


def by_hand(rows: Iterable[Row], since: int | None = None) -> list[Row]:
    """The same, as one would write it down."""
    windows = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["as_of"]):
        key = ("account", row["entity_key"], row["metric"], monday(row["as_of"]), row["definition_version"])
        windows[key].append(row)
    weeks = []
    for key, found in sorted(windows.items()):
        if since is not None and found[-1]["as_of"] <= since:
            continue
        known = [row["value"] for row in found if row["value"] is not None] or [None]
        values = [known[0], known[-1], *((min(known), max(known)) if known[0] is not None else (None, None))]
        weeks.append([*key, *values, len([value for value in known if value is not None])])
    names = [column.name for column in weekly(None).selected_columns]
    return [dict(zip(names, week, strict=True)) for week in weeks]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(SNAPSHOTS, MINUTES)
def test_weeks_are_what_a_plain_group_by_says(store: Store, snapshots: dict[Any, Any], minutes: int):
    """STO-05: and with `since`, the whole weeks that were touched."""
    rows = [a_row(key, found) for key, found in snapshots.items()]
    since = START + timedelta(minutes=minutes)
    with store.writing_frames() as frames:
        frames.execute(delete(MetricSnapshot))
        frames.insert(MetricSnapshot, pa.Table.from_pylist(rows, arrow_schema(MetricSnapshot)))
    with store.reading_frames() as frames:
        assert frames.read(weekly(None)).to_pylist() == by_hand(rows)
        assert frames.read(weekly(since)).to_pylist() == by_hand(rows, to_micros(since))
