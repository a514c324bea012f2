"""Running whole nights as a scheduler does, and looking at what they left."""

import json
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from store.session import Store
from store.tables import METADATA
from tests.forks import command, forked

AS_OF = "2026-03-01T06:00:00Z"


def creatordex(
    home: Path, *arguments: str, crash: str | None = None, database: str | None = None
) -> CompletedProcess[str]:
    """Run the command line in a process of its own, with a small fast embedder."""
    environment = {"CREATORDEX_HOME": str(home), "CREATORDEX_EMBEDDINGS__PROVIDER": "fast", "NO_COLOR": "1"}
    if database is not None:
        environment["CREATORDEX_DATABASE_URL"] = database
    if crash is not None:
        environment["CREATORDEX_CRASH"] = crash
    return forked(command, *arguments, **environment)


def nightly(home: Path, files: Sequence[Path], **options: Any) -> CompletedProcess[str]:
    """One night over `files` at a fixed instant."""
    return creatordex(home, "nightly", *map(str, files), "--as-of", AS_OF, **options)


def dump(home: Path, database: str | None = None) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table outside `runs`, sorted."""
    store = Store(database or f"sqlite:///{home / 'store.db'}")
    try:
        with store.engine.connect() as connection:
            return {
                name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
                for name, table in METADATA.tables.items()
                if name != "runs"
            }
    finally:
        store.close()


def differing_tables(one: Path, other: Path) -> list[str]:
    """Names of the tables in which two homes differ: an empty list is what a test wants to see."""
    left, right = dump(one), dump(other)
    return [table for table in sorted(left.keys() | right.keys()) if left.get(table) != right.get(table)]


def current_snapshot(home: Path) -> dict[str, object]:
    """CURRENT.json with the deterministic part of the manifest it points to."""
    current = json.loads((home / "snapshots" / "CURRENT.json").read_text())
    (manifest,) = (home / "snapshots" / "versions").glob(f"v{current['version']:08}/manifest.json")
    return {"current": current, "content": json.loads(manifest.read_text())["content"]}
