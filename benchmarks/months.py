"""What it costs to take a month of metrics out of each database, and to load one.

    python benchmarks/months.py [--rows 200000]

Three months of so many snapshots each go in; then the middle one goes as `creatordex months drop` does it: as a
partition in Postgres, row by row in SQLite. "row by row" in Postgres is a DELETE of the same size, for comparison.
"""

import argparse
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
from sqlalchemy import delete
from sqlmodel import col

sys.path.insert(0, str(Path(__file__).parents[1]))

from base.clock import to_micros
from store.bulk import arrow_schema
from store.migrate import upgrade
from store.months import Month, delete_month
from store.session import Store
from store.tables import MetricSnapshot
from tests.postgres import postgres_server

MONTHS = [Month(2026, number) for number in (1, 2, 3)]
BATCH_ROWS = 20_000  # what a night writes in one transaction


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    options = parser.parse_args()
    months = [snapshots(month, options.rows) for month in MONTHS]
    print(f"{options.rows:,} snapshots a month, three months, seconds")
    with stores() as opened:
        for name, store in opened.items():
            upgrade(store)
            for what, seconds in one_round(store, months):
                print(f"{name:10}{what:34}{seconds:9.3f}")


def one_round(store: Store, months: list[pa.Table]) -> Iterator[tuple[str, float]]:
    """What was done, and the seconds it took."""
    first, middle, last = months
    for rows in (first, middle):
        load(store, rows)
    yield f"load a month, {BATCH_ROWS:,} rows at a time", timed(lambda: load(store, last))
    yield "take a month out", timed(lambda: take_out(store))
    if not store.is_file:
        yield "row by row", timed(lambda: delete_rows(store))


def load(store: Store, rows: pa.Table) -> None:
    for start in range(0, rows.num_rows, BATCH_ROWS):
        with store.writing_frames() as frames:
            frames.insert(MetricSnapshot, rows.slice(start, BATCH_ROWS))


def take_out(store: Store) -> None:
    with store.writing_frames() as frames:
        delete_month(frames, MONTHS[1])


def delete_rows(store: Store) -> None:
    with store.writing_frames() as frames:
        frames.execute(delete(MetricSnapshot).where(col(MetricSnapshot.as_of) >= MONTHS[2].start))


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def snapshots(month: Month, rows: int) -> pa.Table:
    """Ten metrics of as many accounts as it takes, at one instant of a month."""
    columns = {
        "entity_kind": ["account"] * rows,
        "entity_key": [f"youtube:UC{(number * 7_919) % rows:011}" for number in range(rows)],
        "metric": [f"metric {number % 10}" for number in range(rows)],
        "as_of": [to_micros(month.start)] * rows,
        "value": list(range(rows)),
        "source": ["benchmark"] * rows,
        "definition_version": ["v1"] * rows,
        "precision": ["exact"] * rows,
    }
    return pa.table(columns, schema=arrow_schema(MetricSnapshot))


@contextmanager
def stores() -> Iterator[dict[str, Store]]:
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="creatordex-months-")))
        server = opened.enter_context(postgres_server(uuid.uuid4().hex, f"months{os.getpid()}"))
        address = opened.enter_context(server.database(template="template0"))
        found = {"SQLite": Store(f"sqlite:///{folder / 'store.db'}"), "Postgres": Store(address)}
        for store in found.values():
            opened.callback(store.close)
        yield found


if __name__ == "__main__":
    main()
