"""Months of content and metrics: listed, kept elsewhere as Parquet, taken out of the store.

An archive holds the store's own columns, instants as microseconds: `content_items/2026-03.parquet` and
`metric_snapshots/2026-03.parquet`. Nothing leaves the store before what was written has been read back and compared.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import zip_longest
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq
from sqlmodel import SQLModel

from base.errors import ConfigError, StoreError
from jobs.context import Context
from jobs.ingest_accounts import forget_month
from jobs.report import JobReport
from jobs.runner import Job, inspecting
from jobs.settings import Settings
from store.bulk import FrameReader, arrow_schema
from store.folders import Folder, folder_at
from store.months import INSTANTS, Month, load_months, name_of, parse_month, rows_of_month

GROUP_ROWS = 50_000  # held in memory at a time


def list_months(settings: Settings) -> list[dict[str, str | int]]:
    """Each month and its rows per table, oldest first."""
    with inspecting(settings) as context, context.reading_frames() as frames:
        return [{"month": str(month), **rows} for month, rows in load_months(frames).items()]


def archiving(month: str, url: str) -> dict[str, Job]:
    """The job that writes a month (`2026-03`) to a folder or URL, and takes it out of the store."""
    return {"archive_month": partial(_archive_month, month=parse_month(month), folder=folder_at(url))}


def dropping(month: str) -> dict[str, Job]:
    """The job that takes a month (`2026-03`) out of the store and keeps it nowhere."""
    return {"drop_month": partial(_drop_month, month=parse_month(month))}


def file_of(table: type[SQLModel], month: Month) -> str:
    """Where a month of a table stands in an archive."""
    return f"{name_of(table)}/{month}.parquet"


def _archive_month(context: Context, *, month: Month, folder: Folder) -> JobReport:
    held = _held(context, month)
    with context.reading_frames() as frames:
        for table in INSTANTS:
            _keep(frames, table, month, folder)
    context.crashpoint("archive_month")
    return _forget(context, "archive_month", month, held)


def _drop_month(context: Context, *, month: Month) -> JobReport:
    return _forget(context, "drop_month", month, _held(context, month))


def _held(context: Context, month: Month) -> dict[str, int]:
    """Rows of a month per table. Raises ConfigError when there are none."""
    with context.reading_frames() as frames:
        held = load_months(frames).get(month)
    if held is None:
        raise ConfigError(f"the store holds nothing of {month}", hint="creatordex months list")
    return held


def _forget(context: Context, stage: str, month: Month, held: dict[str, int]) -> JobReport:
    """Take out a month that holds exactly this many rows per table, or nothing."""
    with context.writing_frames() as frames:
        gone = forget_month(frames, month)
        if gone != held:
            raise StoreError(f"{month} has changed meanwhile: {held}, now {gone}", hint="try again")
    report = JobReport(stage)
    report.count(**{f"{table}_removed": rows for table, rows in gone.items()})
    return report


def _keep(frames: FrameReader, table: type[SQLModel], month: Month, folder: Folder) -> None:
    """Write a month of a table and read it back; a file that holds the same already stays as it is."""
    name = file_of(table, month)
    statement = rows_of_month(table, month)
    if not folder.exists(name):
        with folder.writing(name) as target:
            _write(target, arrow_schema(table), _groups(frames.batches(statement, GROUP_ROWS)))
    with folder.open(name) as source:
        if not _holds(source, _groups(frames.batches(statement, GROUP_ROWS))):
            raise StoreError(f"{name} does not hold what the store holds", hint="archive to another place")


def _write(target: IO[bytes], schema: pa.Schema, groups: Iterable[pa.Table]) -> None:
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for group in groups:
            writer.write_table(group, row_group_size=GROUP_ROWS)


def _holds(source: IO[bytes], groups: Iterable[pa.Table]) -> bool:
    """Whether a file holds exactly these rows."""
    with pq.ParquetFile(source) as file:
        stored = (file.read_row_group(number) for number in range(file.num_row_groups))
        pairs = zip_longest(stored, groups)
        return all(left is not None and right is not None and left.equals(right) for left, right in pairs)


def _groups(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of exactly GROUP_ROWS rows, the last one aside."""
    pending: list[pa.Table] = []
    for batch in batches:
        pending.append(batch)
        while sum(table.num_rows for table in pending) >= GROUP_ROWS:
            whole = pa.concat_tables(pending)
            yield whole.slice(0, GROUP_ROWS)
            pending = [whole.slice(GROUP_ROWS)]
    if sum(table.num_rows for table in pending):
        yield pa.concat_tables(pending)
