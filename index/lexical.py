"""The keyword index: which word stands in which document, and how often.

Postings are plain arrays sorted by term, then document, cut by ranges of documents into shards. Terms and their
document frequencies are shared by all shards, so that a score does not depend on how many there are.
"""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engines.workers import map_batches
from index.text import tokens

BATCH_DOCUMENTS = 16_384  # a batch's words are counted in some tens of megabytes
#: the words of a batch in order of discovery; how many documents hold each; for each word these documents, ascending,
#: and how often; tokens of each document
COUNTED = pa.schema(
    [
        ("words", pa.list_(pa.string())),
        ("counts", pa.list_(pa.int64())),
        ("docs", pa.list_(pa.int32())),
        ("tf", pa.list_(pa.int32())),
        ("sizes", pa.list_(pa.int32())),
    ]
)

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Postings:
    """The words of one shard's documents. Term t of the dictionary has rows first[t] to first[t + 1] − 1."""

    #: internal id of the shard's first document; `docs` count from it
    offset: int
    #: int64, one more than there are terms
    first: Longs
    #: int32, ascending within a term
    docs: Ints
    #: how often; the narrowest unsigned integers that hold the largest
    tf: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Lexicon:
    #: one row per term, by code point: term, df (documents that hold it, over all shards)
    terms: pa.Table
    shards: Sequence[Postings]
    #: int32, tokens per document
    lengths: Ints


@dataclass(frozen=True, slots=True)
class _Batch:
    """Counted words of some documents of one shard, by term in order of discovery, then document."""

    terms: Ints
    #: rows of each of `terms`
    counts: Longs
    docs: Ints
    tf: npt.NDArray[Any]


def shard_bounds(documents: int, shard_documents: int | None = None) -> list[int]:
    """Where shards begin, and the end: ranges of documents, as equal as can be.

    >>> shard_bounds(10, 4)
    [0, 3, 6, 10]
    >>> shard_bounds(0)
    [0, 0]
    """
    shards = -(-documents // shard_documents) if shard_documents and documents else 1
    return [documents * number // shards for number in range(shards + 1)]


def build_lexicon(texts: pa.ChunkedArray, bounds: Sequence[int], *, workers: int = 1) -> Lexicon:
    """The keyword index of these documents, in the order given, cut at `bounds`.

    workers: processes that count words; the index is the same for any number.
    """
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__  # a new word gets the next number
    lengths = [np.empty(0, np.int32)]
    shards: list[list[_Batch]] = [[] for _ in pairwise(bounds)]
    places = [
        (shard, start, min(BATCH_DOCUMENTS, end - start))
        for shard, (first, end) in enumerate(pairwise(bounds))
        for start in range(first, end, BATCH_DOCUMENTS)
    ]
    batches = (pa.table({"text": texts.slice(start, count)}) for _, start, count in places)
    for (shard, start, _), counted in zip(places, map_batches(batches, count_words, workers), strict=True):
        words, *found = (counted[name].chunk(0)[0].values for name in COUNTED.names)
        # Copied: a view would keep the words of every batch in memory.
        counts, docs, tf, sizes = (np.array(values) for values in found)
        terms = np.fromiter(map(numbers.__getitem__, words.to_pylist()), np.int32, len(words))
        shards[shard].append(_Batch(terms, counts, docs + np.int32(start - bounds[shard]), narrow(tf)))
        lengths.append(sizes)
    order = sorted(numbers)
    rank = np.empty(len(order), np.int64)
    rank[[numbers[word] for word in order]] = np.arange(len(order))
    postings = [_merged(batches, rank, offset) for batches, offset in zip(shards, bounds, strict=False)]
    df = sum((np.diff(shard.first) for shard in postings), np.zeros(len(order), np.int64))
    terms = pa.table({"term": pa.array(order, pa.string()), "df": df.astype(np.int32)})
    return Lexicon(terms, postings, np.concatenate(lengths))


def count_words(texts: pa.Table) -> pa.Table:
    """A kernel: COUNTED of the documents in the column `text`, as one row."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    stream, sizes = array("i"), array("i")
    for text in texts["text"].to_pylist():
        words = tokens(text)
        stream.extend(map(numbers.__getitem__, words))
        sizes.append(len(words))
    length = np.frombuffer(sizes, np.int32)
    keys = np.frombuffer(stream, np.int32).astype(np.int64) * BATCH_DOCUMENTS + np.repeat(np.arange(len(sizes)), length)
    pairs, tf = np.unique(keys, return_counts=True)
    term, doc = np.divmod(pairs, BATCH_DOCUMENTS)
    columns = [list(numbers), np.bincount(term, minlength=len(numbers)), doc, tf, length]
    return pa.table([_one_row(values, kind.type) for values, kind in zip(columns, COUNTED, strict=True)], COUNTED)


def _one_row(values: Any, kind: pa.ListType) -> pa.ListArray:
    flat = pa.array(values, kind.value_type)
    return pa.ListArray.from_arrays(pa.array([0, len(flat)], pa.int32()), flat)


def _merged(batches: Sequence[_Batch], rank: Longs, offset: int) -> Postings:
    """Each batch's run of a term goes behind the former batches' runs: no sorting, every posting is moved once."""
    df = np.zeros(len(rank), np.int64)
    for batch in batches:
        df[rank[batch.terms]] += batch.counts
    first = np.concatenate([[0], np.cumsum(df)])
    free = first[:-1].copy()
    widest = np.result_type(np.uint8, *(batch.tf.dtype for batch in batches))
    docs, tf = np.empty(first[-1], np.int32), np.empty(first[-1], widest)
    for batch in batches:
        starts = np.cumsum(batch.counts) - batch.counts
        places = np.repeat(free[rank[batch.terms]] - starts, batch.counts) + np.arange(len(batch.docs))
        docs[places], tf[places] = batch.docs, batch.tf
        free[rank[batch.terms]] += batch.counts
    return Postings(offset, first, docs, tf)


def narrow(counts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same in the narrowest unsigned integers that hold the largest."""
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))


def average_length(lengths: Ints) -> float:
    """Tokens per document, over all documents; 0 when there is none."""
    return float(lengths.sum(dtype=np.int64)) / len(lengths) if len(lengths) else 0.0
