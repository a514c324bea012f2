"""From rows in the store to a version in force."""

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from base.errors import GateRefused
from base.fingerprint import creator_id_for
from index.snapshot import Snapshot
from index.versions import Versions, verify_version
from jobs.keep_snapshots import list_snapshots, roll_back_snapshot, unpin_snapshot, verify_snapshot
from jobs.publish_index import publish_index
from providers.hashing import HashingEmbedder
from search.searcher import SearchResult, open_snapshot
from store.session import Store
from store.tables import (
    AccountAlias,
    CreatorAccount,
    CreatorAlias,
    CreatorChange,
    CreatorVector,
    Enrichment,
    JudgementRow,
)
from tests.factories import AS_OF, a_snapshot, address_of, an_account, home_of, put_snapshots
from tests.forks import forked
from tests.jobs.publishing import PEOPLE, add_creator, fill, publish, publish_again, publishing_context


def root_of(store: Store) -> Path:
    return home_of(store) / "snapshots"


def in_force(store: Store) -> Snapshot:
    return Snapshot(Versions(root_of(store)).current_path())


def search(store: Store, text: str, **filters: Any) -> SearchResult:
    return open_snapshot(root_of(store), HashingEmbedder()).search(text, **filters)


def add(store: Store, *rows: Any) -> None:
    with store.writing() as session:
        session.add_all(rows)


def judge(left: str, right: str, verdict: str = "different", day: int = 0) -> JudgementRow:
    return JudgementRow(left=left, right=right, decided_at=AS_OF + timedelta(day), reviewer="kim", verdict=verdict)


def test_what_the_store_knows_can_be_searched(store: Store):
    """SYS-08."""
    fill(store)
    report = publish(store)
    assert report.details["published"]
    assert report.details["version"] == 1
    assert report.details["coverage"] == {"labels": 1.0, "vectors": 1.0, "youtube_bio": 1.0}
    hit = search(store, "home workouts").hits[0]
    assert (hit.creator["handle"], hit.creator["summary"]) == ("ann", "ann in a sentence.")
    assert hit.creator["activity"] == "active"
    assert hit.creator["quality_engagement"] == 0.5
    assert hit.explanation.niche_match == ()
    assert verify_version(Versions(root_of(store)).current_path()) == 11


def test_a_second_publish_of_the_same_rows_publishes_nothing(store: Store):
    """SYS-06."""
    fill(store)
    publish(store)
    before = (root_of(store) / "CURRENT.json").read_bytes()
    report = publish(store)
    assert (report.details["published"], report.details["state"], report.details["version"]) == (False, "unchanged", 1)
    assert (root_of(store) / "CURRENT.json").read_bytes() == before
    assert Versions(root_of(store)).numbers() == [1]


def test_a_later_night_without_changes_publishes_nothing(store: Store):
    fill(store)
    publish(store)
    later = publishing_context(store)
    later.as_of += timedelta(days=40)
    assert not publish_index(later).details["published"]


def test_a_change_is_a_new_version_with_a_parent(store: Store):
    fill(store)
    publish(store)
    add_creator(store, [an_account("dee", bio="violin for beginners")])
    assert publish(store).details["version"] == 2
    assert in_force(store).manifest.parent == 1
    assert search(store, "violin").hits[0].creator["handle"] == "dee"


def test_other_weights_are_another_version(store: Store):
    """SRC-10: weights come from the settings and are frozen in the manifest."""
    fill(store)
    publish(store)
    assert publish(store, scoring={"keyword_weight": 0.7}).details["version"] == 2
    assert in_force(store).content.scoring.keyword_weight == 0.7


def test_only_vectors_of_the_recipe_in_force_are_published(store: Store):
    """EMB-06."""
    fill(store)
    (creator_id, *_) = [creator_id_for(f"youtube:id-{handle}") for handle in PEOPLE]
    stray = {"recipe_fingerprint": "another", "input_fingerprint": "v", "vector": b"\0\0", "updated_at": AS_OF}
    add(store, CreatorVector(creator_id=creator_id, field="youtube_content", **stray))
    publish(store)
    assert set(in_force(store).fields) == {"youtube_bio"}


def test_gone_accounts_are_not_shown_and_gone_creators_not_found(store: Store):
    fill(store)
    with store.writing() as session:
        session.get_one(CreatorAccount, "youtube:id-ann").state = "gone"
    publish(store)
    assert {hit.creator["handle"] for hit in search(store, "").hits} == {"bob", "cy"}


def test_retired_ids_and_changes_travel_with_the_snapshot(store: Store):
    fill(store)
    ann = creator_id_for("youtube:id-ann")
    add(store, CreatorAlias(retired_id="cr_old", creator_id=ann, retired_at=AS_OF))
    add(store, CreatorChange(as_of=AS_OF, creator_id=ann, change="merge", other_id="cr_old"))
    assert publish(store).details["counts"]["aliases"] == 1
    assert in_force(store).aliases == {"cr_old": ann}


@pytest.mark.parametrize("key", ["instagram:id-ann", "instagram:@ann"])
def test_a_pair_judged_different_inside_one_creator_blocks_publishing(store: Store, key: str):
    """GOV-10: also when the judgement names an account by its former key."""
    fill(store, {"bob": "bread"})
    publish(store)
    add_creator(store, [an_account("ann", bio="yoga"), an_account("ann", platform="instagram")])
    add(store, AccountAlias(alias_key="instagram:@ann", account_key="instagram:id-ann", created_at=AS_OF))
    add(store, judge(key, "youtube:id-ann"))
    with pytest.raises(GateRefused, match="judged different") as refused:
        publish(store, gate={"max_creator_count_change": 9})
    assert refused.value.exit_code == 4
    assert Versions(root_of(store)).numbers() == [1]
    assert not list(root_of(store).glob(".staging*"))
    assert len(in_force(store)) == 1, "the version in force stays"


def test_a_judgement_that_was_taken_back_blocks_nothing(store: Store):
    add_creator(store, [an_account("ann", bio="yoga"), an_account("ann", platform="instagram")])
    add(store, judge("instagram:id-ann", "youtube:id-ann"), judge("instagram:id-ann", "youtube:id-ann", "same", day=1))
    assert publish(store).details["published"]


def test_a_pair_judged_different_that_stands_apart_blocks_nothing(store: Store):
    fill(store)
    add(store, judge("youtube:id-ann", "youtube:id-bob"))
    assert publish(store).details["published"]


def test_an_empty_store_is_refused(store: Store):
    with pytest.raises(GateRefused, match="empty"):
        publish(store)


def test_a_jump_of_the_creator_count_is_refused(store: Store):
    """GOV-10."""
    fill(store)
    publish(store)
    fill(store, {f"new{number}": "bio" for number in range(3)})
    with pytest.raises(GateRefused, match="6 creators after 3"):
        publish(store)


def test_missing_labels_are_refused(store: Store):
    fill(store)
    with store.writing() as session:
        session.get_one(Enrichment, (creator_id_for("youtube:id-ann"), "i", "r")).is_current = False
    with pytest.raises(GateRefused, match=r"only 66\.7% of creators have labels"):
        publish(store)


def test_a_pinned_version_stays_in_force_until_it_is_unpinned(store: Store):
    fill(store)
    publish(store)
    add_creator(store, [an_account("dee", bio="violin")])
    publish(store)
    roll_back_snapshot(root_of(store), 1)
    add_creator(store, [an_account("eli", bio="chess")])
    report = publish(store, gate={"max_creator_count_change": 9})
    assert (report.details["version"], report.details["in_force"], report.details["published"]) == (3, 1, False)
    assert report.details["state"] == "version 1 is pinned"
    again = publish(store, gate={"max_creator_count_change": 9})
    assert (again.details["version"], Versions(root_of(store)).numbers()) == (3, [1, 2, 3])
    assert [entry.state for entry in list_snapshots(root_of(store))] == ["in force, pinned", "", ""]
    assert unpin_snapshot(root_of(store)) == 3
    assert verify_snapshot(root_of(store)) == (3, 11)
    assert publish(store).details["state"] == "unchanged"


@pytest.mark.parametrize("step", [1, 2, 3, 4], ids=["after files", "after manifest", "after rename", "after pointer"])
def test_a_publish_killed_at_any_step_and_run_again_ends_the_same(store: Store, step: int):
    """SYS-08: and whatever was in force before can be read in between."""
    fill(store)
    publish(store)
    add_creator(store, [an_account("dee", bio="violin for beginners")])
    killed = forked(publish_again, address_of(store), str(home_of(store)), CREATORDEX_CRASH=f"publish_index:{step}")
    assert killed.returncode == -signal.SIGKILL
    assert len(in_force(store)) == (4 if step == 4 else 3)
    verify_version(Versions(root_of(store)).current_path())
    publish(store)
    assert Versions(root_of(store)).numbers() == [1, 2]
    assert len(in_force(store)) == 4
    assert not list(root_of(store).glob(".*-v*"))


def test_the_same_rows_give_the_same_snapshot_in_another_home(store: Store, tmp_path: Path):
    fill(store)
    publish(store)
    first = in_force(store).manifest
    (root_of(store)).rename(tmp_path / "kept")
    publish(store)
    assert in_force(store).manifest.snapshot_id == first.snapshot_id


def test_growth_comes_from_two_measurements_of_one_series(store: Store):
    """SRC: emerging; a redefined number starts a new series."""
    fill(store)
    measured = {"ann": [(40, 1_000, "v1"), (2, 1_500, "v1")], "bob": [(40, 1_000, "v1"), (2, 1_500, "v2")]}
    put_snapshots(store, *(
        a_snapshot(entity_key=f"youtube:id-{handle}", value=value, as_of=AS_OF - timedelta(days),
                   definition_version=definition)
        for handle, rows in measured.items() for days, value, definition in rows
    ))  # fmt: skip
    publish(store)
    found = {row["handle"]: row["momentum"] for row in in_force(store).rows(np.arange(3))}
    assert found == {"ann": "rising", "bob": None, "cy": None}
