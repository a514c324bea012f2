"""The keyword index: which word stands in which document and how often, and BM25 over it, exactly.

Postings are plain arrays sorted by term, then document, so that any reader can compute the same scores.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from index.text import tokens

BM25_K1 = 1.2  # the usual values (Robertson & Zaragoza 2009); documents here are alike in length and kind
BM25_B = 0.75

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Row numbers are the internal ids of documents."""

    #: one row per term, by code point: term, df (documents that hold it), first (its first row in `postings`)
    terms: pa.Table
    #: doc, tf: sorted by term, then doc
    postings: pa.Table
    #: int32, tokens per document
    lengths: Ints


def build_lexicon(texts: Iterable[str]) -> Lexicon:
    """The keyword index of these documents, in the order given."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__  # a new word gets the next number
    stream = array("i")
    lengths = array("i")
    for text in texts:
        words = tokens(text)
        stream.extend(map(numbers.__getitem__, words))
        lengths.append(len(words))
    return _sorted_lexicon(numbers, np.frombuffer(stream, np.int32), np.frombuffer(lengths, np.int32))


def _sorted_lexicon(numbers: Mapping[str, int], stream: Ints, lengths: Ints) -> Lexicon:
    order = sorted(numbers)
    rank = np.empty(len(order), np.int64)
    rank[[numbers[word] for word in order]] = np.arange(len(order))
    documents = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    keys = rank[stream] if len(stream) else np.empty(0, np.int64)
    keys *= max(len(lengths), 1)
    keys += documents
    pairs, counts = np.unique(keys, return_counts=True)
    term, doc = np.divmod(pairs, max(len(lengths), 1))
    df = np.bincount(term, minlength=len(order))
    first = np.cumsum(df) - df
    terms = pa.table({"term": pa.array(order, pa.string()), "df": df.astype(np.int32), "first": first.astype(np.int64)})
    postings = pa.table({"doc": doc.astype(np.int32), "tf": counts.astype(np.int32)})
    return Lexicon(terms, postings, lengths)


def inverse_document_frequency(documents: int, df: int) -> float:
    """ln(1 + (N − df + ½) / (df + ½)): rare words weigh more, and no word weighs less than nothing.

    >>> round(inverse_document_frequency(documents=10, df=2), 6)
    1.481605
    """
    return math.log(1 + (documents - df + 0.5) / (df + 0.5))


class Bm25:
    """BM25 (Robertson & Zaragoza 2009) over stored postings."""

    def __init__(self, lexicon: Lexicon, *, average_length: float, k1: float, b: float) -> None:
        self._terms = lexicon.terms["term"].combine_chunks() if lexicon.terms.num_rows else pa.array([], pa.string())
        self._df = lexicon.terms["df"].to_numpy()
        self._first = lexicon.terms["first"].to_numpy()
        self._doc = lexicon.postings["doc"].to_numpy()
        self._tf = lexicon.postings["tf"].to_numpy()
        self.documents = len(lexicon.lengths)
        self._k1 = k1
        # the part of the denominator that does not depend on the term
        self._norms: Floats = k1 * (1 - b + b * lexicon.lengths.astype(np.float64) / (average_length or 1.0))

    def holders(self, term: str) -> tuple[Ints, Ints]:
        """(documents, tf) of a term, documents ascending; both empty when no document holds it."""
        row = _position(self._terms, term)
        if row is None:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        span = slice(int(self._first[row]), int(self._first[row]) + int(self._df[row]))
        return self._doc[span], self._tf[span]

    def term_scores(self, term: str) -> tuple[Ints, Floats]:
        """(documents, scores) of one term: idf · tf·(k1+1) / (tf + k1·(1 − b + b·length/average))."""
        documents, tf = self.holders(term)
        idf = inverse_document_frequency(self.documents, len(documents))
        return documents, idf * (tf * (self._k1 + 1)) / (tf + self._norms[documents])

    def upper_bound(self, terms: Sequence[str]) -> float:
        """What no document can reach: Σ idf·(k1+1). A word that no document holds counts too."""
        held = (len(self.holders(term)[0]) for term in terms)
        return sum(inverse_document_frequency(self.documents, df) * (self._k1 + 1) for df in held)

    def scores(self, terms: Sequence[str]) -> Floats:
        """The share of the upper bound each document reaches, in [0, 1); terms are summed in the order given."""
        totals = np.zeros(self.documents)
        for term in terms:
            documents, scores = self.term_scores(term)
            totals[documents] += scores
        bound = self.upper_bound(terms)
        return totals / bound if bound else totals

    def scores_of(self, terms: Sequence[str], docs: npt.NDArray[np.intp]) -> Floats:
        """As `scores`, for these documents only."""
        return self.scores(terms)[docs]

    def best(self, terms: Sequence[str], k: int, mask: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.intp]:
        """The k documents with the highest scores above 0, best first, ties by id; only where `mask` is True."""
        scores = self.scores(terms)
        if mask is not None:
            scores = np.where(mask, scores, 0.0)
        docs = np.flatnonzero(scores > 0)
        return docs[np.lexsort((docs, -scores[docs]))][:k]

    def matched(self, terms: Sequence[str], docs: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Shape (terms, docs): whether the document holds the term."""
        rows = [np.isin(docs, self.holders(term)[0]) for term in terms]
        return np.array(rows, bool).reshape(len(terms), len(docs))


def _position(terms: pa.Array, wanted: str) -> int | None:
    low, high = 0, len(terms)
    while low < high:
        middle = (low + high) // 2
        if terms[middle].as_py() < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(terms) and terms[low].as_py() == wanted else None


def average_length(lengths: Ints) -> float:
    """Tokens per document, over all documents; 0 when there is none."""
    return float(pc.sum(pa.array(lengths)).as_py() or 0) / len(lengths) if len(lengths) else 0.0
