"""What a person does with published snapshots: list them, verify one, go back to one, take the pin away."""

from dataclasses import dataclass
from pathlib import Path

from index.manifest import read_manifest
from index.versions import Versions, verify_version


@dataclass(frozen=True, slots=True)
class Listed:
    version: int
    snapshot_id: str
    creators: int
    parent: int | None
    as_of: str
    #: in force · in force, pinned · ""
    state: str


def list_snapshots(root: Path) -> list[Listed]:
    """Every version that is kept, oldest first."""
    versions = Versions(root)
    current = versions.current()
    listed = []
    for number in versions.numbers():
        manifest = read_manifest(versions.path(number))
        in_force = current is not None and current.version == number
        state = ("in force, pinned" if current and current.pinned else "in force") if in_force else ""
        listed.append(
            Listed(
                number,
                manifest.snapshot_id,
                manifest.content.counts["creators"],
                manifest.parent,
                str(manifest.execution.get("as_of", "")),
                state,
            )
        )
    return listed


def verify_snapshot(root: Path, version: int | None = None) -> tuple[int, int]:
    """(version, files that agree with their manifest) of one version, or of the one in force."""
    versions = Versions(root)
    folder = versions.current_path() if version is None else versions.path(version)
    return int(folder.name[1:]), verify_version(folder)


def roll_back_snapshot(root: Path, version: int) -> None:
    """Put an older version in force and pin it: the next publish adds its version but leaves this one in force."""
    versions = Versions(root)
    with versions.writing():
        versions.roll_back(version)


def unpin_snapshot(root: Path) -> int:
    """Take the pin away; the newest version is in force again. Returns its number."""
    versions = Versions(root)
    with versions.writing():
        return versions.unpin()
