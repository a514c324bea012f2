"""BM25 against its definition; the ways to ask for a score agree."""

import math
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.bm25 import BM25_B, BM25_K1, Bm25
from index.lexical import average_length, build_lexicon, shard_bounds

WORDS = ["sun", "rain", "snow", "fog", "hail"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), min_size=1, max_size=12)
TERMS = st.lists(st.sampled_from([*WORDS, "absent"]), unique=True)


def bm25_of(texts: list[str], shard_documents: int | None = None) -> Bm25:
    lexicon = build_lexicon(pa.chunked_array([texts], pa.string()), shard_bounds(len(texts), shard_documents))
    return Bm25(lexicon, average_length=average_length(lexicon.lengths), k1=BM25_K1, b=BM25_B)


def reference(texts: list[str], query: list[str]) -> list[float]:
    documents = [text.split() for text in texts]
    average = sum(map(len, documents)) / len(documents) or 1
    scores, bound = [0.0] * len(documents), 0.0
    for term in query:
        df = sum(term in document for document in documents)
        idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
        bound += idf * 2.2
        for row, document in enumerate(documents):
            tf = document.count(term)
            scores[row] += idf * tf * 2.2 / (tf + 1.2 * (0.6 + 0.4 * len(document) / average))
    return [score / bound if bound else 0.0 for score in scores]


@given(texts=TEXTS, query=TERMS)
def test_bm25_equals_the_textbook(texts: list[str], query: list[str]):
    """SRC-04."""
    np.testing.assert_allclose(bm25_of(texts).scores(query), reference(texts, query), atol=1e-12)


@given(texts=TEXTS, query=TERMS)
def test_no_document_reaches_the_upper_bound(texts: list[str], query: list[str]):
    scores = bm25_of(texts).scores(query)
    assert ((scores >= 0) & (scores < 1)).all()


@given(texts=TEXTS, query=TERMS, shard_documents=st.integers(1, 12), dice=st.randoms(use_true_random=False))
def test_scores_depend_on_neither_shards_nor_who_else_is_asked_for(
    texts: list[str], query: list[str], shard_documents: int, dice: random.Random
):
    whole = bm25_of(texts).scores(query)
    docs = np.array(dice.sample(range(len(texts)), dice.randint(0, len(texts))), np.intp)
    np.testing.assert_array_equal(bm25_of(texts, shard_documents).scores_of(query, docs), whole[docs])


@given(texts=TEXTS, query=TERMS)
def test_matched_words_are_those_in_the_text(texts: list[str], query: list[str]):
    found = bm25_of(texts, 3).matched(query, np.arange(len(texts)))
    assert found.tolist() == [[term in text.split() for text in texts] for term in query]


@pytest.mark.parametrize("masked", [False, True], ids=["everybody", "half of them"])
@pytest.mark.parametrize("count", [1, 5, 40, 500])
def test_the_best_are_those_of_a_full_sort(count: int, masked: bool):
    """With common and rare words, so that common ones go unread."""
    dice = random.Random(3)
    words = [f"w{number}" for number in range(60)]
    texts = [" ".join(dice.choices(words, [1 / (n + 1) for n in range(60)], k=dice.randint(1, 30))) for _ in range(900)]
    bm25 = bm25_of(texts, 200)
    mask = np.random.default_rng(4).random(900) < 0.5 if masked else None
    for _ in range(40):
        query = dice.sample(words, dice.randint(1, 5))
        scores = bm25.scores(query)
        allowed = np.flatnonzero((scores > 0) & (mask if mask is not None else True))
        expected = allowed[np.lexsort((allowed, -scores[allowed]))][:count]
        assert bm25.best(query, count, mask).tolist() == expected.tolist()


def test_common_words_go_unread_when_they_cannot_matter():
    texts = ["rare sun " * 3] * 5 + ["sun"] * 5_000
    bm25 = bm25_of(texts)
    asked = []
    bm25._earned = lambda docs, tf, idf, plain=bm25._earned: asked.append(len(docs)) or plain(docs, tf, idf)
    assert bm25.best(["sun", "rare"], 5).tolist() == [0, 1, 2, 3, 4]
    assert max(asked) == 5
