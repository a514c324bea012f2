"""How fast frames go into each database, beside the bare driver loading the same frame in the same run.

    python benchmarks/bulk.py [--rows 200000] [--rounds 3] [--postgres postgresql+psycopg://…]

A row is a content item of 18 columns with a text key and a caption of 120 characters. "bare" is `adbc_ingest` of the
same frame into an empty table of the same shape, with the same key and index. Without `--postgres`, a server of the
tests is started for the run. Figures are medians of the rounds; every round starts from empty tables.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

sys.path.insert(0, str(Path(__file__).parents[1]))

from store.bulk import arrow_schema
from store.migrate import upgrade
from store.session import Store
from store.tables import METADATA, ContentItem
from tests.postgres import postgres_server

BATCH_ROWS = 20_000  # what a night writes in one transaction


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", help="an empty database to use; its content_items table is emptied")
    options = parser.parse_args()
    items = content_items(options.rows)
    print(f"{options.rows:,} rows, {items.nbytes / 2**20:,.0f} MiB as a frame, medians of {options.rounds}")
    print(f"{'database':10}{'what':34}{'seconds':>9}{'rows/s':>12}{'of bare':>9}")
    with stores(options.postgres) as opened:
        for name, store in opened.items():
            upgrade(store)
            print_rates(name, store, items, options.rounds)


def print_rates(name: str, store: Store, items: pa.Table, rounds: int) -> None:
    found: dict[str, list[float]] = {}
    for _round in range(rounds):
        for what, seconds in one_round(store, items):
            found.setdefault(what, []).append(seconds)
    bare = statistics.median(found["bare adbc_ingest"])
    for what, rounds_took in found.items():
        median = statistics.median(rounds_took)
        print(f"{name:10}{what:34}{median:9.2f}{items.num_rows / median:12,.0f}{bare / median:8.2f}x")


def one_round(store: Store, items: pa.Table) -> Iterator[tuple[str, float]]:
    """What was done, and the seconds it took."""
    changed = with_more_views(items, every=10)
    empty(store)
    yield "bare adbc_ingest", timed(lambda: bare_ingest(store, items, items.num_rows))
    empty(store)
    yield "first load, one frame", timed(lambda: upsert(store, items, items.num_rows))
    yield "the same again, nothing written", timed(lambda: upsert(store, items, items.num_rows))
    yield "again, a tenth of the rows differ", timed(lambda: upsert(store, changed, items.num_rows))
    empty(store)
    yield f"bare, {BATCH_ROWS:,} rows at a time", timed(lambda: bare_ingest(store, items, BATCH_ROWS))
    empty(store)
    yield f"first load, {BATCH_ROWS:,} rows at a time", timed(lambda: upsert(store, items, BATCH_ROWS))


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bare_ingest(store: Store, items: pa.Table, rows: int) -> None:
    for start in range(0, items.num_rows, rows):
        with store.writing_frames() as frames, frames._connection.cursor() as cursor:
            cursor.adbc_ingest("content_items", items.slice(start, rows), mode="append")


def upsert(store: Store, items: pa.Table, rows: int) -> None:
    for start in range(0, items.num_rows, rows):
        with store.writing_frames() as frames:
            frames.upsert(ContentItem, items.slice(start, rows))


def empty(store: Store) -> None:
    table = METADATA.tables["content_items"]
    METADATA.drop_all(store.engine, [table])
    METADATA.create_all(store.engine, [table])


def content_items(rows: int) -> pa.Table:
    """Made-up items, in no order of their keys."""
    numbers = [(number * 7_919) % rows for number in range(rows)]
    columns = {
        "content_key": [f"youtube:{number:011}" for number in numbers],
        "account_key": [f"youtube:UC{number % (rows // 20):08}" for number in numbers],
        "platform": ["youtube"] * rows,
        "platform_content_id": [f"{number:011}" for number in numbers],
        "content_type": ["video"] * rows,
        "title_or_caption": [f"Item {number} ".ljust(120, "x") for number in numbers],
        "published_at": [1_772_330_400_000_000 - number for number in numbers],
        "views": numbers,
        "fetched_at": [1_772_330_400_000_000] * rows,
        "raw_sha256": ["0" * 64] * rows,
    }
    schema = arrow_schema(ContentItem)
    return pa.table(
        {field.name: pa.array(columns.get(field.name, [None] * rows), field.type) for field in schema}, schema=schema
    )


def with_more_views(items: pa.Table, every: int) -> pa.Table:
    """The same items; the views of one in `every` went up."""
    views = pc.if_else(pc.less(items["views"], items.num_rows // every), pc.add(items["views"], 1), items["views"])
    return items.set_column(items.schema.get_field_index("views"), "views", views)


@contextmanager
def stores(address: str | None) -> Iterator[dict[str, Store]]:
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="creatordex-bulk-")))
        if address is None:
            server = opened.enter_context(postgres_server(uuid.uuid4().hex, f"bulk{os.getpid()}"))
            address = opened.enter_context(server.database(template="template0"))
        found = {"SQLite": Store(f"sqlite:///{folder / 'store.db'}"), "Postgres": Store(address)}
        for store in found.values():
            opened.callback(store.close)
        yield found


if __name__ == "__main__":
    main()
