"""Scores of a clustering, against counting by hand."""

from itertools import combinations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from engines.duckdb_engine import DuckDBEngine
from identity.evaluation import evaluate, missed_pairs, score_labels, wrong_merges

LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


@given(LABELS)
def test_pairwise_scores_are_what_counting_pairs_gives(rows):
    found, actual = (np.array(side, np.int64) for side in zip(*rows, strict=True))
    pairs = list(combinations(range(len(rows)), 2))
    claimed = {pair for pair in pairs if found[pair[0]] == found[pair[1]]}
    true = {pair for pair in pairs if actual[pair[0]] == actual[pair[1]]}
    score = score_labels(found, actual).pairwise
    assert score.precision == (len(claimed & true) / len(claimed) if claimed else 1.0)
    assert score.recall == (len(claimed & true) / len(true) if true else 1.0)


@given(LABELS)
def test_b_cubed_scores_are_the_mean_over_accounts(rows):
    found, actual = (np.array(side, np.int64) for side in zip(*rows, strict=True))
    shares = []
    for account in range(len(rows)):
        mates, kin = found == found[account], actual == actual[account]
        shares.append(((mates & kin).sum() / mates.sum(), (mates & kin).sum() / kin.sum()))
    expected = np.mean(shares, axis=0)
    score = score_labels(found, actual).b_cubed
    assert np.allclose([score.precision, score.recall], expected)


def test_errors_are_listed_as_pairs():
    members = pa.table({"account_id": ["a", "b", "c"], "creator_id": ["1", "1", "2"]})
    truth = pa.table({"account_id": ["a", "b", "c"], "creator_id": ["p", "q", "q"]})
    with DuckDBEngine(threads=1) as engine:
        assert wrong_merges(members, truth, engine).to_pylist() == [{"left": "a", "right": "b"}]
        assert missed_pairs(members, truth, engine).to_pylist() == [{"left": "b", "right": "c"}]
        assert evaluate(members, truth, engine).summary()["pair_f1"] == 0.0
