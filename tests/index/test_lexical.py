"""The postings say which word stands where, in one shard or in many."""

from itertools import pairwise

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from index.lexical import Lexicon, average_length, build_lexicon, shard_bounds

TEXTS = st.lists(
    st.lists(st.sampled_from(["sun", "rain", "snow", "fog", "hail"]), max_size=9).map(" ".join), max_size=12
)


def spelled(lexicon: Lexicon) -> list[tuple[str, int, int]]:
    """(term, document, frequency) of every posting, as stored."""
    found = []
    for row, term in enumerate(lexicon.terms["term"].to_pylist()):
        for shard in lexicon.shards:
            span = slice(shard.first[row], shard.first[row + 1])
            docs, tf = shard.docs[span].tolist(), shard.tf[span].tolist()
            found += [(term, shard.offset + doc, count) for doc, count in zip(docs, tf, strict=True)]
    return found


@given(texts=TEXTS, shard_documents=st.integers(1, 12))
def test_postings_hold_every_word_once_per_document_in_order(texts: list[str], shard_documents: int):
    lexicon = build_lexicon(pa.chunked_array([texts], pa.string()), shard_bounds(len(texts), shard_documents))
    expected = {(word, doc, text.split().count(word)) for doc, text in enumerate(texts) for word in text.split()}
    assert spelled(lexicon) == sorted(expected)


@given(texts=TEXTS, shard_documents=st.integers(1, 12))
def test_document_frequencies_do_not_depend_on_shards(texts: list[str], shard_documents: int):
    many = build_lexicon(pa.chunked_array([texts], pa.string()), shard_bounds(len(texts), shard_documents))
    one = build_lexicon(pa.chunked_array([texts], pa.string()), shard_bounds(len(texts)))
    assert many.terms == one.terms
    assert dict(zip(one.terms["term"].to_pylist(), one.terms["df"].to_pylist(), strict=True)) == {
        word: sum(word in text.split() for text in texts) for text in texts for word in text.split()
    }


def test_batches_do_not_show(monkeypatch):
    texts = [f"sun w{number % 7} w{number % 3}" for number in range(40)]
    whole = spelled(build_lexicon(pa.chunked_array([texts], pa.string()), shard_bounds(40, 15)))
    monkeypatch.setattr("index.lexical.BATCH_DOCUMENTS", 4)
    assert spelled(build_lexicon(pa.chunked_array([texts], pa.string()), shard_bounds(40, 15))) == whole


def test_workers_do_not_show(monkeypatch):
    texts = pa.chunked_array([[f"sun w{number % 7} été{number % 3}" for number in range(40)]])
    monkeypatch.setattr("index.lexical.BATCH_DOCUMENTS", 16)
    one, two = (build_lexicon(texts, shard_bounds(40, 20), workers=workers) for workers in (1, 2))
    assert spelled(one) == spelled(two)
    assert one.lengths.tolist() == two.lengths.tolist()


def test_a_word_may_stand_more_often_than_a_byte_can_count():
    lexicon = build_lexicon(pa.chunked_array([["sun " * 70_000, "sun"]], pa.string()), shard_bounds(2))
    assert spelled(lexicon) == [("sun", 0, 70_000), ("sun", 1, 1)]


def test_nothing_indexed_is_an_index_too():
    lexicon = build_lexicon(pa.chunked_array([[]], pa.string()), shard_bounds(0))
    assert lexicon.terms.num_rows == average_length(lexicon.lengths) == 0
    assert spelled(lexicon) == []


@given(documents=st.integers(0, 1000), most=st.integers(1, 100))
def test_shards_are_ranges_of_nearly_equal_size(documents: int, most: int):
    bounds = shard_bounds(documents, most)
    sizes = [end - start for start, end in pairwise(bounds)]
    assert sum(sizes) == documents
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
