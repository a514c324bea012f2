"""Which version is in force: staging, promotion, pins, rollback, retention.

    snapshots/CURRENT.json      the only file that changes, replaced in one step
    snapshots/versions/v…/      immutable
    snapshots/retiring.json     versions that nothing keeps, and since when
    snapshots/.staging-…/       being written, or left behind by a kill

A version goes in two steps: it is listed as superfluous, and removed when it still is after a while. A pin holds
`CURRENT` where it is: while it stands, a publish adds its version and leaves `CURRENT` alone.
"""

import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from base.errors import SnapshotError, StoreLocked
from base.fingerprint import canonical_json, sha256_hex
from index.files import file_entry, folder_name, replace_file, sync
from index.leases import file_system_time, leased_versions
from index.manifest import MANIFEST, read_manifest
from index.retention import versions_to_retire
from index.takedowns import read_takedowns

#: a version stands for so long after it was found to be superfluous: a reader may be about to lease it
GRACE_SECONDS = 600.0
ROLLBACK = "creatordex snapshot rollback VERSION"
_STAGING = ".staging-"
_TRASH = ".trash-"


class Current(BaseModel):
    """The pointer to the version in force."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int
    manifest_sha256: str
    #: set by a rollback; a publish does not move a pinned pointer
    pinned: bool = False
    #: in an object store: how often the pointer was moved; nobody goes back to a lower one
    sequence: int = 0


def pointer_bytes(pointer: Current) -> bytes:
    """The bytes of CURRENT.json."""
    return (pointer.model_dump_json() + "\n").encode()


class Versions:
    """The versions below one snapshot folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer, and clear what a killed one left behind. Raises StoreLocked when there is another."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self.root / "writer.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreLocked("another process is publishing", hint="try again when it has finished") from None
            for left in [*self.root.glob(f"{_STAGING}*"), *self.root.glob(f"{_TRASH}*")]:
                shutil.rmtree(left)
            yield

    @contextmanager
    def staging(self, version: int) -> Iterator[Path]:
        """A folder to write a version into; gone afterwards unless it was placed."""
        folder = self.root / f"{_STAGING}{folder_name(version)}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def place(self, staged: Path, version: int) -> None:
        """Make a staged folder a version, in one step."""
        staged.replace(self._folder / folder_name(version))
        sync(self._folder)

    def numbers(self) -> list[int]:
        """Every complete version, oldest first."""
        names = (path.parent.name for path in self._folder.glob(f"v*/{MANIFEST}"))
        return sorted(int(name[1:]) for name in names if name[1:].isdecimal())

    def next_number(self) -> int:
        return (self.newest() or 0) + 1

    def path(self, version: int) -> Path:
        """The folder of a version. Raises SnapshotError when there is none."""
        if version not in self.numbers():
            raise SnapshotError(f"no snapshot {version}", hint="creatordex snapshot list")
        return self._folder / folder_name(version)

    def current(self) -> Current | None:
        """The pointer, or None before the first publish."""
        path = self.root / "CURRENT.json"
        try:
            return Current.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise SnapshotError("CURRENT.json is not a pointer", hint=ROLLBACK) from error

    def current_path(self) -> Path:
        """The folder of the version in force, its manifest checked against the pointer."""
        current = self.current()
        if current is None:
            raise SnapshotError("nothing has been published yet", hint="creatordex publish")
        folder = self.path(current.version)
        if file_entry(folder / MANIFEST).sha256 != current.manifest_sha256:
            raise SnapshotError(f"the manifest of {folder.name} is not the one that was published", hint=ROLLBACK)
        return folder

    def identity(self, version: int | None) -> str | None:
        """The snapshot id of a version, None for none."""
        return None if version is None else read_manifest(self.path(version)).snapshot_id

    def newest(self) -> int | None:
        return max(self.numbers(), default=None)

    def promote(self, version: int, *, pinned: bool = False) -> None:
        """Make a version the one in force."""
        manifest = file_entry(self.path(version) / MANIFEST)
        self.point_at(Current(version=version, manifest_sha256=manifest.sha256, pinned=pinned))

    def point_at(self, pointer: Current) -> None:
        """Put a pointer in the place of the former one, in one step."""
        replace_file(self.root / "CURRENT.json", pointer_bytes(pointer))

    def roll_back(self, version: int) -> None:
        """Verify a version, make it the one in force and pin it there."""
        verify_version(self.path(version))
        self.promote(version, pinned=True)

    def unpin(self) -> int:
        """Take the pin away and make the newest version the one in force. Returns its number."""
        newest = self.newest()
        if newest is None:
            raise SnapshotError("nothing has been published yet", hint="creatordex publish")
        verify_version(self.path(newest))
        self.promote(newest)
        return newest

    def retire_old(self, *, grace_seconds: float = GRACE_SECONDS) -> list[int]:
        """Remove versions that were superfluous for some time and still are. Returns what went."""
        now = file_system_time(self.root)
        listed = self._retiring()
        superfluous = self._superfluous(now)
        due = sorted(version for version in superfluous if now - listed.get(version, now) >= grace_seconds)
        for version in due:
            trash = self.root / f"{_TRASH}{folder_name(version)}"
            self.path(version).replace(trash)  # in one step: nobody opens a half-removed version
            shutil.rmtree(trash)
        rest = {version: listed.get(version, now) for version in sorted(superfluous.difference(due))}
        if rest != listed:
            replace_file(self.root / "retiring.json", json.dumps(rest).encode())
        return due

    def _superfluous(self, now: float) -> set[int]:
        current = self.current()
        dates = {version: _made_for(self.path(version)) for version in self.numbers()}
        return versions_to_retire(
            dates,
            current=current.version if current else None,
            leased=leased_versions(self.root, now=now),
            held_up_to=read_takedowns(self.root).held_up_to,
        )

    def _retiring(self) -> dict[int, float]:
        try:
            listed = json.loads((self.root / "retiring.json").read_bytes())
            return {int(version): float(since) for version, since in listed.items()}
        except (FileNotFoundError, ValueError):  # without the list, everything waits once more
            return {}

    @property
    def _folder(self) -> Path:
        return self.root / "versions"


def link_unchanged(staged: Path, parent: Path) -> int:
    """Let a staged version share the files that it has in common with its parent. Returns how many."""
    theirs = {entry: path for path, entry in read_manifest(parent).files.items()}
    shared = 0
    for path, entry in read_manifest(staged).files.items():
        if (same := theirs.get(entry)) and file_entry(parent / same) == entry:
            aside = (staged / path).with_name(f".{Path(path).name}.link")
            aside.hardlink_to(parent / same)
            aside.replace(staged / path)
            shared += 1
    return shared


def _made_for(folder: Path) -> date:
    """The day a version was made for: its run's `as_of`, or when its manifest was written."""
    as_of = read_manifest(folder).execution.get("as_of")
    if isinstance(as_of, str):
        return datetime.fromisoformat(as_of).date()
    return datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC).date()


def require_whole(directory: Path, paths: Iterable[str]) -> None:
    """Read these files back. Raises SnapshotError naming each that does not agree with the manifest."""
    entries = read_manifest(directory).files
    wrong = [path for path in paths if not _agrees(directory / path, entries[path])]
    if wrong:
        raise SnapshotError(f"{directory.name} disagrees with its manifest: {', '.join(wrong)}", hint=ROLLBACK)


def verify_version(directory: Path) -> int:
    """Read every file back; returns how many agree. Raises SnapshotError naming each that does not."""
    manifest = read_manifest(directory)
    require_whole(directory, manifest.files)
    # From the raw text: a minor version newer than this reader may have fields it does not know.
    content = json.loads((directory / MANIFEST).read_bytes())["content"]
    if sha256_hex(canonical_json(content)) != manifest.snapshot_id:
        raise SnapshotError(f"the manifest of {directory.name} was changed after it was written", hint=ROLLBACK)
    return len(manifest.files)


def _agrees(path: Path, entry: object) -> bool:
    return path.is_file() and file_entry(path) == entry
