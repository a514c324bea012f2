"""How long a night takes over a generated corpus, and what memory; then nights over little or no news.

    python -m benchmarks.night --accounts 100000 --embedder fast
    python -m benchmarks.night --accounts 1000000 --by-stage --changed 0.02 [--postgres]

A second night over the same files must change no table and publish nothing. With `--by-stage` a night is its commands
one by one, so that each says its own processor time, memory and disk. With `--changed` the second night takes in a new
profile and a new post of that share of the accounts instead.
"""

import argparse
import math
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg

from benchmarks.day_after import deliver_day_after
from benchmarks.measure import Night, fingerprint_of, print_night, run_command, run_night
from corpus.generate import write_corpus
from corpus.payloads import CorpusFiles, Order, files_in
from corpus.reference import REFERENCE
from store.session import Store
from tests.postgres import postgres_server

STAGES = ("ingest", "embed", "resolve", "enrich", "embed", "publish")


class Took(NamedTuple):
    """A night."""

    #: on the wall
    seconds: float
    #: of its processes; not measured where the night is one command
    cpu: float = math.nan


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="creatordex-night-", dir=options.scratch) as scratch, ExitStack() as opened:
        files = _corpus(options.corpus or Path(scratch) / "corpus", options.accounts, options.seed)
        home = Path(scratch) / "home"
        environment = {"CREATORDEX_HOME": str(home), "CREATORDEX_EMBEDDINGS__PROVIDER": options.embedder}
        if options.postgres:
            environment["CREATORDEX_DATABASE_URL"] = opened.enter_context(_postgres())
        if options.by_stage:
            print("\nfirst night, stage by stage")
            first = _by_stage(home, files.deliveries, environment, STAGES[: options.stages], REFERENCE)
        else:
            first = _at_once(home, files.deliveries, environment)
        if options.changed:
            _changed_night(home, options.changed, environment, first, by_stage=options.by_stage)
        elif not options.by_stage:
            _night_without_news(home, files.deliveries, environment)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--embedder", default="fast", help="an embeddings.provider: fast, local, hashing")
    parser.add_argument("--by-stage", action="store_true", help="run the stages as commands of their own")
    parser.add_argument("--stages", type=int, default=len(STAGES), help="with --by-stage, only the first so many")
    parser.add_argument("--changed", type=float, help="share of the accounts that the second night delivers changed")
    parser.add_argument("--postgres", action="store_true", help="into a Postgres started for it, instead of SQLite")
    parser.add_argument("--corpus", type=Path, help="keep the corpus here, or take the one that is here")
    parser.add_argument("--scratch", type=Path, help="where the temporary folder goes")
    return parser.parse_args()


def _corpus(folder: Path, accounts: int, seed: int) -> CorpusFiles:
    started = time.perf_counter()
    there = files_in(folder, Order(seed))
    files = there if there.truth.exists() else write_corpus(folder, accounts, seed)
    size = sum(path.stat().st_size for path in files.deliveries) / 2**20
    print(f"corpus of {accounts:,} accounts, seed {seed}: {time.perf_counter() - started:.1f} s, {size:.1f} MiB")
    return files


@contextmanager
def _postgres() -> Iterator[str]:
    """An empty database, without fsync; the night lays its own schema."""
    with postgres_server(uuid.uuid4().hex, f"night{os.getpid()}") as server, server.database("template1") as address:
        yield address


def _at_once(home: Path, files: Sequence[Path], environment: Mapping[str, str]) -> Took:
    night = _nightly(home, files, environment)
    print_night("first night", night)
    print(f"  home {_mib(home):,.0f} MiB")
    return Took(night.seconds)


def _by_stage(
    home: Path, files: Sequence[Path], environment: Mapping[str, str], stages: Sequence[str], at: datetime
) -> Took:
    """Each stage as a command; what it took, and what lay on disk after it."""
    total = Took(0.0, 0.0)
    for stage in stages:
        inputs = map(str, files) if stage == "ingest" else ()
        taken = run_command([stage, *inputs, "--as-of", at.isoformat()], environment)
        total = Took(total.seconds + taken.seconds, total.cpu + taken.cpu)
        print(f"  {stage:8} {taken.seconds:8.1f} s wall {taken.cpu:8.1f} s CPU   peak {taken.peak_mib:6,.0f} MiB   "
              f"home {_mib(home):6,.0f} MiB{_database_size(environment)}", flush=True)  # fmt: skip
    print(f"  together {total.seconds:8.1f} s wall {total.cpu:8.1f} s CPU")
    return total


def _changed_night(home: Path, share: float, environment: Mapping[str, str], first: Took, *, by_stage: bool) -> None:
    at = REFERENCE + timedelta(days=1)
    store = Store(environment.get("CREATORDEX_DATABASE_URL", f"sqlite:///{home / 'store.db'}"))
    files = deliver_day_after(store, home.parent / "day-after", share, at)
    store.close()
    title = f"second night, {share:.0%} of the accounts changed, each with a new post"
    if by_stage:
        print(f"\n{title}, stage by stage")
        second = _by_stage(home, files, environment, STAGES, at)
        print(f"  {second.cpu / first.cpu:.1%} of the first night's processor time")
    else:
        night = run_night(home, [*map(str, files), "--as-of", at.isoformat()], environment)
        print_night(title, night)
        second = Took(night.seconds)
    print(f"  {second.seconds / first.seconds:.1%} of the first night's time; home {_mib(home):,.0f} MiB")


def _night_without_news(home: Path, files: Sequence[Path], environment: Mapping[str, str]) -> None:
    before = fingerprint_of(home) if "CREATORDEX_DATABASE_URL" not in environment else {}
    print_night("second night, same files and same as-of", _nightly(home, files, environment))
    if before:
        _insist_on_sameness(before, fingerprint_of(home))


def _nightly(home: Path, files: Sequence[Path], environment: Mapping[str, str]) -> Night:
    return run_night(home, [*map(str, files), "--as-of", REFERENCE.isoformat()], environment)


def _mib(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def _database_size(environment: Mapping[str, str]) -> str:
    url = environment.get("CREATORDEX_DATABASE_URL")
    if url is None:
        return ""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return f"   database {row[0] / 2**20:,.0f} MiB"


def _insist_on_sameness(before: dict[str, str], after: dict[str, str]) -> None:
    changed = [
        f"  {name}: {before.get(name)} → {after.get(name)}"
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]
    if changed:
        sys.exit("\n".join(["the second night changed", *changed]))
    print(f"\nthe second night changed none of {len(before) - 1} tables and published nothing")


if __name__ == "__main__":
    main()
