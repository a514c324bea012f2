"""Candidates: a union of lists that changes who is scored, never a score."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import search.candidates
from index.snapshot import Snapshot
from providers.hashing import HashingEmbedder
from search.candidates import propose
from search.searcher import Searcher
from tests.index.generated import WORDS

EVERYBODY = 300
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True).map(tuple)


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch):
    """Sets how many are scored without a list, and how long the lists are."""

    def ask(scan_all: int, depth: int) -> None:
        monkeypatch.setattr(search.candidates, "SCAN_ALL", scan_all)
        monkeypatch.setattr(search.candidates, "DEPTH", depth)

    return ask


@settings(max_examples=30, suppress_health_check=[])
@given(terms=TEXTS, depth=st.integers(1, 40), kept=st.sets(st.integers(0, EVERYBODY - 1), min_size=20))
def test_the_candidates_are_the_union_of_the_best_of_each_list(
    snapshot: Snapshot, terms: tuple[str, ...], depth: int, kept: set[int]
):
    """SRC-05, SRC-06: against sorting everybody by each component."""
    mask = np.zeros(EVERYBODY, bool)
    mask[list(kept)] = True
    query = HashingEmbedder().embed([" ".join(terms)])[0]
    vectors = dict.fromkeys(snapshot.fields, query) if query.any() else {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search.candidates, "SCAN_ALL", 0)
        patch.setattr(search.candidates, "DEPTH", depth)
        found = set(propose(snapshot, mask, terms, vectors).docs.tolist())
    words = snapshot.bm25.scores(terms)
    wanted = set(sorted((doc for doc in kept if words[doc] > 0), key=lambda doc: (-words[doc], doc))[:depth])
    everybody = np.arange(EVERYBODY)
    for name, vector in vectors.items():
        near = snapshot.fields[name].cosines_of(everybody, vector)
        known = [doc for doc in kept if not np.isnan(near[doc])]
        wanted |= set(sorted(known, key=lambda doc: (-near[doc], doc))[:depth])
    assert found == wanted


def test_a_list_decides_no_score(searcher: Searcher, asked_for):
    whole = {hit.creator_id: hit for hit in searcher.search("home bread canvas", limit=1_000).hits}
    asked_for(scan_all=10, depth=15)
    listed = searcher.search("home bread canvas", limit=1_000)
    assert not listed.is_complete
    assert 15 <= listed.total < len(whole)
    for hit in listed.hits:
        assert hit.score == whole[hit.creator_id].score
        assert hit.explanation == whole[hit.creator_id].explanation


def test_the_first_of_all_are_the_first_of_the_candidates(searcher: Searcher, asked_for):
    whole = [hit.creator_id for hit in searcher.search("home gym yoga", limit=10).hits]
    asked_for(scan_all=10, depth=60)
    assert [hit.creator_id for hit in searcher.search("home gym yoga", limit=10).hits] == whole


def test_the_plan_says_how_they_were_found(searcher: Searcher, asked_for):
    assert searcher.search("yoga").plan == ("everybody kept by the filters: 300 of 300",)
    asked_for(scan_all=10, depth=15)
    plan = searcher.search("yoga").plan
    assert plan[0].startswith("words: best 15 of 300")
    assert {step.partition(":")[0] for step in plan[1:]} == set(searcher.snapshot.fields)
