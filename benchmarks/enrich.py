"""Paid runs against the fake provider: failures, kills, one creator more, and speed beside curator on the same rows.

    python -m benchmarks.enrich --creators 2000 --kills 50
    python -m benchmarks.enrich --only speed --curator /path/to/a/python/with/bespokelabs-curator

The provider runs in a process of its own, ledger and journal are on. Ratios within one run hold on any machine; rows a
second do not: processor time per request says what a faster machine would do.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from base.usage import LLMUsage
from enrich.dossier import build_dossier
from enrich.questions import Questions
from enrich.subjects import Subject
from enrich.taxonomy import load_taxonomy
from jobs.enrich_creators import PROMPT
from prompts.catalog import load_prompt
from tests.journeys.paid_runs import (
    BIO,
    CAPTION,
    MODEL,
    PRICE,
    PaidRuns,
    add_creators,
    answers_per_creator,
    failures_in,
    make_home,
    tokens_of,
)

RATES = {"rate_limit": 0.1, "server": 0.05, "malformed": 0.05, "refusal": 0.02, "truncation": 0.02}
LATENCY_SECONDS = 0.3
CONCURRENCIES = (128, 512)
CURATOR = Path(__file__).with_name("curator_rows.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=2_000, help="of the run with failures, and of the kills")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--rows", type=int, default=1_500, help="for speed, and finished before one is added")
    parser.add_argument("--curator", type=Path, help="a Python that has bespokelabs-curator")
    parser.add_argument("--only", choices=sorted(PARTS), action="append")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in options.only or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[name](Path(folder), options)


def failures(folder: Path, options: argparse.Namespace) -> None:
    """Everybody ends, as what was injected says, and the ledger holds what the provider billed."""
    make_home(folder / "home", options.creators)
    with provider(*(f"--fault={name}={share}" for name, share in RATES.items()), "--retry-after=0.05") as fake:
        runs = PaidRuns(folder / "home", fake.url, concurrency=64)
        runs.finish()
        books = fake.books()
    calls, failed = runs.calls(), Counter(failures_in(runs.store).values())
    print(
        f"failures: {len(runs.labelled()) + failed.total()} of {options.creators} creators ended, failed {dict(failed)}"
    )
    print(f"  ledger    {dict(Counter(call.error_class or 'ok' for call in calls))}")
    print(f"  provider  {books['seen']}")
    print(f"  tokens: ledger {tokens_of(calls)}, equal: {tokens_of(calls) == books['tokens']}")


def kills(folder: Path, options: argparse.Namespace) -> None:
    """kill -9 at random moments over the run: who is lost, what is paid twice, whether the cap holds."""
    make_home(folder / "home", options.creators)
    dice = random.Random(options.kills)  # noqa: S311  moments, not secrets
    under_way: list[int] = []
    is_capped = True
    with provider(f"--latency={LATENCY_SECONDS}") as fake:
        runs = PaidRuns(folder / "home", fake.url, concurrency=64, max_usd=0.01 * options.creators)
        for _ in range(options.kills):
            most = 2 * options.creators // options.kills
            moment = fake.requests() + dice.randrange(1, most)
            if runs.interrupt(signal.SIGKILL, partial(fake.has_seen, moment)) == -signal.SIGKILL:
                under_way.append(runs.open_calls())
            is_capped &= fake.billed_nano_usd() <= runs.spent_nano_usd() <= runs.cap_nano_usd
        runs.finish()
        is_capped &= fake.billed_nano_usd() <= runs.spent_nano_usd() <= runs.cap_nano_usd
        repeated = fake.requests() - options.creators
    labelled = runs.labelled()
    print(f"kills: {len(under_way)} of {options.kills} hit a run at work")
    print(f"  creators lost {options.creators - len(set(labelled))}, stored twice {len(labelled) - len(set(labelled))}")
    print(f"  answered twice {sum(n > 1 for n in answers_per_creator(runs.calls()).values())}")
    print(
        f"  requests made again {repeated}, "
        f"calls under way at the kills {sum(under_way)}, at most {max(under_way, default=0)}"
    )
    print(f"  billed ≤ ledger ≤ cap at every kill: {is_capped}")


def one_more(folder: Path, options: argparse.Namespace) -> None:
    """What it costs to add a creator to those who are finished."""
    make_home(folder / "home", options.rows)
    with provider() as fake:
        runs = PaidRuns(folder / "home", fake.url, concurrency=128)
        runs.finish()
        before = fake.requests()
        add_creators(runs.store, range(options.rows, options.rows + 1))
        runs.finish()
        print(f"one more: {fake.requests() - before} request for 1 creator added to {options.rows} finished ones")
    if options.curator:
        with provider() as fake:
            told = curator(options.curator, folder, fake.url, options.rows, 128, is_one_added=True)
            print(f"  curator: {fake.requests() - told['requests_before']} requests")


def speed(folder: Path, options: argparse.Namespace) -> None:
    """Rows a second and processor time per request, from rows in the store to labels in the store."""
    make_home(folder / "warm", 1)
    with provider() as fake:
        PaidRuns(folder / "warm", fake.url).finish()  # what is loaded and learnt once is not counted
    for concurrency in CONCURRENCIES:
        home = folder / f"home-{concurrency}"
        make_home(home, options.rows)
        with provider(f"--latency={LATENCY_SECONDS}") as fake:
            runs = PaidRuns(home, fake.url, concurrency=concurrency)
            wall, cpu = time.perf_counter(), time.process_time()
            runs.finish()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            most = fake.books()["most_in_flight"]
        ours = tell("ours", concurrency, options.rows, wall, cpu, most)
        if options.curator:
            with provider(f"--latency={LATENCY_SECONDS}") as fake:
                told = curator(options.curator, folder, fake.url, options.rows, concurrency)
                most = fake.books()["most_in_flight"]
            theirs = tell("curator", concurrency, options.rows, told["wall"], told["cpu"], most)
            print(
                f"  ours / curator: {ours[0] / theirs[0]:.1f} × rows a second, "
                f"{ours[1] / theirs[1]:.2f} × processor time"
            )


def tell(name: str, concurrency: int, rows: int, wall: float, cpu: float, most: int) -> tuple[float, float]:
    """Rows a second, and milliseconds of processor time per row."""
    print(
        f"speed: {name:8} concurrency {concurrency} (most in flight {most}): {rows / wall:6.0f} rows/s, "
        f"{1000 * cpu / rows:5.2f} ms of processor time per request, load {os.getloadavg()[0]:.1f}"
    )
    return rows / wall, 1000 * cpu / rows


# --- who is measured against --------------------------------------------------------------------------------------


def curator(
    python: Path, folder: Path, url: str, rows: int, concurrency: int, *, is_one_added: bool = False
) -> dict[str, Any]:
    """The same questions through curator, in its own Python; see `curator_rows.py` for what it tells."""
    asked = Questions(MODEL, load_prompt(*PROMPT), load_taxonomy())
    questions = [asked.ask(build_dossier(_subject(number))) for number in range(rows + 1)]
    job = {
        "system": asked.system,
        "schema": asked.schema,
        "users": [question.user for question in questions],
        "rows": rows,
        "concurrency": concurrency,
        "is_one_added": is_one_added,
        "url": url,
    }
    (folder / "job.json").write_bytes(orjson.dumps(job))
    command = [str(python), str(CURATOR), str(folder / "job.json")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"curator failed: {run.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return told


def _subject(number: int) -> Subject:
    """A creator of `add_creators`, as it comes out of the store."""
    return Subject(
        creator_id=f"cr_{number:06d}", platforms=["youtube"], handles=[f"maker{number}"], names=[f"Maker{number}"],
        bios=[BIO.format(number)], languages=[None], item_platforms=["youtube"], items=[CAPTION.format(number)],
        item_views=[None], item_published_at=[None],
    )  # fmt: skip


# --- the provider ---------------------------------------------------------------------------------------------------


class Provider:
    """The fake in another process."""

    def __init__(self, url: str) -> None:
        self.url = url

    def books(self) -> Mapping[str, Any]:
        told: Mapping[str, Any] = self._get("books")
        return told

    def requests(self) -> int:
        """Questions that came in, answered or not."""
        return int(self.books()["seen"].get("chat", 0))

    def has_seen(self, requests: int) -> bool:
        return self.requests() >= requests

    def billed_nano_usd(self) -> int:
        return PRICE.cost_nano_usd(LLMUsage(**self.books()["tokens"]))

    def _get(self, name: str) -> Any:
        with urllib.request.urlopen(f"{self.url.removesuffix('/v1')}/fake/{name}") as answer:  # noqa: S310
            return orjson.loads(answer.read())


@contextmanager
def provider(*arguments: str) -> Iterator[Provider]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_provider", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield Provider(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait()


PARTS = {"failures": failures, "kills": kills, "one_more": one_more, "speed": speed}

if __name__ == "__main__":
    main()
