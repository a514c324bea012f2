"""Running the command line as a child and measuring it: what the benchmarks share."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CREATORDEX = Path(sys.executable).with_name("creatordex")


@dataclass(frozen=True, slots=True)
class Night:
    """One finished night."""

    exit_code: int
    seconds: float
    #: of the largest process, as the operating system saw it
    peak_mib: float
    manifest: dict[str, Any]

    @property
    def stages(self) -> list[tuple[str, float, dict[str, int]]]:
        """(name, seconds, counts) in order."""
        counts = {stage["name"]: stage["counts"] for stage in self.manifest["content"]["stages"]}
        timed = self.manifest["execution"]["stages"]
        return [(stage["name"], stage["seconds"], counts.get(stage["name"], {})) for stage in timed]


@dataclass(frozen=True, slots=True)
class Effort:
    """What a command took."""

    exit_code: int
    #: on the wall
    seconds: float
    #: of its processes, kernel included
    cpu: float
    #: of the largest process, as the operating system saw it
    peak_mib: float


def run_command(arguments: Sequence[str], environment: Mapping[str, str], config: Path | None = None) -> Effort:
    """A command of ours as a child. Exits this process when it fails; its messages are on stderr already."""
    command = [str(CREATORDEX), *(["--config", str(config)] if config else []), *arguments]
    started = time.perf_counter()
    child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=sys.stderr)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    # 3: done and published, with more rejected rows than usual. Anything else that is not 0 is no night.
    if child.returncode not in {0, 3}:
        sys.exit(f"ended with {child.returncode}: {' '.join(command)}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Effort(child.returncode, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def run_night(
    home: Path, arguments: Sequence[str], environment: Mapping[str, str], config: Path | None = None
) -> Night:
    """`creatordex nightly` over `home`. Exits this process when the night fails; its messages are on stderr already."""
    before = set((home / "runs").glob("*/manifest.json"))
    taken = run_command(["nightly", *arguments], {**environment, "CREATORDEX_HOME": str(home)}, config)
    (written,) = set((home / "runs").glob("*/manifest.json")) - before
    return Night(taken.exit_code, taken.seconds, taken.peak_mib, json.loads(written.read_text(encoding="utf-8")))


def print_night(title: str, night: Night) -> None:
    """Seconds and counts per stage, then the whole."""
    print(f"\n{title}: {night.seconds:.1f} s wall, peak {night.peak_mib:,.0f} MiB, exit code {night.exit_code}")
    for name, seconds, counts in night.stages:
        told = ", ".join(f"{key} {value:,}" for key, value in counts.items())
        print(f"  {name:18} {seconds:8.1f} s   {told}")


def fingerprint_of(home: Path) -> dict[str, str]:
    """What must not change in a night without news: a digest per table but `runs`, and the published version."""
    digests = {"CURRENT": (home / "snapshots" / "CURRENT.json").read_text(encoding="utf-8")}
    with sqlite3.connect(f"file:{home / 'store.db'}?mode=ro", uri=True) as store:
        tables = [
            name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        for table in tables:
            if table != "runs" and not table.startswith("sqlite_"):
                digests[table] = _digest(store, table)
    return digests


def _digest(store: sqlite3.Connection, table: str) -> str:
    whole = hashlib.sha256()
    rows = 0
    for row in store.execute(f'SELECT * FROM "{table}" ORDER BY rowid'):  # noqa: S608 (names come from the schema)
        whole.update(repr(row).encode())
        rows += 1
    return f"{rows} rows, {whole.hexdigest()[:16]}"
