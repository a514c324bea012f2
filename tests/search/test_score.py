"""The formula, component by component."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from index.manifest import FieldConstants
from index.snapshot import Snapshot
from providers.hashing import HashingEmbedder
from search.score import best, fuse, measure, similarity, weighted_mean

EVERYBODY = 300


def test_weights_are_renormalised_over_the_fields_a_creator_has():
    """SRC-09: two fields, one of them, none of them."""
    similarities = {"a_bio": np.array([0.5, 0.5, np.nan]), "b_bio": np.array([1.0, np.nan, np.nan])}
    mean = weighted_mean(similarities, {"a_bio": 3.0, "b_bio": 1.0}, 3)
    np.testing.assert_allclose(mean, [(3 * 0.5 + 1) / 4, 0.5, 0.0])


def test_similarity_is_absolute_and_clipped():
    constants = FieldConstants(rows=1, stem="x", sha256="", weight=1, median_cosine=0.1, top_cosine=0.9)
    np.testing.assert_allclose(similarity(np.array([0.0, 0.1, 0.5, 0.9, 1.0]), constants), [0, 0, 0.5, 1, 1])


@settings(max_examples=60, deadline=None)
@given(chosen=st.sets(st.integers(0, EVERYBODY - 1), min_size=1))
def test_a_score_does_not_depend_on_who_else_is_asked_about(snapshot: Snapshot, chosen: set[int]):
    """SRC-06: bit for bit, so neither filters nor page size nor chunks change a score."""
    query = HashingEmbedder().embed(["home gym bread"])[0]
    docs = np.array(sorted(chosen))
    vectors = dict.fromkeys(snapshot.fields, query)
    alone = fuse(snapshot, measure(snapshot, docs, ("home", "gym"), vectors), "linear")
    among = fuse(snapshot, measure(snapshot, np.arange(EVERYBODY), ("home", "gym"), vectors), "linear")
    np.testing.assert_array_equal(alone.total, among.total[docs])
    for name, values in alone.parts.items():
        np.testing.assert_array_equal(values, among.parts[name][docs])


@given(limit=st.integers(1, 400))
def test_the_best_are_the_head_of_the_whole_ranking(snapshot: Snapshot, limit: int):
    scores = fuse(snapshot, measure(snapshot, np.arange(EVERYBODY), ("yoga",), {}), "linear")
    whole = sorted(range(EVERYBODY), key=lambda doc: (-scores.total[doc], doc))
    assert best(scores, limit).tolist() == whole[:limit]
