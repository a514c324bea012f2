"""The views say what the tables say, in words and instants one can read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlmodel import select

from store.migrate import upgrade
from store.session import Store
from store.tables import (
    AccountAlias,
    AccountRelation,
    CandidatePair,
    Creator,
    CreatorMember,
    Enrichment,
    JudgementRow,
    MemberChange,
)
from store.views import VIEWS
from tests.factories import AS_OF, a_snapshot, an_account, put_snapshots

READABLE = "2026-03-01T02:00:00Z"
KEYS = ("youtube:id-ann", "x:id-fan")


@pytest.fixture
def bare(bare_address):
    """A database without a schema."""
    store = Store(bare_address)
    yield store
    store.close()


@pytest.fixture
def migrated(bare):
    upgrade(bare)
    return bare


def rows(store: Store, sql: str) -> list[dict[str, Any]]:
    with store.engine.connect() as connection:
        return [
            {name: _as_text(value) for name, value in row.items()} for row in connection.execute(text(sql)).mappings()
        ]


def _as_text(value: Any) -> Any:
    """Postgres gives an instant as one, SQLite as text."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value


def put(store: Store, *things: Any) -> None:
    with store.writing() as session:
        session.add_all(things)


def a_creator(creator_id: str = "cr_1", **values: Any) -> Creator:
    defaults = {
        "creator_id": creator_id, "name": "Ann", "anchor_account_key": "youtube:id-ann", "platforms": '["youtube"]',
        "account_count": 1, "followers_by_platform": "{}", "first_seen": AS_OF, "updated_at": AS_OF,
    }  # fmt: skip
    return Creator(**(defaults | values))


def an_answer(niche: str, is_current: bool) -> Enrichment:
    return Enrichment(
        creator_id="cr_1", input_fingerprint=niche, recipe_fingerprint="r", is_current=is_current, provenance="offline",
        reason="new", primary_niche=niche, secondary_niches="[]", llm_summary="Bakes.", account_kind="person",
        confidence="low", evidence="[]", flags="[]", model="m", taxonomy_version="1", created_at=AS_OF,
        in_force_since=AS_OF,
    )  # fmt: skip


def a_pair(left: str, right: str, triage: str = "review") -> CandidatePair:
    return CandidatePair(
        left=left, right=right, rules=1, levels="0", match_weight_bits=3.0, match_probability=0.9, triage=triage,
        model_fingerprint="m",
    )  # fmt: skip


def test_every_view_is_there_after_an_upgrade_and_again_after_the_next(migrated):
    assert set(inspect(migrated.engine).get_view_names()) == set(VIEWS)
    upgrade(migrated)
    assert set(inspect(migrated.engine).get_view_names()) == set(VIEWS)


def test_a_filled_store_of_the_first_revision_gets_views_and_remembers_where_accounts_are(bare):
    upgrade(bare, to="0001")
    with bare.engine.begin() as connection:
        connection.execute(text("INSERT INTO members VALUES ('youtube:id-ann', 'cr_1', 7)"))
    upgrade(bare)
    assert set(inspect(bare.engine).get_view_names()) == set(VIEWS)
    with bare.reading() as session:
        (move,) = session.exec(select(MemberChange)).all()
    assert (move.account_key, move.creator_id, move.former_id, move.as_of) == (
        "youtube:id-ann", "cr_1", "", datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=7),
    )  # fmt: skip


def test_a_creator_stands_once_with_the_answer_in_force(migrated):
    put(migrated, a_creator(), a_creator("cr_2"), an_answer("food", True), an_answer("travel", False))
    found = rows(migrated, "SELECT * FROM v_creators ORDER BY creator_id")
    assert [(row["creator_id"], row["primary_niche"]) for row in found] == [("cr_1", "food"), ("cr_2", None)]
    assert (found[0]["updated_at"], found[0]["labelled_at"], found[1]["labelled_at"]) == (READABLE, READABLE, None)


def test_a_member_stands_with_its_account(migrated):
    member = CreatorMember(account_key="youtube:id-ann", creator_id="cr_1", since=AS_OF)
    put(migrated, an_account("ann", followers=7), member)
    (found,) = rows(migrated, "SELECT * FROM v_members")
    assert (found["creator_id"], found["handle"], found["followers"], found["since"]) == ("cr_1", "ann", 7, READABLE)
    assert found["activity"] is None


def test_the_review_queue_holds_pairs_that_nobody_settled(migrated):
    names = ("ann", "bea", "cleo", "dora")
    ann, bea, cleo, dora = (f"youtube:id-{name}" for name in names)
    put(migrated, *(an_account(name, followers=3) for name in names))
    put(migrated, a_pair(ann, bea), a_pair(ann, cleo), a_pair(ann, dora), a_pair(bea, cleo, "link"))
    put(
        migrated,
        JudgementRow(left=ann, right=cleo, decided_at=AS_OF, reviewer="ida", verdict="different"),
        JudgementRow(left=ann, right=dora, decided_at=AS_OF, reviewer="ida", verdict="same"),
        JudgementRow(left=ann, right=dora, decided_at=AS_OF + timedelta(hours=1), reviewer="ida", verdict="unsure"),
    )
    found = rows(migrated, "SELECT * FROM v_review_queue ORDER BY right_account_key")
    assert [row["right_account_key"] for row in found] == [bea, dora]
    assert {row["followers_together"] for row in found} == {6}


def test_a_verdict_on_a_former_key_settles_the_pair_whichever_side_it_stands_on_now(migrated):
    put(migrated, an_account("ann"), an_account("zoe"), a_pair("youtube:id-ann", "youtube:id-zoe"))
    put(migrated, AccountAlias(alias_key="youtube:@ann", account_key="youtube:id-zoe", created_at=AS_OF))
    put(
        migrated,
        JudgementRow(left="youtube:@ann", right="youtube:id-ann", decided_at=AS_OF, reviewer="ida", verdict="same"),
    )
    assert rows(migrated, "SELECT * FROM v_review_queue") == []


def test_of_a_metric_the_newest_number_stands_hidden_or_not(migrated):
    for hour, value in enumerate((10, 30, None)):
        precision = "exact" if value else "hidden"
        put_snapshots(migrated, a_snapshot(AS_OF - timedelta(hours=2 - hour), value=value, precision=precision))
    (found,) = rows(migrated, "SELECT * FROM v_latest_metrics")
    assert (found["value"], found["precision"], found["as_of"]) == (None, "hidden", READABLE)


def test_a_relation_stands_with_both_of_its_accounts_and_their_creators(migrated):
    put(migrated, an_account("ann"), an_account("fan", "x"))
    put(migrated, *(CreatorMember(account_key=key, creator_id=f"cr_{key[0]}", since=AS_OF) for key in KEYS))
    put(
        migrated,
        AccountRelation(source=KEYS[1], kind="fan_of", target=KEYS[0], basis="claim", detail="says so", since=AS_OF),
    )
    (found,) = rows(migrated, "SELECT * FROM v_relations")
    assert (found["source_creator_id"], found["source_handle"], found["kind"]) == ("cr_x", "fan", "fan_of")
    assert (found["target_creator_id"], found["target_handle"], found["since"]) == ("cr_y", "ann", READABLE)
