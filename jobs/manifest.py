"""What a run leaves behind: a manifest in two parts, and metrics for a textfile collector.

`content` is deterministic and hashed: the same input on the same store gives the same bytes. `execution` holds what
differs from night to night: times, machine, memory.
"""

import json
import os
import platform
import resource
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from base.fingerprint import fingerprint
from jobs.report import JobReport

MANIFEST_SCHEMA = 1
_LIBRARIES = ("creatordex", "duckdb", "faiss-cpu", "numpy", "pyarrow", "rapidfuzz", "sqlmodel")


def manifest_content(
    command: str,
    as_of: datetime,
    inputs: Mapping[str, Any],
    reports: Sequence[JobReport],
    health: Mapping[str, Any],
    fingerprints: Mapping[str, str],
) -> dict[str, Any]:
    """The deterministic part.

    health: the store's coverage after the run. fingerprints: settings, models, taxonomy.
    """
    content = {
        "schema": MANIFEST_SCHEMA,
        "command": command,
        "as_of": as_of.isoformat(),
        "inputs": dict(inputs),
        "fingerprints": dict(fingerprints),
        "stages": [{"name": report.stage, "counts": report.counts, "details": report.details} for report in reports],
        "health": dict(health),
    }
    return content | {"hash": fingerprint(content)}


def manifest_execution(
    started_at: datetime, finished_at: datetime, seconds: Mapping[str, float], reports: Sequence[JobReport] = ()
) -> dict[str, Any]:
    """Times, effort, machine and memory of this very execution."""
    effort = {report.stage: {"effort": report.effort} for report in reports if report.effort}
    return {
        "started_at": started_at.isoformat(),
        "finished_at": finished_at.isoformat(),
        "seconds": round((finished_at - started_at).total_seconds(), 3),
        "stages": [
            {"name": stage, "seconds": round(taken, 3), **effort.get(stage, {})} for stage, taken in seconds.items()
        ],
        "peak_rss_bytes": _peak_rss_bytes(),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def write_manifest(folder: Path, content: Mapping[str, Any], execution: Mapping[str, Any]) -> Path:
    path = folder / "manifest.json"
    _write_whole(path, json.dumps({"content": content, "execution": execution}, indent=2, ensure_ascii=False) + "\n")
    return path


def write_metrics(path: Path, metrics: Mapping[str, float]) -> None:
    """Prometheus text exposition, replaced atomically. Keys are full sample names with their labels."""
    _write_whole(path, "".join(f"creatordex_{name} {value:.17g}\n" for name, value in metrics.items()))


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _peak_rss_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
