"""BM25 (Robertson & Zaragoza 2009) over stored postings, exactly: all documents, some, or the best few.

A score is a share of what the query could earn at most, so it lies in [0, 1) whatever the query. Terms are always
summed in the order given: the three ways to ask for a score agree bit for bit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from index.lexical import Ints, Lexicon

BM25_K1 = 1.2  # the usual value
# The usual 0.75 puts a bare name before a creator with a dozen posts on the subject; see benchmarks/ranking.py.
BM25_B = 0.4
IMPACTS = 256  # so finely is told what a posting gives
KEPT_TERMS = 1_024  # asked for last: a byte per document that holds one
_ROUNDING = 1e-9  # a bound this close to the threshold could still be reached

Docs = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def inverse_document_frequency(documents: int, df: int) -> float:
    """ln(1 + (N − df + ½) / (df + ½)): rare words weigh more, and no word weighs less than nothing.

    >>> round(inverse_document_frequency(documents=10, df=2), 6)
    1.481605
    """
    return math.log(1 + (documents - df + 0.5) / (df + 0.5))


@dataclass(frozen=True, slots=True)
class _Term:
    """One word's postings over all shards."""

    docs: Ints
    tf: npt.NDArray[Any]
    idf: float
    #: uint8: a posting gives impact · step or more, and less than (impact + 1) · step
    impacts: npt.NDArray[np.uint8]
    step: float
    #: no posting gives more
    most: float


class Bm25:
    def __init__(self, lexicon: Lexicon, *, average_length: float, k1: float, b: float) -> None:
        self._terms = lexicon.terms["term"].combine_chunks() if lexicon.terms.num_rows else pa.array([], pa.string())
        self._shards = lexicon.shards
        self.documents = len(lexicon.lengths)
        self._k1 = k1
        # the part of the denominator that does not depend on the term
        self._norms: Floats = k1 * (1 - b + b * lexicon.lengths.astype(np.float64) / (average_length or 1.0))
        self._term = lru_cache(KEPT_TERMS)(self._read)

    def holders(self, term: str) -> tuple[Ints, npt.NDArray[Any]]:
        """(documents, tf) of a term, documents ascending; both empty when no document holds it."""
        row = _position(self._terms, term)
        if row is None:
            return np.empty(0, np.int32), np.empty(0, np.uint8)
        parts = [(shard, slice(int(shard.first[row]), int(shard.first[row + 1]))) for shard in self._shards]
        docs = [
            shard.docs[span] + np.int32(shard.offset) if shard.offset else shard.docs[span] for shard, span in parts
        ]
        tf = [shard.tf[span] for shard, span in parts]
        return (docs[0], tf[0]) if len(parts) == 1 else (np.concatenate(docs), np.concatenate(tf))

    def scores(self, terms: Sequence[str]) -> Floats:
        """The share that each document earns of Σ idf·(k1+1), which none reaches; a word nobody holds counts too."""
        found = [self._term(term) for term in terms]
        totals = np.zeros(self.documents)
        for term in found:
            totals[term.docs] += self._earned(term.docs, term.tf, term.idf)
        return self._shares(totals, found)

    def scores_of(self, terms: Sequence[str], docs: Docs) -> Floats:
        """`scores(terms)[docs]`, for the price of those documents."""
        found = [self._term(term) for term in terms]
        return self._shares(self._totals(found, docs), found)

    def matched(self, terms: Sequence[str], docs: Docs) -> Mask:
        """Whether each term (row) stands in each of `docs` (column)."""
        return np.array([_frequencies(self._term(term), docs) > 0 for term in terms]).reshape(len(terms), len(docs))

    def best(self, terms: Sequence[str], count: int, mask: Mask | None = None) -> Docs:
        """The documents with the highest scores above 0, best first, equal scores by internal id; exactly.

        mask: which documents may appear, all when None.
        MaxScore (Turtle & Flood 1995): terms are read rarest first, and of the common ones only the postings that could
        still lift a document among the best. Which these are a byte per posting says.
        """
        found = [self._term(term) for term in terms]
        docs = self._contenders(sorted(found, key=lambda term: len(term.docs)), count, mask)
        totals = self._totals(found, docs)
        return docs[best_rows(totals, docs, count)]

    def _contenders(self, rarest_first: Sequence[_Term], count: int, mask: Mask | None) -> Docs:
        """Every document that may be among the best `count`, and some that are not."""
        docs, earned = np.empty(0, np.intp), np.empty(0)
        left = sum(term.most for term in rarest_first)
        for term in rarest_first:
            threshold = _nth_largest(earned, count) or _surely_earned(term, count, mask)
            alive = earned + left + _ROUNDING >= threshold
            docs, earned, left = docs[alive], earned[alive], left - term.most
            places, held = _places(term, docs)
            fresh = _strong(term, threshold - left - _ROUNDING)
            fresh[places[held]] = False
            rows = np.flatnonzero(fresh)
            rows = rows if mask is None else rows[mask[term.docs[rows]]]
            earned[held] += self._earned(docs[held], term.tf[places[held]], term.idf)
            docs = np.concatenate([docs, term.docs[rows]])
            earned = np.concatenate([earned, self._earned(term.docs[rows], term.tf[rows], term.idf)])
        return docs[earned + _ROUNDING >= _nth_largest(earned, count)]

    def _totals(self, terms: Sequence[_Term], docs: Docs) -> Floats:
        totals = np.zeros(len(docs))
        for term in terms:
            totals += self._earned(docs, _frequencies(term, docs), term.idf)
        return totals

    def _earned(self, docs: Docs | Ints, tf: npt.NDArray[Any], idf: float) -> Floats:
        """What one term gives to each document: idf · tf·(k1+1) / (tf + k1·(1 − b + b·length/average))."""
        frequency = tf.astype(np.float64)
        return idf * (frequency * (self._k1 + 1)) / (frequency + self._norms[docs])

    def _read(self, term: str) -> _Term:
        docs, tf = self.holders(term)
        idf = inverse_document_frequency(self.documents, len(docs))
        impacts = (IMPACTS * (tf / (tf + self._norms[docs]))).astype(np.uint8)
        step = idf * (self._k1 + 1) / IMPACTS
        return _Term(docs, tf, idf, impacts, step, step * (int(impacts.max(initial=0)) + 1))

    def _bound(self, terms: Sequence[_Term]) -> float:
        return sum(term.idf * (self._k1 + 1) for term in terms)

    def _shares(self, totals: Floats, terms: Sequence[_Term]) -> Floats:
        bound = self._bound(terms)
        return totals / bound if bound else totals


def best_rows(scores: Floats, docs: Docs | Ints, count: int) -> Docs:
    """Rows of the highest scores, best first; equal scores by internal id."""
    rows = np.arange(len(docs))
    if count < len(rows):
        rows = np.flatnonzero(scores >= _nth_largest(scores, count))
    return rows[np.lexsort((docs[rows], -scores[rows]))][:count]


def _nth_largest(values: Floats, count: int) -> float:
    """The smallest of the `count` largest values; 0 when there are fewer."""
    if len(values) < count:
        return 0.0
    return float(np.partition(values, len(values) - count)[len(values) - count])


def _surely_earned(term: _Term, count: int, mask: Mask | None) -> float:
    """What at least `count` documents earn by this term; 0 when fewer hold it."""
    impacts = term.impacts if mask is None else term.impacts[mask[term.docs]]
    if len(impacts) < count:
        return 0.0
    at_least = np.cumsum(np.bincount(impacts, minlength=IMPACTS)[::-1])[::-1]
    return term.step * int(np.flatnonzero(at_least >= count)[-1])


def _strong(term: _Term, wanted: float) -> Mask:
    """Which postings may give as much."""
    return np.asarray(term.impacts >= math.ceil(wanted / term.step) - 1)


def _places(term: _Term, docs: Docs) -> tuple[Docs, Mask]:
    """(where each document would stand among the term's, whether it does)."""
    if len(term.docs) == 0:
        return np.zeros(len(docs), np.intp), np.zeros(len(docs), bool)
    wanted = docs.astype(np.int32)  # of another type NumPy would first copy all that it searches
    places = np.minimum(np.searchsorted(term.docs, wanted), len(term.docs) - 1)
    return places, term.docs[places] == wanted


def _frequencies(term: _Term, docs: Docs) -> npt.NDArray[Any]:
    """How often the term stands in each of `docs`."""
    places, held = _places(term, docs)
    frequencies = np.zeros(len(docs), term.tf.dtype)
    frequencies[held] = term.tf[places[held]]
    return frequencies


def _position(terms: pa.Array, wanted: str) -> int | None:
    low, high = 0, len(terms)
    while low < high:
        middle = (low + high) // 2
        if terms[middle].as_py() < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(terms) and terms[low].as_py() == wanted else None
