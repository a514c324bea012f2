"""A month leaves the store whole, is somewhere else before it goes, and no other month notices."""

import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text
from sqlmodel import select

from base.errors import ConfigError, StoreError
from jobs import archive_months
from jobs.archive_months import archiving, dropping
from jobs.context import Context
from store.folders import folder_at
from store.months import Month, load_months, rows_of_month
from store.session import Store
from store.tables import ContentItem, MetricSnapshot
from tests.conftest import NewStore
from tests.factories import a_context, an_item
from tests.jobs.months import FEBRUARY, HELD, fill

TABLES = (ContentItem, MetricSnapshot)


@pytest.fixture
def context(store: Store) -> Context:
    return a_context(fill(store))


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "archive") if request.param == "folder" else f"memory://{uuid.uuid4()}"


def archive(context: Context, place: str, month: str = "2026-02") -> dict[str, int]:
    return archiving(month, place)["archive_month"](context).counts


def dump(store: Store) -> list[Any]:
    """Every row of both tables."""
    with store.reading() as session:
        rows = [row.model_dump() for table in TABLES for row in session.exec(select(table))]
    return sorted(rows, key=repr)


def of_february(row: dict[str, Any]) -> bool:
    at = row["as_of"] if "as_of" in row else row["published_at"]
    return at is not None and (at.year, at.month) == (2026, 2)


def months(context: Context) -> dict[Month, dict[str, int]]:
    with context.reading_frames() as frames:
        return load_months(frames)


def test_every_row_that_says_when_is_in_its_month(context: Context):
    one, three = ({"content_items": rows, "metric_snapshots": rows} for rows in (1, 3))
    assert months(context) == {
        Month(2025, 12): one, Month(2026, 1): one, FEBRUARY: three, Month(2026, 3): dict.fromkeys(one, 2),
    }  # fmt: skip


def test_a_month_that_is_archived_touches_no_other(context: Context, place: str, monkeypatch: pytest.MonkeyPatch):
    """STO-07: what goes is what was written, row for row; what stays is as it was."""
    monkeypatch.setattr(archive_months, "GROUP_ROWS", 2)
    before = dump(context.store)
    with context.reading_frames() as frames:
        wanted = {table.__tablename__: frames.read(rows_of_month(table, FEBRUARY)) for table in TABLES}
    assert archive(context, place) == {f"{name}_removed": rows for name, rows in HELD.items()}
    assert dump(context.store) == [row for row in before if not of_february(row)]
    for name, rows in wanted.items():
        with folder_at(place).open(f"{name}/2026-02.parquet") as file:
            stored = pq.read_table(file)
        assert stored.equals(rows)
        assert stored.num_rows == HELD[name]


def test_a_month_that_is_dropped_touches_no_other(context: Context):
    """STO-11"""
    before = dump(context.store)
    dropping("2026-02")["drop_month"](context)
    assert dump(context.store) == [row for row in before if not of_february(row)]


def test_an_archive_of_other_rows_is_never_overwritten(context: Context, place: str):
    archive(context, place)
    with context.store.writing() as session:
        session.add(an_item("youtube:1", "late", published_at=FEBRUARY.start))
    before = dump(context.store)
    with pytest.raises(StoreError, match="content_items/2026-02"):
        archive(context, place)
    assert dump(context.store) == before


def test_a_file_that_lost_rows_keeps_the_month_in_the_store(context: Context, place: str):
    with context.reading_frames() as frames:
        most: pa.Table = frames.read(rows_of_month(ContentItem, FEBRUARY)).slice(1)
    with folder_at(place).writing("content_items/2026-02.parquet") as target:
        pq.write_table(most, target)
    before = dump(context.store)
    with pytest.raises(StoreError):
        archive(context, place)
    assert dump(context.store) == before


def test_what_a_killed_run_had_written_is_used(new_store: NewStore, place: str):
    """Written, read back, killed before anything went: the next run finds the same file and goes on."""
    for _night in range(2):
        context = a_context(fill(new_store()))
        archive(context, place)
        assert FEBRUARY not in months(context)


def test_a_month_with_one_table_only_is_archived_too(context: Context, place: str):
    with context.store.writing() as session:
        session.execute(text("DELETE FROM metric_snapshots"))
    assert archive(context, place) == {"content_items_removed": 3, "metric_snapshots_removed": 0}


@pytest.mark.parametrize("month", ["2026-04", "2026-13", "march"])
def test_a_month_that_is_none_is_a_mistake_of_the_caller(context: Context, tmp_path: Path, month: str):
    with pytest.raises(ConfigError, match=month):
        archive(context, str(tmp_path / "archive"), month)
    assert not (tmp_path / "archive").exists()
