"""What readers hold open, so that nobody removes it: one small file per reader and version, touched while it is held.

    snapshots/leases/v00000042.<reader>     its age is the time since the last heartbeat

Ages are told by the clock of the file system that holds them: readers and publisher need not agree on the time.
"""

import os
import uuid
from pathlib import Path

from index.files import folder_name

#: a reader that was killed holds its version for so long
EXPIRY_SECONDS = 60.0
HEARTBEAT_SECONDS = 15.0


class Lease:
    """One reader's hold on one version."""

    def __init__(self, root: Path, version: int, reader: str) -> None:
        folder = root / "leases"
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{folder_name(version)}.{reader}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.renew()

    def renew(self) -> None:
        """Hold on for another EXPIRY_SECONDS."""
        self._path.touch()

    def end(self) -> None:
        self._path.unlink(missing_ok=True)


def leased_versions(root: Path, *, now: float) -> set[int]:
    """Versions that somebody holds; leases that expired are cleared away."""
    held = set()
    for path in (root / "leases").glob("v*"):
        try:
            age = now - path.stat().st_mtime
        except FileNotFoundError:  # ended just now
            continue
        if age > EXPIRY_SECONDS:
            path.unlink(missing_ok=True)
        else:
            held.add(int(path.name.partition(".")[0][1:]))
    return held


def file_system_time(root: Path) -> float:
    """Seconds since 1970 as the file system counts them."""
    probe = root / ".now"
    probe.touch()
    return probe.stat().st_mtime
