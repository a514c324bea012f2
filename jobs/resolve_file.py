"""`resolve FILE --out DIR`: identity over one file, without a store."""

import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from base.errors import SourceError
from base.fingerprint import canonical_json
from base.judgement import Judgement
from engines.duckdb_engine import DuckDBEngine
from identity.canonical import MEMBERS, assign_creator_ids
from identity.resolution import Resolution, resolve
from identity.weights import load_model
from jobs.account_files import accept_accounts, read_frame, read_judgements

WRITTEN_PAIRS = ["left", "right", "match_weight_bits", "match_probability", "triage"]


def resolve_file(
    path: Path,
    out: Path,
    *,
    judgements: Path | None = None,
    previous: Path | None = None,
    model: Path | None = None,
    precision: float = 0.985,
    memory_limit: str = "2GB",
    workers: int = 0,
) -> dict[str, Any]:
    """Resolve the accounts of `path`; write members, pairs and report under `out`; give the report.

    judgements: a file of left, right, verdict, reviewer, decided_at, note. previous: the `out` of an earlier run, to
    report what became of its creator ids. Raises SourceError for a file that cannot be read, ConstraintConflict when
    judgements contradict each other.
    """
    started = time.monotonic()
    before = None if previous is None else _previous_members(previous)
    decided: list[Judgement] = [] if judgements is None else read_judgements(judgements)
    with DuckDBEngine(memory_limit=memory_limit, workers=workers) as engine:
        accounts, intake = accept_accounts(read_frame(path), engine)
        resolution = resolve(accounts, model=load_model(model), engine=engine, precision=precision, judgements=decided)
        report = {**intake, "precision": precision, **resolution.report}
        if before is not None:
            report["changes"] = change_counts(assign_creator_ids(resolution.members, before, engine))
    _write(out, resolution, report, time.monotonic() - started)
    return report


def change_counts(changes: pa.Table) -> dict[str, int]:
    """How many rows of a change feed say what."""
    rows = pc.value_counts(changes["change"]).to_pylist()
    return {row["values"]: row["counts"] for row in sorted(rows, key=lambda row: row["values"])}


def _previous_members(folder: Path) -> pa.Table:
    path = folder / "members.parquet"
    try:
        return pq.read_table(path, columns=MEMBERS.names)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(
            f"{path}: not the members of an earlier run: {error}", hint="--previous names the --out of an earlier run"
        ) from error


def _write(out: Path, resolution: Resolution, report: dict[str, Any], seconds: float) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pq.write_table(resolution.members, out / "members.parquet", compression="zstd")
    pq.write_table(resolution.pairs.select(WRITTEN_PAIRS), out / "pairs.parquet", compression="zstd")
    written = {"content": report, "execution": {"seconds": round(seconds, 3)}}
    (out / "report.json").write_text(canonical_json(written) + "\n", encoding="utf-8")
