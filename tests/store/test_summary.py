"""Sums of a night: they agree with a count by hand."""

import pytest

from store.session import Store
from store.summary import (
    count_activity,
    count_creators_by_size,
    count_niches,
    count_rejections,
    load_coverage,
    load_current_enrichment,
    load_member_accounts,
    load_showcase_creator,
    load_strongest_pair,
)
from store.tables import (
    AccountActivity,
    CandidatePair,
    Creator,
    CreatorMember,
    Enrichment,
    RejectedPayloadRow,
)
from tests.factories import AS_OF, an_account


def a_creator(creator_id: str, accounts: int, platforms: str = '["youtube"]') -> Creator:
    return Creator(
        creator_id=creator_id, name=creator_id, anchor_account_key="youtube:id-ann", platforms=platforms,
        account_count=accounts, followers_by_platform="{}", first_seen=AS_OF, updated_at=AS_OF,
    )  # fmt: skip


def an_answer(creator_id: str, niche: str, *, is_current: bool = True) -> Enrichment:
    return Enrichment(
        creator_id=creator_id, input_fingerprint=f"in-{niche}", recipe_fingerprint="r", is_current=is_current,
        provenance="offline", reason="new", primary_niche=niche, secondary_niches="[]", llm_summary="",
        account_kind="person", confidence="high", evidence="[]", flags="[]", model="m", taxonomy_version="1",
        created_at=AS_OF, in_force_since=AS_OF,
    )  # fmt: skip


def a_pair(left: str, right: str, weight: float, triage: str) -> CandidatePair:
    return CandidatePair(
        left=left, right=right, rules=1, levels="0", match_weight_bits=weight, match_probability=0.5, triage=triage,
        model_fingerprint="m",
    )  # fmt: skip


@pytest.fixture
def night(store: Store) -> Store:
    accounts = [
        an_account("ann", bio="I bake"),
        an_account("ann", "instagram", bio=""),
        an_account("bob", state="gone"),
    ]
    buckets = [("active", accounts[0]), ("long_tail", accounts[1]), ("long_tail", accounts[2])]
    with store.writing() as session:
        session.add_all(accounts)
        session.add_all(
            AccountActivity(account_key=account.account_key, bucket=bucket, reason="", next_due_at=AS_OF, since=AS_OF)
            for bucket, account in buckets
        )
        session.add_all([a_creator("cr_pair", 2), a_creator("cr_trio", 3), a_creator("cr_crowd", 9)])
        session.add_all(
            CreatorMember(account_key=a.account_key, creator_id="cr_pair", since=AS_OF) for a in accounts[:2]
        )
        session.add_all([an_answer("cr_pair", "baking"), an_answer("cr_pair", "fitness", is_current=False)])
        session.add_all(
            [a_pair("a", "b", 9.0, "link"), a_pair("a", "c", 12.0, "link"), a_pair("b", "c", 3.0, "review")]
        )
        session.add_all(RejectedPayloadRow(sha256="0", line=n, origin="f", reason=r) for n, r in enumerate("xyy"))
    return store


def test_a_replaced_answer_is_not_counted(night: Store):
    with night.reading() as session:
        assert count_niches(session) == {"baking": 1}
        current = load_current_enrichment(session, "cr_pair")
    assert current is not None
    assert current.primary_niche == "baking"


def test_an_account_that_is_gone_is_in_no_activity_count_and_no_coverage(night: Store):
    with night.reading() as session:
        assert count_activity(session) == {"instagram": {"long_tail": 1}, "youtube": {"active": 1}}
        assert set(load_coverage(session)) == {"test · instagram", "test · youtube"}


def test_an_empty_field_is_not_covered(night: Store):
    """GOV-04: an empty bio and an empty list of links are as good as none."""
    with night.reading() as session:
        coverage = load_coverage(session)
    assert coverage["test · youtube"]["bio"] == 1.0
    assert coverage["test · instagram"]["bio"] == 0.0
    assert coverage["test · youtube"]["external_urls"] == 0.0
    assert coverage["test · youtube"]["followers"] == 0.0


def test_reasons_of_rejection_come_most_frequent_first(night: Store):
    with night.reading() as session:
        assert list(count_rejections(session).items()) == [("y", 2), ("x", 1)]


def test_the_creator_shown_first_has_three_accounts_where_one_has(night: Store):
    with night.reading() as session:
        shown = load_showcase_creator(session)
        assert count_creators_by_size(session) == {2: 1, 3: 1, 9: 1}
    assert shown is not None
    assert shown.creator_id == "cr_trio"


def test_the_accounts_of_a_creator_are_its_members(night: Store):
    with night.reading() as session:
        keys = [account.account_key for account in load_member_accounts(session, "cr_pair")]
    assert keys == ["instagram:id-ann", "youtube:id-ann"]


def test_the_strongest_pair_of_a_band_can_be_sought_among_some_accounts(night: Store):
    with night.reading() as session:
        assert load_strongest_pair(session, "link") == ("a", "c")
        assert load_strongest_pair(session, "link", ["a", "b"]) == ("a", "b")
        assert load_strongest_pair(session, "review", ["a", "b"]) is None
