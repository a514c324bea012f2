"""Snapshots at a folder or URL: sent there by one publisher, fetched from there by any number of readers.

Everything but `CURRENT.json` and `takedowns.json` is written once. Who creates `pointers/<n>.json` moves `CURRENT.json`
for the n-th time; of several publishers one succeeds, and what a dead one left half done is finished by the next.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from base.errors import SnapshotError, StoreLocked
from index.files import file_entry, folder_name, replace_file
from index.manifest import MANIFEST, read_manifest
from index.takedowns import FILE as TAKEDOWNS
from index.versions import Current, Versions, pointer_bytes, verify_version
from store.folders import Folder, folder_at

POINTER = "CURRENT.json"


@dataclass(frozen=True, slots=True)
class Mirrored:
    version: int
    #: sent or fetched; 0 when it was there already
    files: int


def push_snapshot(root: Path, url: str) -> Mirrored:
    """Send the version in force below `root`. Raises StoreLocked when another publisher was faster."""
    versions, there = Versions(root), folder_at(url)
    folder, current = versions.current_path(), versions.current()
    assert current is not None
    if (root / TAKEDOWNS).is_file():
        _send(root / TAKEDOWNS, there, TAKEDOWNS)  # before the version: whoever is in it must be hidden already
    before = _pointer(there)
    if before is not None and before.manifest_sha256 == current.manifest_sha256:
        return Mirrored(current.version, 0)
    sent = _send_version(folder, there, current.manifest_sha256)
    _move_pointer(there, current, before)
    return Mirrored(current.version, sent)


def pull_snapshot(url: str, root: Path) -> Mirrored:
    """Fetch what is in force there, verify it, put it in force below `root`. Raises SnapshotError when it cannot."""
    versions, there = Versions(root), folder_at(url)
    pointer, here = _pointer(there), versions.current()
    if pointer is None:
        raise SnapshotError("nothing has been pushed there yet", hint="creatordex snapshot push URL")
    with versions.writing():
        if there.exists(TAKEDOWNS):
            replace_file(root / TAKEDOWNS, _read(there, TAKEDOWNS))
        if here is not None and here.sequence >= pointer.sequence:
            return Mirrored(here.version, 0)
        fetched = 0 if _is_here(versions, pointer) else _fetch_version(versions, there, pointer)
        versions.point_at(pointer)
        versions.retire_old()
    return Mirrored(pointer.version, fetched)


def _send_version(folder: Path, there: Folder, manifest_sha256: str) -> int:
    name, sent = f"versions/{folder.name}", 0
    free = there.create(f"{name}/owner", manifest_sha256.encode())
    if not free and _read(there, f"{name}/owner").decode() != manifest_sha256:
        raise StoreLocked(f"{folder.name} there is of another publisher", hint="give each publisher its own URL")
    for path in [*read_manifest(folder).files, MANIFEST]:  # the manifest is last: without it there is no version
        if not there.exists(f"{name}/{path}"):
            _send(folder / path, there, f"{name}/{path}")
            sent += 1
    return sent


def _move_pointer(there: Folder, current: Current, before: Current | None) -> None:
    pointer = current.model_copy(update={"sequence": (before.sequence if before else 0) + 1})
    name = f"pointers/{pointer.sequence:08d}.json"
    if there.create(name, pointer_bytes(pointer)):
        _write(there, POINTER, pointer_bytes(pointer))
        return
    other = Current.model_validate_json(_read(there, name))
    if _pointer(there) == before:  # its owner died before it could move CURRENT, or is about to: both come to the same
        _write(there, POINTER, pointer_bytes(other))
    raise StoreLocked(f"another publisher put version {other.version} in force there", hint="push again")


def _fetch_version(versions: Versions, there: Folder, pointer: Current) -> int:
    name = f"versions/{folder_name(pointer.version)}"
    with versions.staging(pointer.version) as staged:
        _fetch(there, f"{name}/{MANIFEST}", staged / MANIFEST)
        if file_entry(staged / MANIFEST).sha256 != pointer.manifest_sha256:
            raise SnapshotError(f"the manifest of {name} is not the one that was published", hint="pull again")
        paths = list(read_manifest(staged).files)
        for path in paths:
            _fetch(there, f"{name}/{path}", staged / path)
        verify_version(staged)
        versions.place(staged, pointer.version)
    return len(paths) + 1


def _is_here(versions: Versions, pointer: Current) -> bool:
    if pointer.version not in versions.numbers():
        return False
    if file_entry(versions.path(pointer.version) / MANIFEST).sha256 != pointer.manifest_sha256:
        raise SnapshotError(
            f"version {pointer.version} here is another one than there", hint="pull into a home that publishes nothing"
        )
    return True


def _pointer(there: Folder) -> Current | None:
    return Current.model_validate_json(_read(there, POINTER)) if there.exists(POINTER) else None


def _read(there: Folder, name: str) -> bytes:
    with there.open(name) as source:
        return source.read()


def _write(there: Folder, name: str, data: bytes) -> None:
    with there.writing(name) as target:
        target.write(data)


def _send(path: Path, there: Folder, name: str) -> None:
    with path.open("rb") as source, there.writing(name) as target:
        shutil.copyfileobj(source, target)


def _fetch(there: Folder, name: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with there.open(name) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
