"""How fast delivered files become rows, beside the bare driver loading the same rows in the same run.

    python benchmarks/ingest.py [--accounts 20000] [--rounds 3]

A record is one account or item as a payload of the generated corpus shows it, checked and typed: API answers of
YouTube and Instagram (JSON Lines of up to 50 records a line) and files of rows (CSV, JSON Lines). "parsed" is read and
checked into frames, from the files as delivered (three of four are gzip) and from the same bytes unpacked; "into
SQLite" is the whole job with raw bytes, merging, metrics, places and activity; "bare" is `adbc_ingest` of the tables
that the job left into empty ones. Medians; files are read in as many threads as there
are cores, in the job while the former batch is written.
"""

import argparse
import gzip
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parents[1]))

from base.clock import to_micros
from corpus.generate import write_corpus
from corpus.reference import REFERENCE
from engines.workers import available_cores
from ingest.files import Delivery, Payload
from jobs.context import Context
from jobs.ingest_accounts import ingest_accounts
from jobs.ingest_accounts.intake import rare_collections
from jobs.settings import read_settings
from store.migrate import upgrade
from store.session import Store
from store.tables import METADATA

WRITTEN = ("accounts", "content_items", "metric_snapshots", "raw_entities", "handle_history", "account_activity")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="creatordex-ingest-") as scratch:
        files = list(write_corpus(Path(scratch) / "corpus", options.accounts, 7).deliveries)
        records = sum(parsed(path.read_bytes(), path.name) for path in files)
        size = sum(len(data) for data, _name in unpacked(files))
        print(f"{records:,} records of {size / records:,.0f} bytes (unpacked), medians of {options.rounds}")
        print(f"{'what':22}{'wall s':>9}{'records/s':>12}{'CPU s':>9}{'records/CPU s':>15}")
        found: dict[str, list[tuple[float, float]]] = {}
        for number in range(options.rounds):
            for what, took in one_round(Path(scratch) / str(number), files).items():
                found.setdefault(what, []).append(took)
        for what, rounds in found.items():
            wall, cpu = (statistics.median(each) for each in zip(*rounds, strict=True))
            print(f"{what:22}{wall:9.2f}{records / wall:12,.0f}{cpu:9.2f}{records / cpu:15,.0f}")


def one_round(home: Path, files: Sequence[Path]) -> dict[str, tuple[float, float]]:
    """What was done, and the wall and CPU seconds it took."""
    taken, bare = a_store(home / "taken"), a_store(home / "bare")
    context = Context(settings=read_settings(home=home), store=taken, run_id="benchmark", as_of=REFERENCE)
    deliveries = [Delivery(path, path.name) for path in files]
    delivered, plain = [(path.read_bytes(), path.name) for path in files], unpacked(files)
    took = {
        "parsed": timed(lambda: [parsed(*file) for file in delivered]),
        "parsed, unpacked": timed(lambda: [parsed(*file) for file in plain]),
        "into SQLite": timed(lambda: ingest_accounts(context, deliveries)),
    }
    with taken.reading_frames() as frames:
        tables = {name: frames.read(select(METADATA.tables[name])) for name in WRITTEN}
    took["bare adbc_ingest"] = timed(lambda: load(bare, tables))
    taken.close()
    bare.close()
    return took


def parsed(data: bytes, name: str) -> int:
    payload = Payload(io.BufferedReader(io.BytesIO(data)), name, None, to_micros(REFERENCE), workers=available_cores())
    with rare_collections():
        return sum(batch.accounts.num_rows + batch.content.num_rows for batch in payload.batches())


def unpacked(files: Sequence[Path]) -> list[tuple[bytes, str]]:
    """What is in the files, and names without `.gz`."""
    return [
        (
            gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes(),
            path.name.removesuffix(".gz"),
        )
        for path in files
    ]


def a_store(home: Path) -> Store:
    home.mkdir(parents=True)
    store = Store(f"sqlite:///{home / 'store.db'}")
    upgrade(store)
    return store


def load(store: Store, tables: dict[str, pa.Table]) -> None:
    for name, table in tables.items():
        with store.writing_frames() as frames, frames._connection.cursor() as cursor:
            cursor.adbc_ingest(name, table, mode="append")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
