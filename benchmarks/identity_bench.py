"""Score `resolve FILE` on a corpus with truth: pair and B-cubed precision, recall, F1, seconds and peak memory.

    python benchmarks/identity_bench.py accounts.parquet [--precision 0.985] [--truth-column person_id] [--stages]

With --stages it resolves only, and prints wall and CPU seconds and the peak of memory after each stage.

The truth column never reaches the engine: it is dropped before anything is resolved, and only scores. Without a file
it looks for the generator of a bench beside the project (../shared/bench/gen.py) and says so when there is none.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

import identity.nights
import identity.resolution
import jobs.resolve_file
from engines.duckdb_engine import DuckDBEngine
from identity.evaluation import evaluate
from jobs.resolve_file import resolve_file

GENERATOR = Path(__file__).parents[2] / "shared" / "bench" / "gen.py"


def score_file(path: Path, precision: float, truth_column: str) -> dict[str, object]:
    """Resolve `path` without its truth, then score the members against it."""
    rows = pq.read_table(path)
    truth = pa.table({"account_id": rows["account_id"], "creator_id": rows[truth_column].cast(pa.string())})
    with tempfile.TemporaryDirectory() as folder:
        blind = Path(folder) / "accounts.parquet"
        pq.write_table(rows.drop_columns([truth_column]), blind)
        started = time.monotonic()
        report = resolve_file(blind, Path(folder) / "out", precision=precision)
        seconds = time.monotonic() - started
        members = pq.read_table(Path(folder) / "out" / "members.parquet")
        with DuckDBEngine() as engine:
            scores = evaluate(members, truth, engine).summary()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "file": path.name, "precision": precision, "seconds": round(seconds, 1), "peak_mb": peak_mb, **scores,
        "largest_creator": report["largest_creator"], "candidate_pairs": report["candidate_pairs"],
        "pairs_by_triage": report["pairs_by_triage"], "merges_by_evidence": report["merges_by_evidence"],
    }  # fmt: skip


def stages_of(path: Path, precision: float) -> dict[str, object]:
    """Resolve `path` and say what each stage took. A truth column is never read: it is no column of the input."""
    with tempfile.TemporaryDirectory() as folder, timed_stages() as rows:
        started = time.monotonic()
        resolve_file(path, Path(folder) / "out", precision=precision)
        return {"file": path.name, "seconds": round(time.monotonic() - started, 1), "stages": rows}


# --- stages ------------------------------------------------------------------------------------------------------

STAGES: tuple[tuple[ModuleType, tuple[str, ...]], ...] = (
    (jobs.resolve_file, ("read_frame", "accept_accounts", "_write")),
    (identity.nights, ("tally_values", "propose_all", "compare_again")),
    (
        identity.resolution,
        (
            "build_profiles", "counts_from", "with_rows", "with_bands", "claims_by_row", "with_rivals", "cap_codes",
            "encode_levels", "_cluster", "name_members", "decide", "_pairs_by_key", "_report",
        ),
    ),
)  # fmt: skip
Row = dict[str, Any]


@contextmanager
def timed_stages() -> Iterator[list[Row]]:
    """A list that gets one row per stage: its name, wall and CPU seconds (workers included), and the peak so far."""
    rows: list[Row] = []
    originals = [(module, name, getattr(module, name)) for module, names in STAGES for name in names]
    for module, name, function in originals:
        setattr(module, name, _timed(name.lstrip("_"), function, rows))
    try:
        yield rows
    finally:
        for module, name, function in originals:
            setattr(module, name, function)


def _timed(name: str, function: Callable[..., Any], rows: list[Row]) -> Callable[..., Any]:
    def run(*values: Any, **named: Any) -> Any:
        wall, cpu = time.monotonic(), _cpu_seconds()
        result = function(*values, **named)
        rows.append(
            {
                "stage": name, "wall_seconds": round(time.monotonic() - wall, 1),
                "cpu_seconds": round(_cpu_seconds() - cpu, 1),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )  # fmt: skip
        return result

    return run


def _cpu_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


# --- corpus ------------------------------------------------------------------------------------------------------


def generate_with_bench(python: str, accounts: int, seed: int, folder: Path) -> Path | None:
    """A corpus of the bench beside the project, or None when there is no bench."""
    if not GENERATOR.is_file():
        print(f"no bench at {GENERATOR}: give a file")
        return None
    path = folder / f"accounts_{accounts}_{seed}.parquet"
    command = [python, str(GENERATOR), "--n", str(accounts), "--seed", str(seed), "--out", str(path)]
    subprocess.run(command, check=True)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--precision", type=float, default=0.985)
    parser.add_argument("--truth-column", default="person_id")
    parser.add_argument("--accounts", type=int, default=20_000, help="size of the corpus when no file is given")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has what the bench needs")
    parser.add_argument("--stages", action="store_true", help="what each stage takes, instead of scores")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or generate_with_bench(options.python, options.accounts, options.seed, Path(folder))
        if path is not None and options.stages:
            _print(stages_of(path, options.precision))
        elif path is not None:
            _print(score_file(path, options.precision, options.truth_column))


def _print(found: dict[str, object]) -> None:
    print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main()
