"""A month that was archived comes back: all of it, or nothing.

What the store holds already stays as it is. Rows come under the keys that accounts have now.
"""

from collections.abc import Iterator
from functools import partial
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlmodel import SQLModel

from base.clock import to_micros
from base.errors import ConfigError, StoreError
from index.takedowns import read_takedowns
from jobs.archive_months import GROUP_ROWS, file_of
from jobs.context import Context
from jobs.forget_taken_down import forget
from jobs.ingest_accounts import take_month_back
from jobs.report import JobReport
from jobs.runner import Job
from store.bulk import arrow_schema
from store.folders import Folder, folder_at
from store.months import INSTANTS, Month, parse_month
from store.tables import ContentItem, MetricSnapshot


def restoring(month: str, url: str) -> dict[str, Job]:
    """The job that reads a month (`2026-03`) back from the folder or URL it was archived to."""
    return {"restore_month": partial(_restore_month, month=parse_month(month), folder=folder_at(url))}


def _restore_month(context: Context, *, month: Month, folder: Folder) -> JobReport:
    with (
        _opened(folder, ContentItem, month) as items,
        _opened(folder, MetricSnapshot, month) as snapshots,
        context.writing_frames() as frames,
    ):
        added = take_month_back(
            frames,
            items=_groups(items, ContentItem, month),
            snapshots=_groups(snapshots, MetricSnapshot, month),
        )
    forget(context, read_takedowns(context.snapshots))
    context.crashpoint("restore_month")
    report = JobReport("restore_month")
    report.count(**{f"{table}_restored": rows for table, rows in added.items()})
    return report


def _opened(folder: Folder, table: type[SQLModel], month: Month) -> IO[bytes]:
    name = file_of(table, month)
    try:
        return folder.open(name)
    except FileNotFoundError:
        raise ConfigError(f"no {name} there", hint="name the place that `months archive` was given") from None


def _groups(source: IO[bytes], table: type[SQLModel], month: Month) -> Iterator[pa.Table]:
    """The rows of an archive, some at a time. Raises StoreError for a file that is no archive of this month."""
    name = file_of(table, month)
    try:
        with pq.ParquetFile(source) as file:
            # An archive of an earlier version may lack a column that was added since.
            if not set(file.schema_arrow) <= set(arrow_schema(table)):
                raise StoreError(f"{name} has columns that {table.__tablename__} has not", hint="upgrade creatordex")
            for batch in file.iter_batches(GROUP_ROWS):
                rows = pa.Table.from_batches([batch])
                if not _is_of(month, rows[INSTANTS[table].key]):
                    raise StoreError(f"{name} holds rows of other months", hint="give the file its own name back")
                yield rows
    except pa.ArrowException as error:
        raise StoreError(f"{name} cannot be read: {error}", hint="restore it from a backup") from error


def _is_of(month: Month, instants: pa.ChunkedArray) -> bool:
    within = pc.and_(
        pc.greater_equal(instants, to_micros(month.start)),
        pc.less(instants, to_micros(month.end)),
    )
    return bool(pc.all(pc.fill_null(within, False), min_count=0).as_py())
