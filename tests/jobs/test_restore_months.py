"""A month that was archived comes back as it was, whatever happened in between."""

import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from base.errors import ConfigError, StoreError
from jobs import restore_months
from jobs.archive_months import archiving, dropping
from jobs.context import Context
from jobs.restore_months import restoring
from store.folders import folder_at
from store.session import Store
from store.tables import METADATA, AccountAlias
from tests.factories import AS_OF, a_context, a_snapshot, an_item, put_snapshots
from tests.jobs.months import FEBRUARY, HELD, fill

TABLES = ("content_items", "metric_snapshots")


@pytest.fixture
def context(store: Store) -> Context:
    return a_context(fill(store))


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "archive") if request.param == "folder" else f"memory://{uuid.uuid4()}"


def archive(context: Context, place: str, month: str = "2026-02") -> None:
    archiving(month, place)["archive_month"](context)


def restore(context: Context, place: str, month: str = "2026-02") -> dict[str, int]:
    return restoring(month, place)["restore_month"](context).counts


def dump(context: Context) -> bytes:
    """Both tables, every column of every row, as the bytes of a file."""
    sink = pa.BufferOutputStream()
    with context.reading_frames() as frames:
        for name in TABLES:
            rows = frames.read(METADATA.tables[name].select().order_by(*METADATA.tables[name].primary_key))
            with pa.ipc.new_stream(sink, rows.schema) as stream:
                stream.write_table(rows.combine_chunks())
    return bytes(sink.getvalue())


def restored(rows: int) -> dict[str, int]:
    return {f"{name}_restored": rows for name in TABLES}


def test_a_month_comes_back_byte_for_byte_and_once(context: Context, place: str, monkeypatch: pytest.MonkeyPatch):
    """STO-07: archived, dropped, restored; and restored again, which adds nothing."""
    monkeypatch.setattr(restore_months, "GROUP_ROWS", 2)
    before = dump(context)
    archive(context, place)
    assert dump(context) != before
    assert restore(context, place) == restored(3)
    assert dump(context) == before
    assert restore(context, place) == restored(0)
    assert dump(context) == before
    dropping("2026-02")["drop_month"](context)
    assert restore(context, place) == restored(3)
    archive(context, place)
    assert restore(context, place) == restored(3)
    assert dump(context) == before


def test_a_row_that_is_there_stays_as_it_is(context: Context, place: str):
    archive(context, place)
    with context.writing() as session:
        session.add(an_item("youtube:1", "v2", published_at=FEBRUARY.start, title_or_caption="Corrected"))
    assert restore(context, place) == restored(3) | {"content_items_restored": 2}
    with context.reading() as session:
        found = session.execute(text("SELECT title_or_caption FROM content_items WHERE content_key = 'youtube:v2'"))
        assert found.scalar_one() == "Corrected"


def test_rows_of_an_account_that_got_its_id_come_under_it(context: Context, place: str):
    """NRM-02: a provisional key was archived; of two answers for one instant the greater stands."""
    days = (FEBRUARY.start, FEBRUARY.start.replace(day=2))
    put_snapshots(context.store, *(a_snapshot(day, entity_key="youtube:@ann", value=5) for day in days))
    with context.writing() as session:
        session.add(an_item("youtube:@ann", "ann's", published_at=FEBRUARY.start))
    archive(context, place)
    with context.writing() as session:
        session.add(AccountAlias(alias_key="youtube:@ann", account_key="youtube:2", created_at=AS_OF))
    put_snapshots(context.store, a_snapshot(FEBRUARY.start, entity_key="youtube:2", value=7))
    for _time in range(2):
        restore(context, place)
        with context.reading() as session:
            keys = session.execute(text("SELECT account_key FROM content_items WHERE content_key LIKE '%ann%'"))
            values = session.execute(
                text("SELECT value FROM metric_snapshots WHERE entity_key = 'youtube:2' ORDER BY as_of")
            )
            left = session.execute(text("SELECT count(*) FROM metric_snapshots WHERE entity_key = 'youtube:@ann'"))
            assert (keys.scalars().all(), values.scalars().all(), left.scalar_one()) == (["youtube:2"], [7, 5], 0)


def spoilt(kind: str, rows: pa.Table) -> Any:
    match kind:
        case "another month":
            return rows.set_column(3, "as_of", pa.array([1] * rows.num_rows, pa.int64()))
        case "a column too many":
            return rows.append_column("mood", pa.array(["good"] * rows.num_rows))
        case _:
            return rows.set_column(4, "value", rows["value"].cast(pa.string()))


@pytest.mark.parametrize("kind", ["another month", "a column too many", "a column of another type", "cut short"])
def test_a_file_that_is_no_archive_of_the_month_brings_nothing_back(context: Context, place: str, kind: str):
    """All or nothing: the content of the month is sound, and stays away too."""
    archive(context, place)
    folder, name = folder_at(place), "metric_snapshots/2026-02.parquet"
    with folder.open(name) as file:
        sound = file.read()
    with folder.writing(name) as target:
        if kind == "cut short":
            target.write(sound[:-20])
        else:
            pq.write_table(spoilt(kind, pq.read_table(pa.BufferReader(sound))), target)
    before = dump(context)
    with pytest.raises(StoreError, match="metric_snapshots/2026-02"):
        restore(context, place)
    assert dump(context) == before


def test_an_archive_without_a_column_that_came_since_is_read(context: Context, place: str):
    archive(context, place)
    folder, name = folder_at(place), "content_items/2026-02.parquet"
    with folder.open(name) as file:
        rows = pq.read_table(file)
    with folder.writing(name) as target:
        pq.write_table(rows.drop_columns(["carried"]), target)
    assert restore(context, place) == {f"{table}_restored": rows for table, rows in HELD.items()}


def test_a_month_that_was_never_archived_is_a_mistake_of_the_caller(context: Context, tmp_path: Path):
    before = dump(context)
    with pytest.raises(ConfigError, match="content_items/2026-02"):
        restore(context, str(tmp_path / "nowhere"))
    assert dump(context) == before
