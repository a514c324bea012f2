"""The searcher as a user meets it, and as a second reader sees it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import ConfigError, SnapshotError
from index.snapshot import Snapshot
from providers.hashing import HashingEmbedder
from search.searcher import Searcher, open_snapshot
from tests.index.generated import WORDS, some_creators
from tests.index.second_reader import Reader
from tests.index.snapshots import a_creator, input_of, write_snapshot

QUERIES = st.lists(st.sampled_from([*WORDS, "unheardof"]), min_size=1, max_size=5).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(text=QUERIES)
def test_the_parts_of_an_explanation_add_up_to_the_score(searcher: Searcher, text: str):
    """SRC-07, SRC-08, SRC-11."""
    for hit in searcher.search(text, limit=50).hits:
        explanation = hit.explanation
        assert sum(explanation.parts.values()) == pytest.approx(hit.score, abs=1e-9)
        assert all(0 <= value <= 1 for value in explanation.components.values())
        assert set(explanation.components) | set(explanation.absent_fields) >= set(searcher.snapshot.fields)


def test_text_without_a_meaning_is_like_nobody(searcher: Searcher):
    """A zero query vector, here from two words that cancel out, leaves the other parts as they are."""
    assert not HashingEmbedder().embed(["home bread"]).any()
    for hit in searcher.search("home bread").hits:
        assert hit.explanation.components["semantic"] == 0
        assert hit.explanation.components["keyword"] > 0


@settings(max_examples=40, deadline=None)
@given(text=QUERIES, limit=st.integers(1, 40))
def test_a_reader_that_imports_nothing_of_ours_gives_the_same_answer(
    searcher: Searcher, published: Path, text: str, limit: int
):
    """SYS-03, SRC-05, SRC-06: same creators, same order, same scores."""
    ours = searcher.search(text, max_followers=1_000_000, language="en", limit=limit)
    theirs = Reader(published).search(
        ours.query.terms,
        HashingEmbedder().embed([ours.query.text], kind="query")[0],
        lambda row: row["language"] == "en" and row["followers_total"] is not None and row["followers_total"] <= 10**6,
        limit,
    )
    assert [hit.creator_id for hit in ours.hits] == [creator_id for creator_id, _ in theirs]
    np.testing.assert_allclose([hit.score for hit in ours.hits], [score for _, score in theirs], atol=1e-12)


def test_the_page_size_does_not_change_a_score(searcher: Searcher):
    pages = [searcher.search("home bread", limit=limit).hits for limit in (1, 7, 300)]
    assert [hit.score for hit in pages[2]][:7] == [hit.score for hit in pages[1]]
    assert pages[0][0] == pages[1][0]


@pytest.fixture(scope="module")
def by_shards(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Searcher]:
    """The same creators in so many shards."""
    root, people = tmp_path_factory.mktemp("shards"), some_creators(120, seed=3)
    found = {}
    for count in (1, 2, 7):
        given = input_of(people, shard_creators=-(-len(people) // count))
        found[count] = Searcher(write_snapshot(root / str(count), given), HashingEmbedder())
        assert len(found[count].snapshot.content.shards) == count
    return found


@settings(max_examples=40, deadline=None)
@given(
    text=QUERIES,
    fusion=st.sampled_from(["linear", "rrf"]),
    asked=st.sampled_from([{}, {"language": "en"}, {"platform": "youtube", "max_followers": 300_000}]),
)
def test_the_number_of_shards_changes_nothing_of_a_search(by_shards, text: str, fusion, asked):
    """SRC-06: hits, their order, every part of every score, counts and facets, bit for bit."""
    answers = []
    for searcher in by_shards.values():
        found = searcher.search(text, limit=1_000, fusion=fusion, facets=True, **asked)
        answers.append((found.hits, found.total, found.kept, found.facets))
    assert answers[0] == answers[1] == answers[2]


def test_equal_scores_stand_in_the_order_of_creator_ids(tmp_path: Path):
    twins = [a_creator(name, name="Same", bio="yoga at dawn", titles=[], summary="yoga") for name in ("b", "c", "a")]
    searcher = Searcher(write_snapshot(tmp_path, input_of(twins)), HashingEmbedder())
    hits = searcher.search("yoga").hits
    assert [hit.creator_id for hit in hits] == ["cr_a", "cr_b", "cr_c"]
    assert len({hit.score for hit in hits}) == 1


def test_a_creator_on_one_platform_is_not_ranked_down_for_the_others(tmp_path: Path):
    """SRC-09: the same text scores the same whether or not other fields exist in the index."""
    here, there = a_creator("a", bio="yoga dawn"), a_creator("b", bio="oven", followers={"instagram": 50_000})
    alone = Searcher(write_snapshot(tmp_path / "one", input_of([here])), HashingEmbedder()).search("yoga dawn").hits[0]
    both = (
        Searcher(write_snapshot(tmp_path / "two", input_of([here, there])), HashingEmbedder())
        .search("yoga dawn")
        .hits[0]
    )
    assert both.explanation.components["semantic"] == alone.explanation.components["semantic"]
    assert both.explanation.absent_fields == ("instagram_bio", "instagram_content")


def test_the_reasons_name_words_niche_and_filters(tmp_path: Path):
    ann = a_creator("ann", bio="home workouts, no gear", secondary=["fitness.home_workouts"])
    searcher = Searcher(write_snapshot(tmp_path, input_of([ann, a_creator("bob", niche="food")])), HashingEmbedder())
    result = searcher.search("home workouts under 500k followers")
    assert result.hits[0].creator["name"] == "Ann"
    assert result.hits[0].explanation.matched_words == ("home", "workouts")
    assert result.hits[0].explanation.niche_match == ("Home workouts",)
    assert result.hits[0].explanation.filters == ("max followers 499,999",)


def test_a_search_without_text_lists_by_quality(searcher: Searcher):
    result = searcher.search("", platform="zz")
    assert all("zz" in hit.creator["platforms"] for hit in result.hits)
    qualities = [hit.creator["quality"] for hit in result.hits]
    assert qualities == sorted(qualities, reverse=True)


def test_text_that_matches_nobody_finds_nobody(searcher: Searcher):
    assert searcher.search("unheardof").total == 0


def test_facets_count_what_matches(searcher: Searcher):
    result = searcher.search("", language="es", facets=True)
    assert result.facets["language"] == {"es": result.total}


def test_a_result_names_its_snapshot_and_constants(searcher: Searcher, snapshot: Snapshot):
    """SRC-10."""
    result = searcher.search("yoga")
    assert result.snapshot_id == snapshot.manifest.snapshot_id
    assert result.config_fingerprint == snapshot.content.config_fingerprint


def test_other_weights_have_another_fingerprint(tmp_path: Path):
    """SRC-10."""
    from index.scoring import ScoringSettings

    people = [a_creator("ann")]
    plain = write_snapshot(tmp_path / "a", input_of(people)).content
    heavy = write_snapshot(tmp_path / "b", input_of(people, scoring=ScoringSettings(keyword_weight=0.9))).content
    assert plain.config_fingerprint != heavy.config_fingerprint
    assert plain.snapshot_id != heavy.snapshot_id


def test_vectors_of_another_model_are_refused(snapshot: Snapshot):
    """EMB-06: a query is never compared with vectors of another model."""
    with pytest.raises(ConfigError, match="hashing/32"):
        Searcher(snapshot, HashingEmbedder(32))
    with pytest.raises(ConfigError, match="no query encoder"):
        Searcher(snapshot)


def test_nothing_published_is_said_plainly(tmp_path: Path):
    with pytest.raises(SnapshotError, match="nothing has been published"):
        open_snapshot(tmp_path)


def test_search_reaches_no_store_and_no_language_model():
    """SRC-14: whatever route the imports take."""
    code = "import sys, search.searcher; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[0] for name in loaded}
    assert not rooms & {"store", "jobs", "review", "enrich", "identity", "ingest", "sqlalchemy", "sqlmodel", "openai"}
    assert "providers.llm" not in loaded


@settings(max_examples=20)
@given(text=QUERIES)
def test_reciprocal_ranks_need_no_constants_and_add_up_too(searcher: Searcher, text: str):
    result = searcher.search(text, limit=1_000, fusion="rrf")
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    for hit in result.hits:
        assert sum(hit.explanation.parts.values()) == pytest.approx(hit.score, abs=1e-9)
        assert all(part == 0 or 1 / (60 + result.total) <= part <= 1 / 61 for part in hit.explanation.parts.values())


def test_hidden_creators_are_neither_hits_nor_counted(searcher: Searcher):
    everybody = searcher.search("yoga", facets=True)
    first = everybody.hits[0]
    without = searcher.search("yoga", facets=True, hidden=searcher.mask_of([first.creator_id, "cr_nobody"]))
    assert [hit.creator_id for hit in without.hits][:5] == [hit.creator_id for hit in everybody.hits][1:6]
    assert (without.total, without.kept) == (everybody.total - 1, everybody.kept - 1)
    language = first.creator["language"]
    if language:
        assert without.facets["language"][language] == everybody.facets["language"][language] - 1


@settings(max_examples=20)
@given(language=st.sampled_from(["en", "es"]), text=st.sampled_from(["", "yoga", "home -oven"]))
def test_every_facet_equals_a_naive_count(searcher: Searcher, language: str, text: str):
    result = searcher.search(text, language=language, limit=1_000, facets=True)
    assert result.total == len(result.hits)
    for name, counts in result.facets.items():
        naive: dict[str, int] = {}
        for hit in result.hits:
            value = hit.creator[name]
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    naive[one] = naive.get(one, 0) + 1
        assert counts == naive
        assert list(counts) == sorted(naive, key=lambda one: (-naive[one], one))


def test_emerging_creators_come_first_among_those_that_fit(tmp_path: Path):
    """SRC-02: "emerging fitness creators for a new gym launch"."""
    people = [
        a_creator("flat", bio="fitness gym launch", growth={"youtube": (50_000, 50_000, 28)}),
        a_creator("fast", bio="fitness gym launch", growth={"youtube": (25_000, 50_000, 28)}),
        a_creator("none", bio="fitness gym launch"),
        a_creator("oven", bio="bread", titles=["cake"], niche="food", summary="", growth={"youtube": (10, 50_000, 28)}),
    ]
    searcher = Searcher(write_snapshot(tmp_path, input_of(people)), HashingEmbedder())
    hits = searcher.search("emerging fitness creators for a new gym launch").hits
    assert hits[0].creator_id == "cr_fast"
    assert hits[0].explanation.parts["growth"] > 0
    assert sum(hits[0].explanation.parts.values()) == pytest.approx(hits[0].score, abs=1e-9)
    assert "cr_oven" not in {hit.creator_id for hit in hits[:3]}
    assert "growth" not in searcher.search("fitness creators for a new gym launch").hits[0].explanation.parts
    assert [hit.creator_id for hit in searcher.search("gym", momentum="rising").hits] == ["cr_fast"]


def test_the_constants_of_growth_and_rank_fusion_are_the_snapshots_own(tmp_path: Path):
    from index.scoring import ScoringSettings

    people = [
        a_creator("flat", bio="fitness gym", growth={"youtube": (50_000, 50_000, 28)}),
        a_creator("fast", bio="fitness gym", growth={"youtube": (25_000, 50_000, 28)}),
    ]
    scoring = ScoringSettings(growth_weight=0.05, rrf_k=9)
    searcher = Searcher(write_snapshot(tmp_path / "v", input_of(people, scoring=scoring)), HashingEmbedder())
    (best, *_) = searcher.search("emerging fitness gym").hits
    assert (best.creator_id, best.explanation.parts["growth"]) == ("cr_fast", 0.05)
    (best, *_) = searcher.search("emerging fitness gym", fusion="rrf").hits
    assert best.explanation.parts["growth"] == 1 / (9 + 1)
    usual = write_snapshot(tmp_path / "usual", input_of(people)).content
    assert searcher.snapshot.content.config_fingerprint != usual.config_fingerprint
