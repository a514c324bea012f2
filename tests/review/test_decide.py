"""One decision of a person, kept."""

from datetime import timedelta

import orjson
import pytest

from base.errors import SourceError
from base.judgement import Judgement, Verdict
from review.decide import judge, split
from store.judgements import load_grounds, load_judgements, save_judgements
from store.tables import Creator, CreatorAccount, CreatorAlias, CreatorMember
from tests.factories import AS_OF, an_account


@pytest.fixture
def accounts(store):
    with store.writing() as session:
        session.add(an_account("ann", "youtube"))
        session.add(an_account("ann", "instagram", platform_user_id="id-2"))
        session.add(an_account("bo", "x"))
    return store


def kept(store) -> list[Judgement]:
    with store.reading() as session:
        return load_judgements(session)


def test_a_decision_is_kept_on_sorted_account_keys(accounts):
    judge(accounts, "youtube:@Ann", "bo", Verdict.DIFFERENT, reviewer="ida", decided_at=AS_OF, note="two people")
    assert kept(accounts) == [Judgement("x:id-bo", "youtube:id-ann", Verdict.DIFFERENT, "ida", AS_OF, "two people")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [("ann", "names 2"), ("nobody", "no account"), ("x:@ann", "no account"), ("bo", "same account")],
)
def test_an_account_that_is_not_plain_is_refused(accounts, text, problem):
    with pytest.raises(SourceError, match=problem):
        judge(accounts, text, "x:id-bo", Verdict.SAME, reviewer="ida", decided_at=AS_OF)
    assert kept(accounts) == []


def test_a_change_of_mind_is_a_second_row_and_the_same_decision_twice_is_one(accounts):
    """Decisions are appended, never edited."""
    first = Judgement("x:id-bo", "youtube:id-ann", Verdict.SAME, "ida", AS_OF)
    second = Judgement("youtube:id-ann", "x:id-bo", Verdict.UNSURE, "ida", AS_OF + timedelta(hours=1))
    with accounts.writing() as session:
        assert save_judgements(session, [second, first, first]) == 2
    assert [judgement.verdict for judgement in kept(accounts)] == [Verdict.SAME, Verdict.UNSURE]


@pytest.fixture
def creator(accounts):
    with accounts.writing() as session:
        for key in ("youtube:id-ann", "instagram:id-2", "x:id-bo"):
            session.add(CreatorMember(account_key=key, creator_id="cr_1", since=AS_OF))
        session.add(CreatorAlias(retired_id="cr_0", creator_id="cr_1", retired_at=AS_OF))
        session.add(
            Creator(
                creator_id="cr_1", name="Ann", anchor_account_key="youtube:id-ann", platforms="[]", account_count=3,
                followers_by_platform="{}", first_seen=AS_OF, updated_at=AS_OF,
            )
        )  # fmt: skip
    return accounts


@pytest.mark.parametrize("creator_id", ["cr_1", "cr_0"], ids=["its id", "a retired id"])
def test_a_split_keeps_the_named_accounts_apart_from_every_other_one(creator, creator_id):
    split(creator, creator_id, ["bo"], reviewer="ida", decided_at=AS_OF, note="two people")
    assert {(one.left, one.right, one.verdict, one.note) for one in kept(creator)} == {
        ("instagram:id-2", "x:id-bo", Verdict.DIFFERENT, "two people"),
        ("x:id-bo", "youtube:id-ann", Verdict.DIFFERENT, "two people"),
    }


def test_accounts_that_are_split_off_together_are_not_judged_among_themselves(creator):
    split(creator, "cr_1", ["bo", "instagram:@ann"], reviewer="ida", decided_at=AS_OF)
    assert {(one.left, one.right) for one in kept(creator)} == {
        ("instagram:id-2", "youtube:id-ann"),
        ("x:id-bo", "youtube:id-ann"),
    }


@pytest.mark.parametrize(
    ("creator_id", "named", "problem"),
    [
        ("cr_9", ["bo"], "no creator cr_9"),
        ("cr_1", ["nobody"], "no account nobody"),
        ("cr_1", ["youtube:id-cy"], "is no account of cr_1"),
        ("cr_1", ["youtube:id-ann", "instagram:id-2", "bo"], "nothing of cr_1 would remain"),
    ],
    ids=["unknown creator", "unknown account", "a stranger", "all of it"],
)
def test_a_split_that_makes_no_sense_keeps_nothing(creator, creator_id, named, problem):
    with creator.writing() as session:
        session.add(an_account("cy"))
    with pytest.raises(SourceError, match=problem):
        split(creator, creator_id, named, reviewer="ida", decided_at=AS_OF)
    assert kept(creator) == []


def test_a_decision_is_kept_with_what_both_accounts_say(accounts):
    with accounts.writing() as session:
        session.get_one(CreatorAccount, "youtube:id-ann").bio = "IG: @ann"
    judge(accounts, "youtube:id-ann", "instagram:id-2", Verdict.SAME, reviewer="ida", decided_at=AS_OF)
    with accounts.reading() as session:
        ((sides),) = load_grounds(session).values()
    assert [orjson.loads(side)["claims"] for side in sides] == [[], ["self"]]
