"""Scores against a truth: a promise of probability is compared with what held."""

import pyarrow as pa
import pytest

from base.judgement import Judgement, Verdict
from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from jobs.context import Context
from jobs.evaluation_page import evaluation_page
from jobs.resolve_creators import resolve_creators
from jobs.score_identity import assess_identity, calibration_of, score_identity
from store.judgements import save_judgements
from store.pairs import load_pairs
from store.session import Store
from store.tables import CreatorMember
from tests.conftest import NewStore
from tests.crowds import accounts_of
from tests.factories import AS_OF, a_context

TRUTH = pa.table({"account_id": ["a", "b", "c"], "creator_id": ["ann", "ann", "cem"]})


def test_a_promise_is_compared_with_what_held_and_unknown_accounts_are_left_out():
    pairs = pa.table(
        {
            "left": ["a", "a", "b", "a"],
            "right": ["b", "c", "c", "stranger"],
            "match_probability": [0.97, 0.93, 0.02, 0.99],
        }
    )
    with DuckDBEngine() as engine:
        assert calibration_of(pairs, TRUTH, engine) == [
            (pytest.approx(0.02), 0.0, 1),
            (pytest.approx(0.95), 0.5, 2),
        ]


def test_a_perfect_resolution_scores_one(store: Store):
    with store.writing() as session:
        session.add_all(CreatorMember(account_key=key, creator_id=f"cr_{key in 'ab'}", since=AS_OF) for key in "abc")
    evaluation = score_identity(a_context(store), TRUTH).evaluation
    assert (evaluation.pairwise.f1, evaluation.b_cubed.f1) == (1.0, 1.0)


CORPUS = generate(400, 32)
CORPUS_TRUTH = pa.table(
    {
        "account_id": CORPUS.truth["account_key"],
        "creator_id": CORPUS.truth["person_id"],
        "trap": CORPUS.truth["trap_name"],
    }
)


def by_words(store: Store) -> Context:
    return a_context(store, identity={"bio_neighbours": False})


def resolve_corpus(store: Store) -> None:
    with store.writing() as session:
        session.add_all(accounts_of(CORPUS))
    resolve_creators(by_words(store))


@pytest.fixture
def resolved(new_store: NewStore) -> Context:
    return by_words(new_store(resolve_corpus))


def test_an_assessment_adds_up(resolved):
    report = assess_identity(resolved, CORPUS_TRUTH)
    scores, paths = report["scores"], report["recall_by_path"]
    assert sum(row["true_pairs"] for row in paths) == scores["true_pairs"]
    assert sum(row["found"] for row in paths) == pytest.approx(scores["pair_recall"] * scores["true_pairs"], abs=0.5)
    assert sum(row["pairs"] for row in report["calibration"]) == sum(
        row["pairs"] for row in report["precision_by_band"]
    )
    assert sum(row["accounts"] for row in report["errors_by_trap"]) == scores["accounts"]
    early, late = report["review"]
    assert 0 <= early["gained"] <= late["gained"]
    assert late["true_pairs"] - late["gained"] == sum(row["found"] for row in paths)


@pytest.mark.slow
def test_an_ablation_leaves_out_each_kind_of_evidence_once(resolved):
    rows = {row["without"]: row for row in assess_identity(resolved, CORPUS_TRUTH, ablation=True)["ablation"]}
    whole = rows.pop("nothing")
    assert {"claim", "email", "site", "bio"} <= set(rows)
    assert rows["claim"]["pair_recall"] < whole["pair_recall"]
    assert {row["candidate_pairs"] for row in rows.values()} == {whole["candidate_pairs"]}


def test_without_a_truth_merges_count_only_where_they_were_audited(resolved):
    with resolved.reading_frames() as frames:
        pairs = load_pairs(frames).to_pylist()
    merged = [row for row in pairs if row["triage"] == "link"][:4]
    doubtful = [row for row in pairs if row["triage"] == "review"][:3]
    notes = ["audit", "audit", "picked", "picked", "", "", ""]
    with resolved.writing() as session:
        save_judgements(
            session,
            [
                Judgement(row["left"], row["right"], Verdict.SAME, "ida", AS_OF, note)
                for row, note in zip(merged + doubtful, notes, strict=True)
            ],
        )
    report = assess_identity(resolved)
    assert report["against"] == "judgements"
    assert {row["band"]: row["pairs"] for row in report["precision_by_band"]} == {"link": 2, "review": 3, "separate": 0}


def test_the_page_of_an_assessment_is_whole_and_escapes_what_the_truth_says(resolved):
    report = assess_identity(resolved, CORPUS_TRUTH)
    report["errors_by_trap"][0]["trap"] = "<script>alert(1)</script>"
    page = evaluation_page(report)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<section>") == len(
        [found for found in report.values() if isinstance(found, (list, dict)) and found]
    )
