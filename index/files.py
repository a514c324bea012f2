"""Files that survive a power cut, and what a manifest says of them."""

import hashlib
import os
from pathlib import Path

from index.manifest import FileEntry


def sync(path: Path) -> None:
    """Push a file's bytes, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step: a reader sees the old bytes or the new ones."""
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(data)
    sync(aside)
    aside.replace(path)
    sync(path.parent)


def folder_name(version: int) -> str:
    """
    >>> folder_name(42)
    'v00000042'
    """
    return f"v{version:08d}"


def file_entry(path: Path) -> FileEntry:
    """Size and sha256 as they stand on the disk."""
    with path.open("rb") as file:
        return FileEntry(bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())
