"""Content and metrics by month: how much each holds, its rows, and taking it out.

An item belongs to the month it was published in, a snapshot to the month it was taken in. The month is no column: it
is a span of the instant each table is indexed by, so it can never say something else than the instant. In Postgres a
month of snapshots is a partition besides.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlmodel import SQLModel, col

from base.clock import from_micros
from base.errors import ConfigError
from store.bulk import FrameReader, FrameWriter
from store.tables import METADATA, ContentItem, MetricSnapshot

#: table → the instant that says its month
INSTANTS: dict[type[SQLModel], Any] = {ContentItem: ContentItem.published_at, MetricSnapshot: MetricSnapshot.as_of}


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month in UTC.

    >>> str(parse_month("2026-12")), parse_month("2026-12").end.isoformat()
    ('2026-12', '2027-01-01T00:00:00+00:00')
    """

    year: int
    number: int

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The start of the next one."""
        return datetime(self.year + self.number // 12, self.number % 12 + 1, 1, tzinfo=UTC)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def parse_month(text: str) -> Month:
    """A month as it is typed, `2026-03`. Raises ConfigError for anything else."""
    found = re.fullmatch(r"([12]\d{3})-(0[1-9]|1[0-2])", text)
    if found is None:
        raise ConfigError(f"{text!r} is not a month", hint="write it as 2026-03")
    return Month(int(found[1]), int(found[2]))


def load_months(frames: FrameReader) -> dict[Month, dict[str, int]]:
    """Month → table → rows, oldest first. Items that do not say when they were published are in none."""
    found: dict[Month, dict[str, int]] = {}
    for table, instant in INSTANTS.items():
        for month in _months(frames, instant):
            (row,) = frames.read(_within(select(func.count().label("rows")), instant, month)).to_pylist()
            found.setdefault(month, {name_of(each): 0 for each in INSTANTS})[name_of(table)] = row["rows"]
    return dict(sorted(found.items()))


def rows_of_month(table: type[SQLModel], month: Month) -> Select[Any]:
    """The rows of a month, by their key."""
    declared = METADATA.tables[name_of(table)]
    return _within(select(*declared.columns), INSTANTS[table], month).order_by(*declared.primary_key)


def delete_month(frames: FrameWriter, month: Month) -> dict[str, int]:
    """Remove the rows of a month, a partition as a whole; no other row is touched. Returns table → rows that went."""
    return {
        name_of(table): frames.drop_partition(table, month.start)
        or frames.execute(delete(table).where(_is_within(instant, month)))
        for table, instant in ((ContentItem, ContentItem.published_at), (MetricSnapshot, MetricSnapshot.as_of))
    }


def name_of(table: type[SQLModel]) -> str:
    return str(table.__tablename__)


def _months(frames: FrameReader, instant: Any) -> Iterator[Month]:
    """Months that hold rows, by as many steps along the index."""
    rest = select(func.min(col(instant)).label("soonest"))
    (row,) = frames.read(rest).to_pylist()
    while row["soonest"] is not None:
        soonest = from_micros(row["soonest"])
        month = Month(soonest.year, soonest.month)
        yield month
        (row,) = frames.read(rest.where(col(instant) >= month.end)).to_pylist()


def _within(statement: Select[Any], instant: Any, month: Month) -> Select[Any]:
    return statement.where(_is_within(instant, month))


def _is_within(instant: Any, month: Month) -> Any:
    return (col(instant) >= month.start) & (col(instant) < month.end)
