"""In Postgres a month of metrics is a partition: made once, whoever wants it, and gone without touching another."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from base.clock import to_micros
from store.bulk import arrow_schema
from store.months import Month, delete_month
from store.partitions import months_of
from store.session import Store
from store.tables import ContentItem, MetricSnapshot
from tests.factories import AS_OF, a_snapshot, put_snapshots

on_postgres = pytest.mark.parametrize("new_store", ["postgres"], indirect=True)
on_sqlite = pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
FEBRUARY, MARCH = Month(2026, 2), Month(2026, 3)
APRIL = Month(2026, 4)


def files_of(store: Store) -> dict[str, int]:
    """Partition → the file that holds its rows."""
    with store.engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT c.relname, c.relfilenode::bigint FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid "
                "WHERE inhparent = 'metric_snapshots'::regclass"
            )
        )
        return dict(found.all())


def homes_of_rows(store: Store) -> dict[int, str]:
    """Instant → the partition its row stands in."""
    with store.engine.connect() as connection:
        found = connection.execute(text("SELECT as_of, tableoid::regclass::text FROM metric_snapshots"))
        return dict(found.all())


@given(st.lists(st.datetimes(datetime(1, 1, 1), datetime(9999, 11, 30), timezones=st.just(UTC))))  # noqa: DTZ001
def test_the_months_of_instants_are_those_of_the_calendar(instants: list[datetime]):
    months = {Month(at.year, at.month) for at in instants}
    found = months_of(pa.chunked_array([[to_micros(at) for at in instants]], pa.int64()))
    assert found == {(to_micros(month.start), to_micros(month.end)) for month in months}


@on_postgres
def test_a_row_stands_in_the_partition_of_its_month(store: Store):
    """STO-07: loaded in bulk into an empty table, and merged into one with rows."""
    put_snapshots(store, a_snapshot(MARCH.start))
    before = files_of(store)
    put_snapshots(store, a_snapshot(MARCH.start), a_snapshot(FEBRUARY.start), a_snapshot(AS_OF))
    assert homes_of_rows(store) == {
        to_micros(FEBRUARY.start): "metric_snapshots_2026_02",
        to_micros(MARCH.start): "metric_snapshots_2026_03",
        to_micros(AS_OF): "metric_snapshots_2026_03",
    }
    assert files_of(store).items() > before.items()


@on_postgres
def test_a_month_that_goes_touches_no_other_file(store: Store):
    """STO-07, STO-11."""
    put_snapshots(store, *(a_snapshot(month.start) for month in (FEBRUARY, MARCH, APRIL)))
    before = files_of(store)
    with store.writing_frames() as frames:
        assert delete_month(frames, MARCH) == {"content_items": 0, "metric_snapshots": 1}
        assert delete_month(frames, MARCH) == {"content_items": 0, "metric_snapshots": 0}
    assert files_of(store) == {name: file for name, file in before.items() if name != "metric_snapshots_2026_03"}
    put_snapshots(store, a_snapshot(MARCH.start))
    assert len(homes_of_rows(store)) == 3


@on_postgres
def test_a_month_that_went_in_vain_is_back(store: Store):
    put_snapshots(store, a_snapshot(MARCH.start))
    before = files_of(store)
    with pytest.raises(RuntimeError), store.writing_frames() as frames:
        assert frames.drop_partition(MetricSnapshot, MARCH.start) == 1
        raise RuntimeError
    assert files_of(store) == before
    assert len(homes_of_rows(store)) == 1


@on_postgres
def test_two_loads_that_want_the_same_new_month_both_get_in(store: Store):
    """The second waits for the first, and finds the month made; rows of other months it writes at once."""
    put_snapshots(store, a_snapshot(FEBRUARY.start))
    second_began = Event()

    def second() -> None:
        second_began.set()
        put_snapshots(store, a_snapshot(AS_OF), a_snapshot(APRIL.start))

    with ThreadPoolExecutor() as pool:
        with store.writing_frames() as frames:
            row = a_snapshot(MARCH.start)
            frames.insert(MetricSnapshot, pa.Table.from_pylist([row], arrow_schema(MetricSnapshot)))
            waiting = pool.submit(second)
            second_began.wait()
            put_snapshots(store, a_snapshot(FEBRUARY.start, metric="views"))
            assert len(homes_of_rows(store)) == 1, "what is not committed is not seen, and nobody waits to see it"
            assert not waiting.done()
        waiting.result(timeout=30)
    assert set(files_of(store)) == {f"metric_snapshots_2026_0{month}" for month in (2, 3, 4)}


@on_postgres
def test_a_question_about_a_month_opens_that_month_only(store: Store):
    put_snapshots(store, *(a_snapshot(month.start) for month in (FEBRUARY, MARCH, APRIL)))
    start, end = to_micros(MARCH.start), to_micros(MARCH.end)
    with store.engine.connect() as connection:
        question = f"EXPLAIN SELECT count(*) FROM metric_snapshots WHERE as_of >= {start} AND as_of < {end}"  # noqa: S608
        plan = "\n".join(connection.execute(text(question)).scalars())
    assert "metric_snapshots_2026_03" in plan
    assert "2026_02" not in plan
    assert "2026_04" not in plan


@on_sqlite
def test_sqlite_has_no_partitions(store: Store):
    put_snapshots(store, a_snapshot(MARCH.start))
    with store.writing_frames() as frames:
        assert frames.drop_partition(MetricSnapshot, MARCH.start) == 0
        assert delete_month(frames, MARCH)["metric_snapshots"] == 1


def test_a_table_without_partitions_has_none_to_drop(store: Store):
    with store.writing_frames() as frames:
        assert frames.drop_partition(ContentItem, MARCH.start) == 0
