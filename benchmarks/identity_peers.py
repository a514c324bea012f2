"""Who is who beside splink, on one corpus in one run: time, memory, precision, recall, F1, and what review would add.

    python benchmarks/identity_peers.py [--accounts 20000] [--seed 7] [--noise 1.0] --python PYTHON

PYTHON is an interpreter that has splink, polars and duckdb. The corpus and the splink side come from the bench beside
the project (--bench, default ../shared/bench); without it, or without splink, the script says so and ends with 0. The
truth column never reaches either engine: it only scores.

Ours is the whole `creatordex resolve FILE`, start of the interpreter and files included. splink's seconds (wall clock)
are the preparation of its columns plus its own setup, training, prediction and clustering; its CPU seconds and peak
memory are of the whole processes, the scoring of its thresholds included. On a busy machine compare CPU seconds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measure import CREATORDEX
from engines.duckdb_engine import DuckDBEngine
from engines.engine import Engine
from identity.assessment import held_after_review
from identity.evaluation import evaluate
from identity.triage import IdentitySettings, Triage

PROJECT = Path(__file__).parents[1]
BENCH = PROJECT.parent / "shared" / "bench"
TRUTH_COLUMN = "person_id"
PRECISIONS = (IdentitySettings().precision, 0.87)
#: review pairs per 100 accounts
REVIEW_RATES = (6, 12, 24, 40)
#: bits; wide enough that the best lies inside
SPLINK_THRESHOLDS = " -8,-7,-6,-5,-4,-3,-2,-1,0,1,2"
PREDICT_FROM = "-8"


@dataclass(frozen=True, slots=True)
class Cost:
    #: wall clock
    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Row:
    engine: str
    #: None: a step after one that was measured
    cost: Cost | None
    pair_p: float
    pair_r: float
    pair_f1: float
    b3_f1: float


def run(command: list[str], folder: Path) -> Cost:
    """Run a child to its end, what it prints on stderr. Exits this process when it fails."""
    started = time.perf_counter()
    child = subprocess.Popen(command, cwd=folder, stdout=sys.stderr, env={**os.environ, "PYTHONPATH": str(PROJECT)})
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    peak_mib = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak_mib)


def ours(corpus: Path, folder: Path, engine: Engine) -> Iterator[Row]:
    """One row per precision; what was resolved stays in `folder`."""
    blind = folder / "blind.parquet"
    pq.write_table(pq.read_table(corpus).drop_columns([TRUTH_COLUMN]), blind)
    for precision in PRECISIONS:
        out = folder / f"ours_{precision}"
        cost = run([str(CREATORDEX), "resolve", str(blind), "--out", str(out), "--precision", str(precision)], folder)
        scores = evaluate(pq.read_table(out / "members.parquet"), truth_of(corpus), engine).summary()
        figures = (scores[name] for name in ("pair_precision", "pair_recall", "pair_f1", "b3_f1"))
        yield Row(f"creatordex --precision {precision}", cost, *figures)


def truth_of(corpus: Path) -> pa.Table:
    """account_id, creator_id."""
    rows = pq.read_table(corpus, columns=["account_id", TRUTH_COLUMN])
    return pa.table({"account_id": rows["account_id"], "creator_id": rows[TRUTH_COLUMN].cast(pa.string())})


def splinks(python: str, bench: Path, corpus: Path, folder: Path) -> Iterator[Row]:
    """Model B at its default threshold, at the best one, and with one account per platform."""
    prepared, out = folder / "prepared.parquet", folder / "splink"
    preparing = run([python, str(bench / "prep.py"), str(corpus), str(prepared)], folder)
    model = ["--model", "B", "--tf", "none", "--pred_w", PREDICT_FROM]
    fitting = run([python, str(bench / "run_splink.py"), str(prepared), str(out), *model], folder)
    pairs = out.with_suffix(".pairs.parquet")
    run([python, str(bench / "one_per_platform.py"), str(pairs), str(prepared), SPLINK_THRESHOLDS], folder)
    found = orjson.loads(out.with_suffix(".json").read_bytes())
    cost = Cost(
        preparing.seconds + found["total_s"],
        preparing.cpu_seconds + fitting.cpu_seconds,
        max(preparing.peak_mib, fitting.peak_mib),
    )
    alone = orjson.loads(out.with_suffix(".onepp.json").read_bytes())
    yield _splink_row("p = 0.95", found["at95"], cost)
    yield _splink_row(f"best threshold by truth ({found['best']['thr']:g} bits)", found["best"], cost)
    yield _splink_row(f"one per platform, best by truth ({alone['thr']:g} bits)", alone, None)


def _splink_row(name: str, scores: dict[str, Any], cost: Cost | None) -> Row:
    figures = (scores[name] for name in ("pair_p", "pair_r", "pair_f1", "b3_f1"))
    return Row(f"splink B, {name}", cost, *figures)


def review_curve(corpus: Path, folder: Path, engine: Engine) -> Iterator[tuple[int, int, float]]:
    """Review pairs per 100 accounts, how many that are, and the share of true pairs held by members and review.

    The heaviest pairs of the review band are decided first, and the true ones accepted; a true pair is held when its
    accounts then stand together.
    """
    out = folder / f"ours_{PRECISIONS[0]}"
    pairs, members = pq.read_table(out / "pairs.parquet"), pq.read_table(out / "members.parquet")
    queue = pairs.filter(pc.equal(pairs["triage"], Triage.REVIEW.value)).sort_by(
        [("match_weight_bits", "descending"), ("left", "ascending"), ("right", "ascending")]
    )
    decisions = [rate * members.num_rows // 100 for rate in REVIEW_RATES]
    held = held_after_review(queue, members, truth_of(corpus), decisions, engine)
    for rate, one in zip(REVIEW_RATES, held, strict=True):
        yield rate, min(one.decisions, queue.num_rows), one.share


def generated(python: str, bench: Path, options: argparse.Namespace, folder: Path) -> Path:
    path = folder / "corpus.parquet"
    size = ["--n", str(options.accounts), "--seed", str(options.seed), "--noise", str(options.noise)]
    run([python, str(bench / "gen.py"), *size, "--out", str(path)], folder)
    return path


def missing(python: str | None, bench: Path) -> str | None:
    """What the comparison lacks, in words; None when nothing."""
    if not (bench / "run_splink.py").is_file():
        return f"no bench in {bench}"
    if python is None:
        return "no --python with splink, polars and duckdb given"
    try:
        tried = subprocess.run([python, "-c", "import duckdb, polars, splink"], capture_output=True, check=False)
    except OSError as error:
        return f"{python}: {error.strerror}"
    return f"{python} cannot import splink, polars and duckdb" if tried.returncode else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", help=f"Parquet with {TRUTH_COLUMN}; default: one is generated")
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--python", help="an interpreter that has splink, polars and duckdb")
    parser.add_argument("--bench", type=Path, default=BENCH)
    options = parser.parse_args()
    lacking = missing(options.python, options.bench)
    if lacking is not None:
        print(f"{lacking}: nothing compared")
        return
    with tempfile.TemporaryDirectory() as name, DuckDBEngine() as engine:
        folder = Path(name)
        corpus = (options.corpus or generated(options.python, options.bench, options, folder)).resolve()
        rows = [*ours(corpus, folder, engine), *splinks(options.python, options.bench, corpus, folder)]
        print(f"{pq.read_metadata(corpus).num_rows} accounts\n")
        print_rows(rows)
        print("\nreview pairs per 100 accounts → share of true pairs that members and the accepted pairs hold")
        for rate, decisions, share in review_curve(corpus, folder, engine):
            print(f"  {rate:3}  {share:.4f}  ({decisions} pairs)")


def print_rows(rows: list[Row]) -> None:
    measures = ("seconds", "CPU s", "MiB", "pair P", "pair R", "pair F1", "B3 F1")
    print(" " * 54 + "".join(f"{name:>9}" for name in measures))
    for row in rows:
        cost = [] if row.cost is None else [row.cost.seconds, row.cost.cpu_seconds, row.cost.peak_mib]
        spent = "".join(f"{value:9.1f}" for value in cost) or " " * 27
        print(
            f"{row.engine:54}{spent}" + "".join(f"{x:9.4f}" for x in (row.pair_p, row.pair_r, row.pair_f1, row.b3_f1))
        )


if __name__ == "__main__":
    main()
