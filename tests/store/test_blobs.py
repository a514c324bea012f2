"""Raw bytes are kept unmodified, once, and whole: in a folder and at a URL."""

import gzip
import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.errors import ConfigError, StoreError
from store.blobs import BlobStore
from store.folders import folder_at

PLACES: dict[str, Callable[[Path], Path | str]] = {
    "folder": lambda folder: folder / "raw",
    "file URL": lambda folder: f"file://{folder}/raw",
    "memory URL": lambda _folder: f"memory://{uuid.uuid4()}/raw",
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return PLACES[request.param](tmp_path)


@pytest.fixture
def blobs(place: Path | str) -> BlobStore:
    return BlobStore(place)


def stored_files(place: Path | str) -> dict[str, bytes]:
    """Path → bytes of every file that lies there, finished or not."""
    files, root = fsspec.core.url_to_fs(str(place))
    return {path: files.cat_file(path) for path in files.find(root)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.binary(max_size=5_000))
def test_bytes_out_are_bytes_in(blobs: BlobStore, payload: bytes) -> None:
    """NRM-05: stored unmodified under their own sha256."""
    digest = blobs.put(payload)
    assert digest == hashlib.sha256(payload).hexdigest()
    with blobs.open(digest) as stream:
        assert stream.read() == payload
    assert blobs.byte_length(digest) == len(payload)
    blobs.verify(digest)


def test_a_large_file_is_compressed_and_read_line_by_line(blobs: BlobStore, place: Path | str, tmp_path: Path) -> None:
    """NRM-05: compressed at rest."""
    source = tmp_path / "payload.jsonl"
    source.write_bytes(b'{"a": "the same words again and again"}\n' * 200_000)
    digest = blobs.put(source)
    (stored,) = stored_files(place).values()
    assert len(stored) < source.stat().st_size / 20
    with blobs.open(digest) as stream:
        assert sum(1 for _line in stream) == 200_000


def test_a_gzip_delivery_is_kept_as_delivered(blobs: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "payload.jsonl.gz"
    source.write_bytes(gzip.compress(b"line\n" * 1000))
    digest = blobs.put(source)
    with blobs.open(digest) as stream:
        assert stream.read() == source.read_bytes()


def test_bytes_kept_once_are_not_written_again(blobs: BlobStore, place: Path | str) -> None:
    first = blobs.put(b"payload")
    (path,) = stored_files(place)
    files, _root = fsspec.core.url_to_fs(str(place))
    files.pipe_file(path, b"a mark")
    assert blobs.put(b"payload") == first
    assert stored_files(place) == {path: b"a mark"}


def test_the_same_bytes_are_stored_the_same_everywhere(tmp_path: Path) -> None:
    """NRM-09: a raw folder can be copied to an object store and back."""
    found = []
    for make in PLACES.values():
        place = make(tmp_path)
        BlobStore(place).put(b"payload")
        (stored,) = stored_files(place).items()
        found.append(("/".join(stored[0].split("/")[-2:]), stored[1]))
    assert found == [found[0]] * len(PLACES)


def test_a_write_that_fails_leaves_no_file(place: Path | str) -> None:
    folder = folder_at(place)
    with pytest.raises(OSError, match="no space"), folder.writing("ab/cd") as target:
        target.write(b"half of it")
        raise OSError("no space left")
    assert not folder.exists("ab/cd")
    assert stored_files(place) == {}


def test_a_disk_that_does_not_keep_the_bytes_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="no space"):
        BlobStore(tmp_path / "raw").put(b"payload")
    assert stored_files(tmp_path / "raw") == {}


def test_damaged_bytes_are_noticed(blobs: BlobStore, place: Path | str) -> None:
    digest = blobs.put(b"payload " * 100)
    ((path, stored),) = stored_files(place).items()
    files, _root = fsspec.core.url_to_fs(str(place))
    files.pipe_file(path, stored[:-3] + b"xyz")
    with pytest.raises(StoreError):
        blobs.verify(digest)


def test_an_address_that_nothing_can_reach_is_a_settings_error() -> None:
    with pytest.raises(ConfigError, match="zz://"):
        BlobStore("zz://bucket/raw")


def test_bytes_that_are_not_here_are_an_error_with_a_hint(blobs: BlobStore) -> None:
    with pytest.raises(StoreError, match="no raw bytes"), blobs.open("0" * 64):
        pass
