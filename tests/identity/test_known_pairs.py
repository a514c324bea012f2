"""Pairs whose answer is known: by people, by the platform's seat, by contradiction."""

from datetime import UTC, datetime

import pytest

from base.judgement import Judgement, Verdict
from identity.known_pairs import known_pairs
from identity.levels import ReachedLevels
from tests.identity.scored import pairs

SAME_PLATFORM = {"platform": "same"}


def known(reached, judgements=()):
    frame = pairs([("a", "b", reached)])
    return known_pairs(frame, ReachedLevels(frame["levels"]), judgements)


def judged(verdict, day=1):
    return Judgement("a", "b", verdict, "ida", datetime(2026, 1, day, tzinfo=UTC))


def test_two_accounts_of_one_platform_are_two_people():
    assert known(SAME_PLATFORM).seat_taken.all()


@pytest.mark.parametrize(
    "sign", [{"claim": "secondary"}, {"claim": "mutual"}, {"email": "private"}, {"site": "private"}],
    ids=["claimed as second", "each claims the other", "own e-mail", "own site"],
)  # fmt: skip
def test_a_sign_of_a_second_account_leaves_the_question_open(sign):
    assert not known(SAME_PLATFORM | sign).known.any()


@pytest.mark.parametrize("claim", ["elsewhere", "elsewhere_both", "fan_of"])
def test_claims_that_contradict_speak_for_two_people(claim):
    assert known({"claim": claim}).contradicted.all()


def test_a_judgement_wins_over_the_seat_and_the_newest_over_the_older():
    found = known(SAME_PLATFORM, [judged(Verdict.SAME, 2), judged(Verdict.DIFFERENT, 1)])
    assert found.judged_same.all()
    assert not found.different.any()


def test_unsure_settles_nothing():
    assert not known({}, [judged(Verdict.UNSURE)]).known.any()
