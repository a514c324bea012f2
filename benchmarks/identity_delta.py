"""What a night costs when a hundredth of the accounts is news, beside a night over everything.

python -m benchmarks.identity_delta --accounts 20000

A store of generated accounts is resolved, gets its news (half of it changed profiles, half new accounts) and is
resolved again; then the memory is taken away and the same store is resolved once more: that is the full night. CPU
seconds of one process, kernels included.
"""

import argparse
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa

from corpus.generate import generate
from jobs.context import Context
from jobs.report import JobReport
from jobs.resolve_creators import resolve_creators
from jobs.settings import read_settings
from store.session import Store
from store.tables import METADATA, CreatorAccount

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
FILLED = {"source": "benchmark", "state": "live", "raw_sha256": "", "external_urls": "[]", "platform_topics": "[]"}


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="creatordex-delta-", dir=options.scratch) as scratch:
        home = Path(scratch)
        store = Store(f"sqlite:///{home / 'store.db'}")
        METADATA.create_all(store.engine)
        settings = read_settings(home=home, workers=1, identity={"bio_neighbours": False})
        accounts, news = _corpus(options.accounts, options.share, options.seed)
        _deliver(store, accounts)
        _night("first night, everything is news", Context(settings, store, "1", AS_OF))
        _deliver(store, news)
        print(f"news: {news.num_rows:,} of {options.accounts:,} accounts")
        delta = _night("night over the news", Context(settings, store, "2", AS_OF + timedelta(days=1)))
        _night("night without news", Context(settings, store, "3", AS_OF + timedelta(days=2)))
        shutil.rmtree(home / "memory")
        full = _night("the same night without memory", Context(settings, store, "4", AS_OF + timedelta(days=3)))
        print(f"news over full: {delta / full:.1%} of the CPU time")
        store.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--share", type=float, default=0.01, help="of the accounts that are news")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scratch", type=Path, help="where the temporary folder goes")
    return parser.parse_args()


def _corpus(accounts: int, share: float, seed: int) -> tuple[pa.Table, pa.Table]:
    """The accounts of the first night, and those that the second one delivers."""
    news = round(accounts * share)
    everyone = generate(accounts + news // 2, seed).accounts
    order = list(range(everyone.num_rows))
    Random(seed).shuffle(order)  # noqa: S311 - invented accounts
    come, changed, voices = order[: news // 2], order[news // 2 : news], order[news : 2 * news - news // 2]
    told = everyone.take(voices)
    moved = everyone.take(changed)
    for name in ("bio", "display_name"):
        moved = moved.set_column(moved.column_names.index(name), name, told[name])
    return everyone.take(order[news // 2 :]), pa.concat_tables([everyone.take(come), moved])


def _deliver(store: Store, accounts: pa.Table) -> None:
    rows = accounts.rename_columns(["account_key", *accounts.column_names[1:]])
    for name, value in FILLED.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    with store.writing_frames() as frames:
        frames.upsert(CreatorAccount, rows.append_column("last_seen", rows["first_seen"]))


def _night(title: str, context: Context) -> float:
    """Resolve, print, and give the CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    report: JobReport = resolve_creators(context)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    told = ", ".join(f"{name} {value:,}" for name, value in (report.effort | report.counts).items())
    print(f"{title}: {wall:.1f} s wall, {cpu:.1f} s CPU; {told}")
    return cpu


if __name__ == "__main__":
    main()
