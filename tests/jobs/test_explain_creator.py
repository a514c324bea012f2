"""A creator explains itself: accounts, how it was built, relations, decisions, former ids."""

from dataclasses import replace
from datetime import timedelta

import pytest

from base.clock import FixedClock
from base.errors import SourceError
from base.fingerprint import creator_id_for
from base.judgement import Verdict
from enrich.ledger import BudgetSettings, CallIntent
from jobs.explain_creator import explain_creator
from jobs.resolve_creators import resolve_creators
from jobs.spend_ledger import SpendLedger
from review.decide import judge, split
from store.tables import CreatorAccount, CreatorMember
from tests.factories import AS_OF, a_context, an_account

YT, IG, TT, X = "youtube:id-quillandember", "instagram:id-quill.ember", "tiktok:id-quillember", "x:id-qande"
ANN = creator_id_for(YT)


def after_a_night(store):
    name = {"display_name": "Quill & Ember"}
    with store.writing() as session:
        session.add(an_account("quillandember", bio="essays. Instagram: @quill.ember", followers=900, **name))
        later = {"first_seen": AS_OF + timedelta(days=1)}
        session.add(
            an_account("quill.ember", "instagram", bio="YouTube: @quillandember", followers=40, **name, **later)
        )
        session.add(an_account("quillember", "tiktok", bio="IG: @quill.ember", **name, **later))
        session.add(an_account("qande", "x", display_name="Bo", bio="chess", **later))
        session.add(an_account("quill.fans", "tiktok", bio="fan page of youtube.com/@quillandember", **later))
    judge(store, YT, X, Verdict.SAME, reviewer="ida", decided_at=AS_OF, note="told me so")
    resolve_creators(by_words(store))


def by_words(store):
    return a_context(store, identity={"bio_neighbours": False})


@pytest.fixture
def context(new_store):
    return by_words(new_store(after_a_night))


@pytest.fixture(scope="module")
def told(shared_store):
    """The same for those who only ask."""
    after_a_night(shared_store)
    return by_words(shared_store)


def night(context, days: int) -> None:
    resolve_creators(replace(context, as_of=AS_OF + timedelta(days=days)))


def test_a_creator_says_how_it_was_built_people_first_and_then_by_weight(told):
    found = explain_creator(told, ANN)
    assert (found.creator_id, found.name, found.steps_left_out) == (ANN, "Quill & Ember", 0)
    assert [account.account_key for account in found.accounts] == [YT, IG, TT, X]
    first, *others = found.steps
    assert ((first.left, first.right), first.judgement.reviewer) == ((X, YT), "ida")
    assert len(others) == 2, "three links hold four accounts together"
    assert [step.judgement for step in others] == [None, None]
    weights = [step.explanation.match_weight_bits for step in others]
    assert weights == sorted(weights, reverse=True)


def test_what_was_paid_for_its_labels_is_said(context):
    ledger = SpendLedger(context.store, "run-1", "2026-03-01", FixedClock(AS_OF), BudgetSettings())
    assert not any("paid calls" in line for line in explain_creator(context, ANN).labels)
    for subject in (ANN, ANN, "cr_another"):
        ledger.open_call(CallIntent(subject, "model", "hash", 1, 1_500_000))
    assert explain_creator(context, ANN).labels[-1] == "paid calls about it: 2, $0.003 together"


def test_the_waterfall_of_each_link_adds_up_to_its_weight(told):
    for step in explain_creator(told, ANN).steps:
        total = step.explanation.prior_bits
        for evidence in step.explanation.evidence:
            total += evidence.weight_bits
        assert total == step.explanation.match_weight_bits


def test_relations_and_judgements_stand_on_both_sides(told):
    found = explain_creator(told, ANN)
    fan = creator_id_for("tiktok:id-quill.fans")
    assert [(one.source, one.kind, one.other_creator_id) for one in found.relations] == [
        ("tiktok:id-quill.fans", "fan_of", fan)
    ]
    assert [one.other_creator_id for one in explain_creator(told, fan).relations] == [ANN]
    assert [(one.reviewer, one.verdict, one.note) for one in found.judgements] == [("ida", Verdict.SAME, "told me so")]


def test_a_former_id_explains_who_answers_for_it(context):
    split(context.store, ANN, [IG], reviewer="ida", decided_at=AS_OF + timedelta(hours=1))
    night(context, 1)
    assert explain_creator(context, creator_id_for(IG)).former_ids == ()
    judge(context.store, YT, IG, Verdict.SAME, reviewer="ida", decided_at=AS_OF + timedelta(hours=2))
    for other in (X, TT):
        judge(context.store, other, IG, Verdict.UNSURE, reviewer="ida", decided_at=AS_OF + timedelta(hours=2))
    night(context, 2)
    found = explain_creator(context, creator_id_for(IG))
    assert (found.creator_id, found.asked_id) == (ANN, creator_id_for(IG))
    assert creator_id_for(IG) in found.former_ids


def test_a_decision_whose_grounds_changed_is_named(context):
    with context.writing() as session:
        session.get_one(CreatorAccount, X).bio = "chess, and youtube.com/@quillandember"
    night(context, 1)
    (sentence,) = explain_creator(context, ANN).second_looks
    assert "claim appeared" in sentence


def test_an_id_that_never_stood_is_named(told):
    with pytest.raises(SourceError, match="no creator"):
        explain_creator(told, "cr_" + "a" * 16)


def test_a_creator_of_one_account_was_built_by_nothing(told):
    with told.reading() as session:
        assert session.get_one(CreatorMember, "tiktok:id-quill.fans")
    assert explain_creator(told, creator_id_for("tiktok:id-quill.fans")).steps == ()
