"""SYS-08: nothing that is read, pinned, recent or the last of its week goes; the rest goes in two steps."""

import os
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from index.leases import EXPIRY_SECONDS, Lease, leased_versions
from index.retention import versions_to_keep, versions_to_retire
from index.takedowns import add_takedown
from index.versions import Versions, link_unchanged
from tests.index.snapshots import a_creator, input_of, write_snapshot
from tests.index.test_versions import add

MONDAY = date(2026, 3, 2)
DAILY = {number: MONDAY + timedelta(days=number) for number in range(60)}


def test_the_newest_three_and_the_last_of_four_weeks_stay():
    kept = {DAILY[number]: number for number in versions_to_keep(DAILY)}
    sundays = [day for day in kept if day.isoweekday() == 7]
    assert sorted(kept.values())[-3:] == [57, 58, 59]
    assert len(sundays) == 3
    assert {day.isocalendar()[:2] for day in kept} == {(2026, week) for week in range(15, 19)}


def test_what_is_in_force_or_read_stays():
    retired = versions_to_retire(DAILY, current=1, leased={2, 3}, held_up_to=0)
    assert not retired & {1, 2, 3}
    assert retired == set(DAILY) - versions_to_keep(DAILY) - {1, 2, 3}


def test_versions_that_hold_a_taken_down_creator_go_once_a_clean_one_is_in_force():
    assert 58 not in versions_to_retire(DAILY, current=58, leased=(), held_up_to=58)
    assert versions_to_retire(DAILY, current=59, leased={57}, held_up_to=58) == set(DAILY) - {59, 57}


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "snapshots")


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_lease_holds_until_it_ends_or_expires(tmp_path: Path):
    now = time.time()
    first, second = Lease(tmp_path, 4, "a"), Lease(tmp_path, 7, "b")
    assert leased_versions(tmp_path, now=now) == {4, 7}
    first.end()
    assert leased_versions(tmp_path, now=now) == {7}
    assert leased_versions(tmp_path, now=now + EXPIRY_SECONDS + 5) == set()
    second.renew()
    assert leased_versions(tmp_path, now=now) == {7}


def test_a_superfluous_version_goes_in_two_steps_and_a_read_one_not_at_all(versions: Versions):
    for number in range(6):
        versions.promote(add(versions, str(number)))
    lease = Lease(versions.root, 2, "reader")
    assert versions.retire_old() == []
    assert versions.numbers() == [1, 2, 3, 4, 5, 6]
    assert versions.retire_old(grace_seconds=0) == [1, 3]
    lease.end()
    assert versions.retire_old() == []
    assert versions.retire_old(grace_seconds=0) == [2]
    assert versions.numbers() == [4, 5, 6]


def test_after_a_takedown_only_clean_versions_stay(versions: Versions):
    for number in range(3):
        versions.promote(add(versions, str(number)))
    add_takedown(versions.root, ["cr_ann"], [], newest=3)
    versions.retire_old(grace_seconds=0)
    assert versions.retire_old(grace_seconds=0) == []
    versions.promote(add(versions, "clean"))
    versions.retire_old(grace_seconds=0)
    versions.retire_old(grace_seconds=0)
    assert versions.numbers() == [4]


def test_equal_files_are_stored_once(tmp_path: Path):
    people = [a_creator("ann"), a_creator("bob", bio="yoga")]
    write_snapshot(tmp_path / "one", input_of(people))
    write_snapshot(tmp_path / "two", input_of(people))
    assert link_unchanged(tmp_path / "two", tmp_path / "one") > 5
    path = Path("shard=00000") / "creators.parquet"
    assert (tmp_path / "one" / path).samefile(tmp_path / "two" / path)
