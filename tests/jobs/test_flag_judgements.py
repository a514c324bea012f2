"""A judgement whose grounds change is marked for a second look, and stays as it is."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from base.judgement import Verdict
from jobs.resolve_creators import resolve_creators
from review.decide import judge
from store.judgements import load_judgements
from store.tables import AccountAlias, CreatorAccount, CreatorMember, HandleSpan, JudgementFlag, JudgementGrounds
from tests.factories import AS_OF, a_context, an_account

ANN, IG = "youtube:id-ann", "instagram:id-ann.bakes"
DECIDED = AS_OF + timedelta(hours=1)
NEXT = AS_OF + timedelta(days=1)


@pytest.fixture
def context(store):
    with store.writing() as session:
        session.add(
            an_account("ann", bio="bread. IG: @ann.bakes", email="ann@bakes.shop", website="https://annbakes.com")
        )
        session.add(an_account("ann.bakes", "instagram", bio="bread"))
        for key, handle in ((ANN, "ann"), (IG, "ann.bakes")):
            session.add(HandleSpan(account_key=key, handle=handle, first_seen=AS_OF, last_seen=AS_OF))
    judge(store, ANN, IG, Verdict.SAME, reviewer="ida", decided_at=DECIDED)
    return a_context(store, identity={"bio_neighbours": False})


def change(context, key: str, **values: object) -> None:
    with context.writing() as session:
        account = session.get_one(CreatorAccount, key)
        for name, value in values.items():
            setattr(account, name, value)


def see_handle(context, key: str, handle: str, since: datetime = NEXT) -> None:
    with context.writing() as session:
        session.merge(HandleSpan(account_key=key, handle=handle, first_seen=since, last_seen=since))


def night(context, as_of: datetime = NEXT) -> dict[str, int]:
    report = resolve_creators(replace(context, as_of=as_of))
    return {"written": report.counts["written"], **report.details["judgements_flagged"]}


def flags(context) -> list[JudgementFlag]:
    with context.reading() as session:
        return list(session.exec(select(JudgementFlag).order_by(JudgementFlag.reason)))


def test_grounds_that_stand_raise_no_flag_and_a_second_night_writes_nothing(context):
    assert set(night(context)) == {"written"}
    change(context, IG, bio="bread and butter", followers=12)
    assert set(night(context, NEXT + timedelta(days=1))) == {"written"}
    assert flags(context) == []
    assert night(context, NEXT + timedelta(days=2)) == {"written": 0}


def test_a_claim_that_vanished_is_flagged_once_and_nothing_is_reversed(context):
    change(context, ANN, bio="bread")
    assert night(context)["claim_vanished"] == 1
    (flag,) = flags(context)
    assert (flag.left, flag.right, flag.decided_at, flag.as_of) == (IG, ANN, DECIDED, NEXT)
    assert flag.detail == f"{ANN} no longer names {IG} (as its own)"
    later = night(context, NEXT + timedelta(days=1))
    assert later == {"written": 0, "claim_vanished": 1}, "the same finding keeps the night that saw it first"
    with context.reading() as session:
        assert len({row.creator_id for row in session.exec(select(CreatorMember))}) == 1
        assert [one.verdict for one in load_judgements(session)] == [Verdict.SAME]


def test_a_claim_that_appeared_is_flagged(context):
    change(context, IG, bio="bread. YouTube: @ann")
    night(context)
    assert [(flag.reason, flag.detail) for flag in flags(context)] == [
        ("claim_appeared", f"{IG} names {ANN} now (as its own)")
    ]


def test_a_newer_judgement_clears_the_flag(context, store):
    change(context, ANN, bio="bread")
    night(context)
    judge(store, ANN, IG, Verdict.SAME, reviewer="bo", decided_at=NEXT + timedelta(hours=1))
    assert "claim_vanished" not in night(context, NEXT + timedelta(days=1))
    assert flags(context) == []


def test_a_flag_goes_when_its_reason_does(context):
    change(context, ANN, bio="bread")
    night(context)
    change(context, ANN, bio="bread. IG: @ann.bakes")
    night(context, NEXT + timedelta(days=1))
    assert flags(context) == []


def test_a_handle_in_other_hands_and_a_new_handle_are_flagged(context, store):
    change(context, IG, handle="ann.eats")
    change(context, ANN, bio="bread. IG: @ann.eats")
    see_handle(context, IG, "ann.eats")
    with store.writing() as session:
        session.add(an_account("ann.bakes", "instagram", platform_user_id="other"))
    see_handle(context, "instagram:other", "ann.bakes")
    night(context)
    assert [(flag.reason, flag.detail) for flag in flags(context)] == [
        ("handle_handed_over", f"@ann.bakes was {IG}'s and is instagram:other's now"),
        ("renamed", f"{IG} was @ann.bakes and is @ann.eats now"),
    ]


def test_a_handle_that_two_had_when_it_was_judged_was_not_handed_over(context, store):
    with store.writing() as session:
        session.add(an_account("ann.bakes", "instagram", platform_user_id="other"))
    see_handle(context, "instagram:other", "ann.bakes", since=AS_OF)
    night(context)
    assert flags(context) == []


def test_an_address_that_somebody_else_shows_now_is_flagged_and_one_that_is_only_gone_is_not(context, store):
    change(context, ANN, email=None, website=None)
    night(context)
    assert flags(context) == []
    with store.writing() as session:
        session.add(an_account("shop", "x", bio="new owner, Ann@Bakes.shop", website="https://www.annbakes.com/sale"))
    night(context, NEXT + timedelta(days=1))
    assert [(flag.reason, flag.detail) for flag in flags(context)] == [
        ("email_changed_owner", f"ann@bakes.shop was {ANN}'s and is x:id-shop's now"),
        ("site_changed_owner", f"annbakes.com was {ANN}'s and is x:id-shop's now"),
    ]


def test_flags_follow_an_account_to_its_new_key(store):
    with store.writing() as session:
        session.add(an_account("zoe", "x", bio="IG: @zoe.b"))
        provisional = an_account("zoe.b", "instagram", account_key="instagram:@zoe.b", platform_user_id=None)
        session.add(provisional)
    judge(store, "x:id-zoe", "instagram:@zoe.b", Verdict.SAME, reviewer="ida", decided_at=DECIDED)
    with store.writing() as session:
        session.delete(session.get_one(CreatorAccount, "instagram:@zoe.b"))
        session.add(an_account("zoe.b", "instagram", account_key="youtube:zz", platform_user_id="9"))
        session.add(AccountAlias(alias_key="instagram:@zoe.b", account_key="youtube:zz", created_at=NEXT))
        session.get_one(CreatorAccount, "x:id-zoe").bio = "IG: @zoe.b. YouTube too"
    context = a_context(store, identity={"bio_neighbours": False})
    night(context)
    assert flags(context) == [], "what stood on either side still does"
    change(context, "x:id-zoe", bio="nothing")
    night(context, NEXT + timedelta(days=1))
    assert [(flag.left, flag.right, flag.reason) for flag in flags(context)] == [
        ("x:id-zoe", "youtube:zz", "claim_vanished")
    ]


def test_a_judgement_from_before_grounds_were_kept_is_looked_at_by_its_handles(context, store):
    with store.writing() as session:
        session.delete(session.exec(select(JudgementGrounds)).one())
    change(context, ANN, bio="bread", handle="ann_eats")
    see_handle(context, ANN, "ann_eats")
    night(context)
    assert [flag.reason for flag in flags(context)] == ["renamed"]


def test_nobody_can_tell_is_nothing_to_look_at_again(context, store):
    judge(store, ANN, IG, Verdict.UNSURE, reviewer="ida", decided_at=DECIDED + timedelta(hours=1))
    change(context, ANN, bio="bread")
    night(context)
    assert flags(context) == []
