"""BM25 against its definition."""

import math

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from index.lexical import BM25_B, BM25_K1, Bm25, average_length, build_lexicon

TEXTS = st.lists(
    st.lists(st.sampled_from(["sun", "rain", "snow", "fog", "hail"]), max_size=9).map(" ".join), max_size=12
)


def bm25_of(texts: list[str]) -> Bm25:
    lexicon = build_lexicon(texts)
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
            scores[row] += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(document) / average))
    return [score / bound if bound else 0.0 for score in scores]


@given(texts=TEXTS.filter(len), query=st.lists(st.sampled_from(["sun", "fog", "hail", "absent"]), unique=True))
def test_bm25_equals_the_textbook(texts: list[str], query: list[str]):
    """SRC-04."""
    np.testing.assert_allclose(bm25_of(texts).scores(query), reference(texts, query), atol=1e-12)


@given(texts=TEXTS.filter(len), query=st.lists(st.sampled_from(["sun", "fog", "absent"]), unique=True, min_size=1))
def test_no_document_reaches_the_upper_bound(texts: list[str], query: list[str]):
    scores = bm25_of(texts).scores(query)
    assert ((scores >= 0) & (scores < 1)).all()


@given(texts=TEXTS)
def test_postings_hold_every_word_once_per_document_in_order(texts: list[str]):
    lexicon = build_lexicon(texts)
    spelled = [
        (term, doc, tf)
        for term, df, first in zip(*(lexicon.terms[name].to_pylist() for name in ("term", "df", "first")), strict=True)
        for doc, tf in zip(
            *(lexicon.postings[name].to_pylist()[first : first + df] for name in ("doc", "tf")), strict=True
        )
    ]
    expected = {(word, doc, text.split().count(word)) for doc, text in enumerate(texts) for word in text.split()}
    assert spelled == sorted(expected)


def test_nothing_indexed_is_an_index_too():
    lexicon = build_lexicon([])
    assert lexicon.terms.num_rows == lexicon.postings.num_rows == average_length(lexicon.lengths) == 0
    assert lexicon.terms.schema.field("term").type == pa.string()
