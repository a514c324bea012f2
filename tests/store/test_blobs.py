"""Raw bytes are kept unmodified, once, and whole."""

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.errors import StoreError
from store.blobs import BlobStore


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "raw")


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


def test_a_large_file_is_compressed_and_read_line_by_line(blobs: BlobStore, tmp_path: Path) -> None:
    """NRM-05: compressed at rest."""
    source = tmp_path / "payload.jsonl"
    source.write_bytes(b'{"a": "the same words again and again"}\n' * 200_000)
    digest = blobs.put(source)
    (stored,) = (tmp_path / "raw").rglob("*.zst")
    assert stored.stat().st_size < source.stat().st_size / 20
    with blobs.open(digest) as stream:
        assert sum(1 for _line in stream) == 200_000


def test_a_gzip_delivery_is_kept_as_delivered(blobs: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "payload.jsonl.gz"
    source.write_bytes(gzip.compress(b"line\n" * 1000))
    digest = blobs.put(source)
    with blobs.open(digest) as stream:
        assert stream.read() == source.read_bytes()


def test_bytes_kept_once_are_not_written_again(blobs: BlobStore, tmp_path: Path) -> None:
    first = blobs.put(b"payload")
    (stored,) = (tmp_path / "raw").rglob("*.zst")
    written = stored.stat().st_mtime_ns
    assert blobs.put(b"payload") == first
    assert stored.stat().st_mtime_ns == written


def test_a_write_that_fails_leaves_no_file(blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="no space"):
        blobs.put(b"payload")
    assert [path for path in (tmp_path / "raw").rglob("*") if path.is_file()] == []
    assert not blobs.exists(hashlib.sha256(b"payload").hexdigest())


def test_damaged_bytes_are_noticed(blobs: BlobStore, tmp_path: Path) -> None:
    digest = blobs.put(b"payload " * 100)
    (stored,) = (tmp_path / "raw").rglob("*.zst")
    stored.write_bytes(stored.read_bytes()[:-3] + b"xyz")
    with pytest.raises(StoreError):
        blobs.verify(digest)


def test_bytes_that_are_not_here_are_an_error_with_a_hint(blobs: BlobStore) -> None:
    with pytest.raises(StoreError, match="no raw bytes"), blobs.open("0" * 64):
        pass
