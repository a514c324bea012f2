"""Folders of immutable files, on this machine or at any fsspec URL (`s3://…`, `gs://…`, `memory://…`).

A file appears whole under its name or not at all: here it is written aside, synced and renamed; elsewhere it is
finished on this machine first and sent in one piece.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

import fsspec

from base.errors import ConfigError


class Folder(Protocol):
    """Files by their names, which may hold slashes."""

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""

    def open(self, name: str) -> IO[bytes]:
        """The file, for reading. Raises FileNotFoundError when there is none."""

    def writing(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """An open file that appears under its name at the end; after an error there is none."""

    def create(self, name: str, data: bytes) -> bool:
        """Put `data` under a name that is free; False when it is not. Of several who try, one succeeds."""


def folder_at(place: Path | str) -> Folder:
    """The folder at a path or URL. Raises ConfigError when nothing here can speak to the URL."""
    if isinstance(place, Path) or "://" not in place:
        return LocalFolder(Path(place))
    if place.startswith("file://"):
        return LocalFolder(Path(place.removeprefix("file://")))
    return UrlFolder(place)


class LocalFolder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def exists(self, name: str) -> bool:
        return (self._root / name).is_file()

    def open(self, name: str) -> IO[bytes]:
        return (self._root / name).open("rb")

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as target:
                yield target
                target.flush()
                os.fsync(target.fileno())
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise

    def create(self, name: str, data: bytes) -> bool:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part") as aside:
            aside.write(data)
            aside.flush()
            os.fsync(aside.fileno())
            try:
                path.hardlink_to(aside.name)
            except FileExistsError:
                return False
        return True


class UrlFolder:
    """A folder that fsspec can reach; credentials are found where its file system looks for them."""

    def __init__(self, url: str) -> None:
        scheme = url.partition("://")[0]
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ConfigError(
                f"nothing here can reach {scheme}:// addresses",
                hint="install the fsspec package for it: s3fs for s3://, gcsfs for gs://, adlfs for az://",
            ) from error

    def exists(self, name: str) -> bool:
        return bool(self._files.isfile(self._path(name)))

    def open(self, name: str) -> IO[bytes]:
        stream: IO[bytes] = self._files.open(self._path(name), "rb")
        return stream

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        with tempfile.NamedTemporaryFile() as target:
            yield target
            target.flush()
            self._files.put_file(target.name, self._path(name))

    def create(self, name: str, data: bytes) -> bool:
        try:
            self._files.pipe_file(self._path(name), data, mode="create")
        except FileExistsError:
            return False
        return True

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"
