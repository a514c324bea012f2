"""A night repeated changes nothing, and a night killed anywhere ends as if nothing had happened."""

import shutil
from pathlib import Path

import pytest

from tests.journeys.nights import creatordex, current_snapshot, differing_tables, dump, nightly

pytestmark = pytest.mark.slow


def test_a_night_goes_from_payloads_to_a_searchable_snapshot(night_home: Path):
    """SYS-02: every stage ran and left its rows."""
    rows = dump(night_home)
    for table in ("raw_payloads", "raw_entities", "accounts", "content_items", "metric_snapshots", "account_activity"):
        assert rows[table], table
    for table in ("content_vectors", "account_vectors", "creators", "members", "candidate_pairs", "creator_vectors"):
        assert rows[table], table
    assert len(rows["members"]) == len(rows["accounts"]), "every account belongs to exactly one creator (IDN-02)"
    assert len({row[0] for row in rows["enrichments"]}) == len(rows["creators"]), "labelled once per creator (IDN-13)"
    assert current_snapshot(night_home)["content"]


def test_the_second_night_writes_nothing_outside_runs(night_home: Path, corpus_files: list[Path], tmp_path: Path):
    """SYS-06, EMB-04: no row, no call, no snapshot."""
    home = tmp_path / "home"
    shutil.copytree(night_home, home)
    result = nightly(home, corpus_files)
    assert result.returncode == 0, result.stderr
    assert differing_tables(night_home, home) == []
    assert current_snapshot(home) == current_snapshot(night_home)
    assert sorted(path.name for path in (home / "snapshots" / "versions").iterdir()) == ["v00000001"]


@pytest.mark.parametrize(
    "crashes",
    [
        ("ingest_accounts:1", "embed_accounts:2", "resolve_creators:1", "publish_index:1", "publish_index:3"),
        ("ingest_accounts:3", "embed_accounts:1", "enrich_creators:1", "embed_creators:1", "publish_index:2",
         "publish_index:4"),
    ],
)  # fmt: skip
def test_a_night_killed_again_and_again_resumes_to_the_same_state(
    night_home: Path, corpus_files: list[Path], tmp_path: Path, crashes: tuple[str, ...]
):
    """SYS-06: kill -9 at a durable step of every stage; each resumption is killed at the next."""
    home = tmp_path / "home"
    for crash in crashes:
        assert nightly(home, corpus_files, crash=crash).returncode == -9, crash
    resumed = nightly(home, corpus_files)
    assert resumed.returncode == 0, resumed.stderr
    assert differing_tables(night_home, home) == []
    assert current_snapshot(home)["content"] == current_snapshot(night_home)["content"]
    assert not list((home / "snapshots").glob(".staging*")), "a killed publication leaves nothing behind"


def test_the_order_of_deliveries_does_not_matter(night_home: Path, corpus_files: list[Path], tmp_path: Path):
    home = tmp_path / "home"
    assert nightly(home, list(reversed(corpus_files))).returncode == 0
    assert differing_tables(night_home, home) == []


def test_renormalize_rebuilds_the_same_store_from_raw_alone(night_home: Path, tmp_path: Path):
    """NRM-07"""
    home = tmp_path / "home"
    shutil.copytree(night_home, home)
    result = creatordex(home, "renormalize", "--as-of", "2026-03-01T06:00:00Z")
    assert result.returncode == 0, result.stderr
    assert differing_tables(night_home, home) == []


def test_a_judgement_splits_what_the_machine_merged_and_survives_the_next_night(
    night_home: Path, corpus_files: list[Path], tmp_path: Path
):
    """SYS-07, IDN-12, IDN-15"""
    home = tmp_path / "home"
    shutil.copytree(night_home, home)
    left, right = _a_merged_pair(home)
    assert creatordex(home, "judge", left, right, "different", "--by", "ann").returncode == 0
    for _night in range(2):
        assert nightly(home, corpus_files).returncode == 0
        creators = dict(row[:2] for row in dump(home)["members"])
        assert creators[left] != creators[right]


def _a_merged_pair(home: Path) -> tuple[str, str]:
    by_creator: dict[str, list[str]] = {}
    for account, creator, _since in dump(home)["members"]:
        by_creator.setdefault(str(creator), []).append(str(account))
    return next((pair[0], pair[1]) for pair in by_creator.values() if len(pair) == 2)
