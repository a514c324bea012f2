"""SYS-08: which version is in force, whatever happened before."""

import subprocess
import sys
from pathlib import Path

import pytest

from base.errors import SnapshotError, StoreLocked
from index.files import folder_name
from index.versions import Versions
from tests.index.snapshots import a_creator, input_of, write_snapshot


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "snapshots")


def add(versions: Versions, bio: str) -> int:
    with versions.writing():
        number = versions.next_number()
        with versions.staging(number) as staged:
            write_snapshot(staged, input_of([a_creator(bio=bio)]), number)
            versions.place(staged, number)
    return number


def test_nothing_is_in_force_before_the_first_publish(versions: Versions):
    assert versions.current() is None
    with pytest.raises(SnapshotError, match="nothing has been published"):
        versions.current_path()


def test_promotion_moves_the_pointer(versions: Versions):
    for bio in ("one", "two"):
        versions.promote(add(versions, bio))
    assert versions.current_path().name == folder_name(2)


def test_an_unplaced_version_leaves_nothing(versions: Versions):
    with versions.writing(), versions.staging(versions.next_number()) as staged:
        (staged / "half").write_text("a file")
    assert sorted(path.name for path in versions.root.iterdir()) == ["versions", "writer.lock"]


def test_what_a_killed_writer_left_is_cleared(versions: Versions):
    versions.promote(add(versions, "one"))
    (versions.root / ".staging-v00000002").mkdir()
    (versions.root / ".trash-v00000000").mkdir()
    with versions.writing():
        assert not list(versions.root.glob(".*-v*"))


def test_two_writers_are_one_too_many(versions: Versions):
    code = "import sys, pathlib, index.versions as v\nwith v.Versions(pathlib.Path(sys.argv[1])).writing(): pass"
    with versions.writing():
        second = subprocess.run(
            [sys.executable, "-c", code, versions.root], capture_output=True, text=True, check=False
        )
    assert "StoreLocked" in second.stderr
    assert StoreLocked.exit_code == 75


def test_rollback_pins_and_unpin_returns_to_the_newest(versions: Versions):
    for bio in ("one", "two"):
        versions.promote(add(versions, bio))
    versions.roll_back(1)
    assert (current := versions.current()) is not None
    assert (current.version, current.pinned) == (1, True)
    assert versions.unpin() == 2
    assert (current := versions.current()) is not None
    assert (current.version, current.pinned) == (2, False)


def test_a_harmed_version_is_never_rolled_back_to(versions: Versions):
    for bio in ("one", "two"):
        versions.promote(add(versions, bio))
    (versions.path(1) / "aliases.parquet").write_bytes(b"")
    with pytest.raises(SnapshotError, match="aliases"):
        versions.roll_back(1)
    assert versions.current_path().name == folder_name(2)


def test_an_exchanged_manifest_is_not_opened(versions: Versions):
    versions.promote(add(versions, "one"))
    manifest = versions.path(1) / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    with pytest.raises(SnapshotError, match="not the one that was published"):
        versions.current_path()
