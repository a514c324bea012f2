"""SYS-08: what is in force travels to a folder or an object store and on to readers, whole or not at all."""

import json
import uuid
from pathlib import Path

import pytest

from base.errors import SnapshotError, StoreLocked
from index.reader import Reader
from index.takedowns import add_takedown
from index.versions import Versions, verify_version
from jobs.mirror_snapshots import pull_snapshot, push_snapshot
from store.folders import folder_at
from tests.index.test_reader import publish


@pytest.fixture(params=["folder", "object store"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "there") if request.param == "folder" else f"memory://{uuid.uuid4().hex}"


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    versions = Versions(tmp_path / "publisher")
    publish(versions, "ann", "bob")
    return versions


def test_what_is_in_force_arrives_and_is_followed(versions: Versions, tmp_path: Path, url: str):
    here = Versions(tmp_path / "reader")
    assert push_snapshot(versions.root, url).files > 10
    assert push_snapshot(versions.root, url).files == 0
    assert pull_snapshot(url, here.root).files > 10
    assert pull_snapshot(url, here.root).files == 0
    reader = Reader(here.root)
    publish(versions, "ann", "bob", "cy")
    push_snapshot(versions.root, url)
    pull_snapshot(url, here.root)
    assert reader.refresh()
    with reader.opened() as view:
        assert len(view.snapshot) == 3
    assert verify_version(here.current_path()) > 10


def test_a_takedown_travels_alone(versions: Versions, tmp_path: Path, url: str):
    push_snapshot(versions.root, url)
    pull_snapshot(url, tmp_path / "reader")
    reader = Reader(tmp_path / "reader")
    add_takedown(versions.root, ["cr_ann"], [], newest=1)
    assert push_snapshot(versions.root, url).files == 0
    pull_snapshot(url, tmp_path / "reader")
    assert reader.refresh()
    with reader.opened() as view:
        assert view.is_hidden("cr_ann")


def test_a_rollback_travels(versions: Versions, tmp_path: Path, url: str):
    publish(versions, "ann")
    push_snapshot(versions.root, url)
    pull_snapshot(url, tmp_path / "reader")
    versions.roll_back(1)
    push_snapshot(versions.root, url)
    pull_snapshot(url, tmp_path / "reader")
    current = Versions(tmp_path / "reader").current()
    assert current is not None
    assert (current.version, current.pinned, current.sequence) == (1, True, 2)


def test_two_publishers_cannot_overwrite_each_other(versions: Versions, tmp_path: Path, url: str):
    other = Versions(tmp_path / "other")
    publish(other, "dee")
    push_snapshot(versions.root, url)
    with pytest.raises(StoreLocked, match="another publisher"):
        push_snapshot(other.root, url)
    pull_snapshot(url, tmp_path / "reader")
    with Reader(tmp_path / "reader").opened() as view:
        assert view.snapshot.doc_of("cr_ann") == 0


def test_what_a_dead_publisher_left_is_finished(versions: Versions, tmp_path: Path, url: str):
    """It claimed the second move of the pointer and died before it made it."""
    push_snapshot(versions.root, url)
    there = folder_at(url)
    with there.open("CURRENT.json") as file:
        first = json.loads(file.read())
    assert there.create("pointers/00000002.json", json.dumps(first | {"sequence": 2}).encode())
    publish(versions, "ann", "bob", "cy")
    with pytest.raises(StoreLocked, match="push again"):
        push_snapshot(versions.root, url)
    push_snapshot(versions.root, url)
    assert pull_snapshot(url, tmp_path / "reader").version == 2


def test_a_file_that_is_not_whole_is_not_taken(versions: Versions, tmp_path: Path, url: str):
    push_snapshot(versions.root, url)
    with folder_at(url).writing("versions/v00000001/aliases.parquet") as file:
        file.write(b"harm")
    with pytest.raises(SnapshotError, match="aliases"):
        pull_snapshot(url, tmp_path / "reader")
    assert Versions(tmp_path / "reader").current() is None


def test_nothing_pushed_yet(tmp_path: Path, url: str):
    with pytest.raises(SnapshotError, match="nothing has been pushed"):
        pull_snapshot(url, tmp_path / "reader")
