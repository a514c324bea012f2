"""Scores against a truth: a promise of probability is compared with what held."""

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from jobs.score_identity import calibration_of, score_identity
from store.session import Store
from store.tables import CreatorMember
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
