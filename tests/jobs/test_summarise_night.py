"""A night as plain values: the sums add up."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.explain import levels_from_names
from jobs.night_summary import NightSummary
from jobs.report import JobReport
from jobs.report_page import report_page
from jobs.runner import RunResult
from jobs.summarise_night import summarise_night, weight_histogram
from store.session import Store
from store.tables import CandidatePair, Creator, CreatorMember, RejectedPayloadRow
from tests.factories import AS_OF, a_context, an_account, home_of

WEIGHTS = st.lists(st.tuples(st.floats(-60, 60), st.sampled_from(["link", "review", "separate"])), max_size=40)


@given(WEIGHTS)
def test_every_pair_falls_into_exactly_one_bin_of_its_band(weighted):
    pairs = pa.table(
        {
            "match_weight_bits": pa.array([weight for weight, _ in weighted], pa.float64()),
            "triage": pa.array([band for _, band in weighted], pa.string()),
        }
    )
    edges, counts = weight_histogram(pairs)
    assert all(sum(column) == [band for _, band in weighted].count(name) for name, column in counts.items())
    assert all(len(column) == len(edges) - 1 for column in counts.values())


@pytest.fixture(scope="module")
def night(shared_store: Store) -> NightSummary:
    accounts = [an_account("annbakes"), an_account("annbakes", "instagram"), an_account("annbakes", "tiktok")]
    keys = sorted(account.account_key for account in accounts)
    pairs = [(keys[0], keys[1], 9.0, "link"), (keys[1], keys[2], 1.0, "review"), (keys[0], keys[2], -8.0, "separate")]
    with shared_store.writing() as session:
        session.add_all(accounts)
        session.add_all(CreatorMember(account_key=key, creator_id="cr_1", since=AS_OF) for key in keys)
        session.add(
            Creator(
                creator_id="cr_1", name="Ann", anchor_account_key=keys[0], platforms="[]", account_count=3,
                followers_by_platform="{}", first_seen=AS_OF, updated_at=AS_OF,
            )
        )  # fmt: skip
        session.add_all(
            CandidatePair(
                left=left, right=right, rules=1, levels=levels_from_names({}), match_weight_bits=weight,
                match_probability=0.5, triage=band, model_fingerprint="m",
            )
            for left, right, weight, band in pairs
        )  # fmt: skip
        session.add(RejectedPayloadRow(sha256="0", line=1, origin="f", reason="no platform"))
    reports = [
        JobReport("resolve_creators", {"read": 3}, {"merges_by_evidence": {"claim": 2, "email": 0}}),
        JobReport("publish_index", {"creators": 1}, {"coverage": {"vectors": 0.9}, "published": True, "findings": []}),
    ]
    seconds = {report.stage: 1.0 for report in reports}
    result = RunResult("run-1", AS_OF, 0, reports, seconds, home_of(shared_store), resumed=False)
    return summarise_night(a_context(shared_store), result)


def test_the_night_is_counted_from_the_store(night: NightSummary):
    assert night.accounts_by_platform == {"instagram": 1, "tiktok": 1, "youtube": 1}
    assert night.creators_by_size == {3: 1}
    assert {band: sum(counts) for band, counts in night.pairs_by_weight.items()} == {
        "link": 1,
        "review": 1,
        "separate": 1,
    }
    assert night.rejections == {"no platform": 1}


def test_what_the_stages_said_is_kept_without_what_is_empty(night: NightSummary):
    assert night.merges_by_evidence == {"claim": 2}
    assert night.gate == {"coverage: vectors": 0.9, "published": True}


def test_the_story_is_of_one_creator_one_of_its_merges_and_one_open_question(night: NightSummary):
    assert night.card is not None
    assert night.merge is not None
    assert night.held is not None
    assert len(night.card.accounts) == 3
    assert {night.merge.left.account_key, night.merge.right.account_key} <= {a.account_key for a in night.card.accounts}
    assert night.merge.explanation.triage.value == "link"
    assert night.held.explanation.triage.value == "review"


def test_the_page_of_a_real_store_can_be_drawn(night: NightSummary):
    assert "annbakes" in report_page(night)
