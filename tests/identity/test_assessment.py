"""Tables of an evaluation, on corpora small enough to count by hand."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from base.judgement import Judgement, Verdict
from engines.duckdb_engine import DuckDBEngine
from identity.ablation import without
from identity.assessment import (
    NOT_COMPARED,
    THROUGH_OTHERS,
    calibration,
    errors_by_trap,
    held_after_review,
    precision_by_band,
    recall_by_path,
    with_truth,
    with_verdicts,
)
from identity.evidence_paths import NO_PATH, evidence_paths
from identity.weights import load_model
from tests.identity.scored import bits_of, pairs

MODEL = load_model()
#: ann is a, b, c and d; cem is e; d was never compared with anybody
TRUTH = pa.table(
    {"account_id": list("abcde"), "creator_id": ["ann"] * 4 + ["cem"], "trap": ["", "", "", "", "same name"]}
)
#: a, b and c stand together, e with them by mistake
MEMBERS = pa.table({"account_id": list("abcde"), "creator_id": ["1", "1", "1", "2", "1"]})
PAIRS = pairs(
    [("a", "b", {"claim": "mutual"}), ("b", "c", {"email": "private"}), ("c", "e", {"bio": "bio_4"}), ("a", "d", {})],
    match_probability=[0.99, 0.95, 0.93, 0.4],
    triage=["link", "link", "link", "review"],
)


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as engine:
        yield engine


def test_a_pair_rests_on_the_evidence_that_says_most():
    assert evidence_paths(PAIRS["levels"], MODEL).to_pylist() == ["claim", "email", "bio", NO_PATH]


def test_recall_says_on_what_found_pairs_rest_and_what_missed_ones_had(engine):
    with_paths = PAIRS.append_column("path", evidence_paths(PAIRS["levels"], MODEL))
    found = {row.path: (row.true_pairs, row.found) for row in recall_by_path(with_paths, MEMBERS, TRUTH, engine)}
    assert found == {"claim": (1, 1), "email": (1, 1), THROUGH_OTHERS: (1, 1), NO_PATH: (1, 0), NOT_COMPARED: (2, 0)}


def test_promises_and_bands_say_what_held_and_how_sure_that_is(engine):
    known = with_truth(PAIRS, TRUTH, engine)
    low, high = calibration(known)
    assert (low.promised, low.held, low.pairs) == (pytest.approx(0.4), 1.0, 1)
    assert (high.promised, high.held, high.pairs) == (pytest.approx(2.87 / 3), pytest.approx(2 / 3), 3)
    assert high.low < high.held < high.high
    link, review, separate = precision_by_band(known)
    assert (link.pairs, link.same, link.precision) == (3, 2, pytest.approx(2 / 3))
    assert (review.precision, separate.precision, separate.low, separate.high) == (1.0, None, 0.0, 1.0)


def test_without_a_truth_verdicts_take_its_place_and_unsure_counts_for_nothing():
    def says(verdict, left, right):
        return Judgement(left, right, verdict, "ida", datetime(2026, 1, 1, tzinfo=UTC))

    judged = with_verdicts(
        PAIRS, [says(Verdict.SAME, "a", "b"), says(Verdict.DIFFERENT, "c", "e"), says(Verdict.UNSURE, "a", "d")]
    )
    assert judged.select(["left", "same"]).to_pylist() == [{"left": "a", "same": True}, {"left": "c", "same": False}]


def test_errors_are_told_by_trap(engine):
    found = {
        row.trap: (row.accounts, row.wrong_pairs, row.missed_pairs) for row in errors_by_trap(MEMBERS, TRUTH, engine)
    }
    assert found == {"": (4, 3, 3), "same name": (1, 3, 0)}


def test_an_accepted_pair_brings_its_whole_creator_along(engine):
    queue = pa.table({"left": ["d", "a", "a"], "right": ["e", "stranger", "d"]})
    held = held_after_review(queue, MEMBERS, TRUTH, (2, 3, 100), engine)
    assert [(one.decisions, one.true_pairs, one.gained) for one in held] == [(2, 3, 0), (3, 6, 3), (100, 6, 3)]
    assert held[1].share == 1.0


def test_a_pair_that_stands_together_is_no_decision(engine):
    queue = pa.table({"left": ["a", "a"], "right": ["b", "d"]})
    (held,) = held_after_review(queue, MEMBERS, TRUTH, (1,), engine)
    assert held.gained == 3


def test_a_comparison_left_out_weighs_nothing_and_the_others_stay():
    blind = without(MODEL, "email")
    assert bits_of(blind, "email", "private") == 0
    assert bits_of(blind, "claim", "mutual") == pytest.approx(bits_of(MODEL, "claim", "mutual"), abs=1e-3)
    with pytest.raises(ValueError, match="no comparison"):
        without(MODEL, "shoe size")
