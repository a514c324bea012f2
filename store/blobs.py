"""Raw bytes by their sha256, compressed at rest: bytes in = bytes out, whatever happens to the process."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import zstandard

from base.errors import StoreError
from store.folders import folder_at

CHUNK_BYTES = 1 << 20
FRAME_HEADER_BYTES = 18  # at most; it says how long the original is
COMPRESSION_LEVEL = 3  # API JSON shrinks about eightfold; higher levels cost more time than they save disk


class BlobStore:
    """Content-addressed files under `root`, a path or a URL, two levels deep: `ab/abcdef….zst`."""

    def __init__(self, root: Path | str) -> None:
        self._folder = folder_at(root)

    def put(self, payload: Path | bytes) -> str:
        """Keep the bytes of a file, or these bytes; returns their sha256. Bytes already kept are not written again."""
        with _opened(payload) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if not self.exists(digest):
                length = stream.seek(0, io.SEEK_END)
                stream.seek(0)
                self._write(digest, stream, length)
        return digest

    def exists(self, sha256: str) -> bool:
        return self._folder.exists(_name(sha256))

    @contextmanager
    def open(self, sha256: str) -> Iterator[io.BufferedReader]:
        """The original bytes as a stream. Raises StoreError when they are not here."""
        try:
            stored = self._folder.open(_name(sha256))
        except FileNotFoundError:
            raise StoreError(f"no raw bytes {sha256}", hint="restore the raw folder from a backup") from None
        with stored, zstandard.ZstdDecompressor().stream_reader(stored) as stream:
            yield io.BufferedReader(stream, CHUNK_BYTES)

    def byte_length(self, sha256: str) -> int:
        """Length of the original bytes."""
        with self._folder.open(_name(sha256)) as stored:
            return zstandard.frame_content_size(stored.read(FRAME_HEADER_BYTES))

    def verify(self, sha256: str) -> None:
        """Raises StoreError unless the stored bytes still have this sha256."""
        try:
            with self.open(sha256) as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except zstandard.ZstdError as error:
            raise StoreError(f"raw bytes {sha256} cannot be decompressed", hint="restore them from a backup") from error
        if found != sha256:
            raise StoreError(f"raw bytes {sha256} have changed: now {found}", hint="restore them from a backup")

    def _write(self, digest: str, stream: BinaryIO, length: int) -> None:
        with self._folder.writing(_name(digest)) as target:
            zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).copy_stream(stream, target, size=length)


def _name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}.zst"


@contextmanager
def _opened(payload: Path | bytes) -> Iterator[io.BytesIO | io.BufferedReader]:
    with io.BytesIO(payload) if isinstance(payload, bytes) else payload.open("rb") as stream:
        yield stream
