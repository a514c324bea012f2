"""The resolve job over a store: what it writes, what it leaves alone, what it gives back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from base.fingerprint import creator_id_for
from base.judgement import Verdict
from identity.comparisons import COMPARISONS
from identity.weights import decode_levels
from jobs.embed_accounts import embed_accounts
from jobs.explain_accounts import explain_accounts
from jobs.resolve_creators import resolve_creators
from providers.hashing import HashingEmbedder
from review.decide import judge
from store.creators import resolve_creator_id
from store.relations import load_relations_of
from store.tables import (
    AccountAlias,
    AccountRelation,
    CandidatePair,
    Creator,
    CreatorAccount,
    CreatorAlias,
    CreatorChange,
    CreatorMember,
    HandleSpan,
    IdentityNight,
)
from tests.factories import AS_OF, a_context, an_account

YT, IG, X = "youtube:id-quillandember", "instagram:id-quill.ember", "x:id-mosshouse"


@pytest.fixture
def context(store):
    with store.writing() as session:
        session.add(
            an_account(
                "quillandember", display_name="Quill & Ember", bio="essays. Instagram: @quill.ember", followers=900
            )
        )
        session.add(
            an_account(
                "quill.ember",
                "instagram",
                display_name="Quill & Ember",
                bio="YouTube: @quillandember",
                followers=40,
                first_seen=AS_OF + timedelta(days=1),
            )
        )
        session.add(an_account("mosshouse", "x", display_name="Moss House", external_urls='["https://moss.example"]'))
    return a_context(store, identity={"bio_neighbours": False})


def rows(context, table):
    with context.reading() as session:
        return [row.model_dump() for row in session.exec(select(table).order_by(*table.__table__.primary_key))]


def creator_of(context, account: str) -> str:
    return next(row["creator_id"] for row in rows(context, CreatorMember) if row["account_key"] == account)


def test_bios_that_read_alike_propose_a_pair_and_never_merge_it(store):
    """IDN-08: nothing but the neighbours of bio vectors brings these two together, and review is as far as they get."""
    bio = "hand dyed wool, slow knitting and a lighthouse garden on the northern coast"
    with store.writing() as session:
        session.add(an_account("fjordloops", display_name="Fjord Loops", bio=bio))
        session.add(an_account("tangleandtide", "instagram", display_name="Mara Quist", bio=bio))
    found = {}
    for neighbours in (False, True):
        context = a_context(store, identity={"bio_neighbours": neighbours})
        context.embedder = HashingEmbedder(64)
        embed_accounts(context)
        resolve_creators(context)
        found[neighbours] = rows(context, CandidatePair)
    assert found[False] == []
    (pair,) = found[True]
    assert pair["triage"] != "link"
    assert len({row["creator_id"] for row in rows(context, CreatorMember)}) == 2


def test_accounts_become_creators_with_a_profile_and_a_change_feed(context):
    """IDN-02, IDN-10."""
    report = resolve_creators(context)
    assert creator_of(context, YT) == creator_of(context, IG) == creator_id_for(YT)
    assert creator_of(context, X) == creator_id_for(X)
    creator = next(row for row in rows(context, Creator) if row["creator_id"] == creator_id_for(YT))
    assert (creator["name"], creator["account_count"], creator["followers_total"]) == ("Quill & Ember", 2, 940)
    assert creator["followers_by_platform"] == '{"instagram":40,"youtube":900}'
    assert creator["weakest_link_probability"] > 0.9
    assert {row["change"] for row in rows(context, CreatorChange)} == {"mint"}
    assert report.details["merges_by_evidence"]["claim"] == 1
    assert report.counts["read"] == 3


def test_a_second_night_with_another_date_writes_no_row(context):
    resolve_creators(context)
    before = [rows(context, table) for table in (Creator, CreatorMember, CandidatePair, CreatorChange, CreatorAlias)]
    later = replace(context, as_of=context.as_of + timedelta(days=1))
    assert resolve_creators(later).counts["written"] == 0
    assert [
        rows(context, table) for table in (Creator, CreatorMember, CandidatePair, CreatorChange, CreatorAlias)
    ] == before


def test_a_rejected_merge_gives_both_former_ids_back_and_a_retired_id_resolves_for_ever(context):
    """IDN-14, IDN-15."""
    resolve_creators(context)
    judge(context.store, YT, IG, Verdict.DIFFERENT, reviewer="ida", decided_at=AS_OF)
    apart = replace(context, as_of=AS_OF + timedelta(days=1))
    resolve_creators(apart)
    assert (creator_of(context, YT), creator_of(context, IG)) == (creator_id_for(YT), creator_id_for(IG))

    judge(context.store, YT, IG, Verdict.SAME, reviewer="ida", decided_at=AS_OF + timedelta(hours=1))
    resolve_creators(replace(context, as_of=AS_OF + timedelta(days=2)))
    assert creator_of(context, IG) == creator_id_for(YT)
    with context.reading() as session:
        assert resolve_creator_id(session, creator_id_for(IG)) == creator_id_for(YT)
        assert resolve_creator_id(session, "cr_never") is None
    assert [row["retired_id"] for row in rows(context, CreatorAlias)] == [creator_id_for(IG)]

    judge(context.store, YT, IG, Verdict.DIFFERENT, reviewer="ida", decided_at=AS_OF + timedelta(hours=2))
    resolve_creators(replace(context, as_of=AS_OF + timedelta(days=3)))
    assert creator_of(context, IG) == creator_id_for(IG)
    assert rows(context, CreatorAlias) == [], "an id that stands again answers for itself"


def test_an_account_that_is_gone_stays_a_member(context, store):
    with store.writing() as session:
        session.add(an_account("ember", "tiktok", state="gone"))
    resolve_creators(context)
    assert creator_of(context, "tiktok:id-ember")


def test_a_provisional_key_that_was_promoted_keeps_its_creator_s_history(context, store):
    resolve_creators(context)
    with store.writing() as session:
        session.delete(session.get_one(CreatorMember, X))
        session.add(CreatorMember(account_key="x:@mosshouse", creator_id=creator_id_for("x:@mosshouse"), since=AS_OF))
        session.add(AccountAlias(alias_key="x:@mosshouse", account_key=X, created_at=AS_OF))
        session.delete(session.exec(select(IdentityNight)).one())  # these are not the decisions of the night before
    resolve_creators(replace(context, as_of=AS_OF + timedelta(days=1)))
    with context.reading() as session:
        assert resolve_creator_id(session, creator_id_for("x:@mosshouse")) == creator_id_for(X)


def test_a_stored_pair_is_explained_by_handle_key_or_alias(context):
    """IDN-11."""
    resolve_creators(context)
    found = explain_accounts(context, "youtube:@quillandember", IG)
    stored = next(row for row in rows(context, CandidatePair) if row["left"] == IG)
    assert found.match_weight_bits == stored["match_weight_bits"]
    assert found.triage == "link"
    assert [step.level for step in found.evidence if step.comparison == "claim"] == ["mutual"]
    assert any("@quillandember" in quote for quote in found.quotes)
    assert explain_accounts(context, "mosshouse", YT).proposed_because == ()


def test_judgements_on_a_former_key_hold_for_the_account_that_has_it_now(context, store):
    with store.writing() as session:
        session.add(AccountAlias(alias_key="youtube:@quillandember", account_key=YT, created_at=AS_OF))
    kept = judge(
        store,
        "youtube:@quillandember",
        IG,
        Verdict.DIFFERENT,
        reviewer="ida",
        decided_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert {kept.left, kept.right} == {YT, IG}
    resolve_creators(context)
    assert creator_of(context, YT) != creator_of(context, IG)


def test_relations_are_kept_with_their_evidence_and_written_once(context, store):
    with store.writing() as session:
        fan = an_account("ember.fans", "tiktok", bio="fan page of instagram.com/quill.ember")
        session.add(fan)
    report = resolve_creators(context)
    assert report.details["relations"] == {"fan_of": 1}
    (row,) = rows(context, AccountRelation)
    assert (row["source"], row["kind"], row["target"], row["since"]) == ("tiktok:id-ember.fans", "fan_of", IG, AS_OF)
    assert "fan page of" in row["detail"]
    later = replace(context, as_of=AS_OF + timedelta(days=1))
    assert resolve_creators(later).counts["written"] == 0
    with context.reading() as session:
        seen_from = {side: load_relations_of(session, creator_of(context, side)) for side in (YT, X, row["source"])}
    assert [len(found) for found in seen_from.values()] == [1, 0, 1], "from both sides, whichever account is named"

    with store.writing() as session:
        session.get_one(CreatorAccount, row["source"]).bio = "embers"
    resolve_creators(later)
    assert rows(context, AccountRelation) == []


def test_a_claim_on_a_handle_that_was_given_up_follows_its_owner(context, store):
    with store.writing() as session:
        account = session.get_one(CreatorAccount, IG)
        account.handle = "emberquill"
        for handle, day in (("quill.ember", 0), ("emberquill", 5)):
            seen = AS_OF + timedelta(days=day)
            session.add(HandleSpan(account_key=IG, handle=handle, first_seen=seen, last_seen=seen))
    resolve_creators(context)
    (pair,) = (row for row in rows(context, CandidatePair) if {row["left"], row["right"]} == {IG, YT})
    assert explain_accounts(context, IG, YT).triage == pair["triage"] == "link"
    levels = dict(zip([each.name for each in COMPARISONS], decode_levels(pair["levels"]), strict=True))
    claim = next(each for each in COMPARISONS if each.name == "claim")
    assert claim.levels[levels["claim"]].name == "mutual"
