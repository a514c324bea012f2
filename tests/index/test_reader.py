"""A reader follows publishes and takedowns without dropping what it answers from."""

from pathlib import Path

import pytest

from base.errors import SnapshotError
from index.leases import leased_versions
from index.reader import Reader
from index.takedowns import FILE, add_takedown, read_takedowns
from index.versions import Versions
from tests.index.snapshots import a_creator, input_of, write_snapshot

SOON = 0.0


def publish(versions: Versions, *names: str) -> int:
    with versions.writing():
        number = versions.next_number()
        with versions.staging(number) as staged:
            write_snapshot(staged, input_of([a_creator(name) for name in names]), number)
            versions.place(staged, number)
        versions.promote(number)
    return number


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    versions = Versions(tmp_path / "snapshots")
    publish(versions, "ann", "bob")
    return versions


def test_before_the_first_publish_there_is_nothing_to_read(tmp_path: Path):
    with pytest.raises(SnapshotError, match="nothing has been published"):
        Reader(tmp_path)


def test_a_new_version_is_followed_and_an_open_request_keeps_its_own(versions: Versions):
    reader = Reader(versions.root)
    assert not reader.refresh()
    with reader.opened() as before:
        publish(versions, "ann", "bob", "cy")
        assert reader.refresh()
        with reader.opened() as after:
            assert (len(before.snapshot), len(after.snapshot)) == (2, 3)
        assert before.snapshot.texts([0])
        assert leased_versions(versions.root, now=SOON) == {1, 2}
    assert leased_versions(versions.root, now=SOON) == {2}
    reader.close()
    assert leased_versions(versions.root, now=SOON) == set()


def test_leases_are_renewed_while_the_reader_lives(versions: Versions):
    seconds = [0.0]
    reader = Reader(versions.root, clock=lambda: seconds[0])
    (path,) = (versions.root / "leases").iterdir()
    before = path.stat().st_mtime_ns
    reader.refresh()
    assert path.stat().st_mtime_ns == before
    seconds[0] = 20.0
    reader.refresh()
    assert path.stat().st_mtime_ns > before


@pytest.mark.parametrize(
    "named", [{"creator_ids": ["cr_ann"]}, {"account_keys": ["youtube:cr_ann"]}], ids=["by id", "by account"]
)
def test_a_takedown_hides_without_a_publish(versions: Versions, named: dict):
    reader = Reader(versions.root)
    with reader.opened() as view:
        assert view.hidden is None
    add_takedown(versions.root, **({"creator_ids": [], "account_keys": []} | named), newest=1)
    assert reader.refresh()
    with reader.opened() as view:
        assert view.hidden is not None
        assert view.hidden.tolist() == [True, False]
        assert view.kept().tolist() == [False, True]
        assert view.kept(view.hidden).tolist() == [False, False]
        assert (view.is_hidden("cr_ann"), view.is_hidden("cr_bob"), view.is_hidden("cr_no")) == (True, False, False)


def test_takedowns_add_up(tmp_path: Path):
    add_takedown(tmp_path, ["cr_b"], ["x:1"], newest=4)
    taken = add_takedown(tmp_path, ["cr_a", "cr_b"], [], newest=2)
    assert taken == read_takedowns(tmp_path)
    assert taken.model_dump() == {"creator_ids": ("cr_a", "cr_b"), "account_keys": ("x:1",), "held_up_to": 4}


def test_a_broken_list_of_takedowns_stops_a_reader(versions: Versions):
    (versions.root / FILE).write_text("[")
    with pytest.raises(SnapshotError, match="takedowns"):
        Reader(versions.root)
