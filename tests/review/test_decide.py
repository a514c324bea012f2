"""One decision of a person, kept."""

from datetime import timedelta

import pytest

from base.errors import SourceError
from base.judgement import Judgement, Verdict
from review.decide import judge
from store.judgements import load_judgements, save_judgements
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
