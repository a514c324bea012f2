"""Months as partitions of their own, in Postgres: made before the first row of a month, gone with all of its rows.

Which tables have them stands in `store/tables.py`. A partition is named for its month: `metric_snapshots_2026_03`.
Everything happens in the transaction of the load or the removal it belongs to.
"""

from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Table

from base.clock import from_micros


class Span(NamedTuple):
    """A month, in microseconds since 1970 UTC: its first instant, and the first one after it."""

    start: int
    end: int


def partition_column(table: Table) -> str | None:
    """The instant that says in which partition a row belongs; None for a table without partitions."""
    declared: str | None = table.dialect_options["postgresql"]["partition_by"]
    return declared and declared.removeprefix("RANGE (").removesuffix(")")


def months_of(instants: pa.ChunkedArray) -> set[Span]:
    """The months of some instants (microseconds since 1970 UTC)."""
    starts = pc.unique(pc.floor_temporal(instants.cast(pa.timestamp("us")), unit="month"))
    ends = pc.ceil_temporal(starts, unit="month", ceil_is_strictly_greater=True)
    return {Span(*span) for span in zip(*(each.cast(pa.int64()).to_pylist() for each in (starts, ends)), strict=True)}


def make_partitions(cursor: Any, table: Table, instants: pa.ChunkedArray) -> None:
    """Make the partitions that rows of these instants belong in, those that are not there yet."""
    months = {_name(table, month.start): month for month in months_of(instants)}
    if not months.keys() - _partitions(cursor, table):
        return
    # Held until the transaction ends: whoever else wants the same month waits here, and then finds it made. Readers
    # and writers go on, as they do while a table is attached; CREATE TABLE … PARTITION OF would lock them out.
    cursor.execute(f'LOCK TABLE "{table.name}" IN SHARE UPDATE EXCLUSIVE MODE')
    for name in sorted(months.keys() - _partitions(cursor, table)):
        start, end = months[name]
        cursor.execute(f'CREATE TABLE "{name}" (LIKE "{table.name}")')
        cursor.execute(f'ALTER TABLE "{table.name}" ATTACH PARTITION "{name}" FOR VALUES FROM ({start}) TO ({end})')


def drop_partition(cursor: Any, table: Table, start: int) -> int:
    """Remove the partition of the month that begins here. Returns the rows it held, 0 when there is no partition."""
    name = _name(table, start)
    if partition_column(table) is None or name not in _partitions(cursor, table):
        return 0
    # From here on nobody can add to it: what is counted is what goes.
    cursor.execute(f'ALTER TABLE "{table.name}" DETACH PARTITION "{name}"')
    cursor.execute(f'SELECT count(*) FROM "{name}"')
    rows = int(cursor.fetchone()[0])
    cursor.execute(f'DROP TABLE "{name}"')
    return rows


def _partitions(cursor: Any, table: Table) -> set[str]:
    cursor.execute(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        f"WHERE i.inhparent = '\"{table.name}\"'::regclass"
    )
    return {name for (name,) in cursor.fetchall()}


def _name(table: Table, start: int) -> str:
    month = from_micros(start)
    return f"{table.name}_{month.year:04}_{month.month:02}"
