"""Measures of search against answers worked out by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from base.errors import SourceError
from search.evaluation import (
    HYBRID,
    SHARES,
    JudgedQuery,
    measure_fidelity,
    measure_ranking,
    measure_slices,
    ndcg_at,
    paired_interval,
    read_judged,
)
from search.searcher import Searcher


def test_the_order_of_grades_is_worth_its_discount():
    grades = {"a": 3, "b": 2, "c": 0}
    best = 7 / 1 + 3 / np.log2(3)
    assert ndcg_at(["a", "b", "c"], grades) == 1
    assert ndcg_at(["c", "b", "a"], grades) == pytest.approx((3 / np.log2(3) + 7 / 2) / best)
    assert ndcg_at(["x", "y"], grades) == 0


def test_an_interval_holds_its_mean_and_a_constant_has_none():
    low, high = paired_interval(np.array([0.1, 0.2, 0.3, 0.0]))
    assert low < 0.15 < high
    assert paired_interval(np.full(5, 0.25)) == (0.25, 0.25)


def test_the_shipped_path_finds_all_where_it_reads_every_row(searcher: Searcher):
    found = measure_fidelity(searcher, queries=5)
    assert {one.share for one in found} >= set(SHARES[:3])
    assert {one.field for one in found} == set(searcher.snapshot.fields)
    assert all(one.recall == 1 for one in found)


def test_a_ranking_is_compared_with_simpler_ones(searcher: Searcher):
    queries = ["yoga gym", "bread cake"]
    judged = [
        JudgedQuery(query=text, grades={hit.creator_id: 3 for hit in searcher.search(text, limit=10).hits})
        for text in queries
    ]
    found = {one.system: one for one in measure_ranking(searcher, judged)}
    assert {HYBRID, "words", "meaning", "reciprocal ranks", *searcher.snapshot.fields} == found.keys()
    assert found[HYBRID].ndcg_at_10 == 1
    assert (found[HYBRID].precision_at_5, found[HYBRID].recall_at_50, found[HYBRID].unjudged_at_10) == (1, 1, 0)
    assert found["words"].difference == pytest.approx(1 - found["words"].ndcg_at_10)
    assert all(one.recall_at_50 == 1 for one in measure_slices(searcher, judged))


def test_a_file_of_judged_queries_reads_back_and_names_a_bad_line(tmp_path: Path):
    path = tmp_path / "judged.jsonl"
    path.write_text(json.dumps({"query": "yoga", "kind": "niche", "grades": {"cr_a": 2}}) + "\n\n")
    assert read_judged(path) == [JudgedQuery(query="yoga", kind="niche", grades={"cr_a": 2})]
    path.write_text(path.read_text() + '{"query": 3}\n')
    with pytest.raises(SourceError, match=r"judged.jsonl:3"):
        read_judged(path)
