"""Human decisions as constraints."""

from datetime import UTC, datetime, timedelta

import pytest

from base.errors import ConstraintConflict
from base.judgement import Judgement, Verdict
from identity.constraints import Constraints, check_consistent, constraints_from, pair

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(left: str, right: str, verdict: Verdict, hours: int = 0, reviewer: str = "ida") -> Judgement:
    return Judgement(*pair(left, right), verdict, reviewer, NOON + timedelta(hours=hours))


def test_the_newest_judgement_of_a_pair_wins_whatever_the_order_they_arrive_in():
    both = [said("a", "b", Verdict.SAME), said("b", "a", Verdict.DIFFERENT, hours=1)]
    for judgements in (both, both[::-1]):
        found = constraints_from(judgements, {"a", "b"})
        assert found == Constraints(cannot_link=frozenset({("a", "b")}))


def test_unsure_takes_a_former_decision_back_and_adds_none():
    found = constraints_from([said("a", "b", Verdict.SAME), said("a", "b", Verdict.UNSURE, hours=1)], {"a", "b"})
    assert found == Constraints()


def test_a_judgement_about_an_account_that_is_not_there_is_left_for_later():
    assert constraints_from([said("a", "gone", Verdict.SAME)], {"a"}) == Constraints()


def test_a_cannot_link_across_must_links_is_a_conflict_that_names_the_path():
    judgements = [said("a", "b", Verdict.SAME), said("b", "c", Verdict.SAME), said("a", "c", Verdict.DIFFERENT)]
    with pytest.raises(ConstraintConflict) as caught:
        constraints_from(judgements, {"a", "b", "c"})
    assert caught.value.path == ["a", "b", "c"]


def test_must_links_and_cannot_links_that_do_not_meet_are_no_conflict():
    check_consistent(Constraints(must_link=frozenset({("a", "b")}), cannot_link=frozenset({("b", "c"), ("x", "y")})))
