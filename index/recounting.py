"""The keyword index of tonight made of last night's: only the words of documents that changed are counted.

Comes in: tonight's documents, and the words of the version in force. Goes out: what `build_lexicon` makes of the
documents, to the byte. Both are in the order of creator ids, so what stays keeps its order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.errors import SnapshotError
from index.lexical import Ints, Lexicon, Longs, Postings, build_lexicon, narrow
from index.snapshot import Snapshot
from index.versions import require_whole

COMPARED_DOCUMENTS = 65_536  # at a time: their former texts are copied


@dataclass(frozen=True, slots=True)
class FormerWords:
    """The words of an earlier version of one shard."""

    creator_ids: pa.Array
    texts: pa.ChunkedArray
    lexicon: Lexicon

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self | None:
        """None of a version that has several shards or none, or whose files are not as they were written."""
        if len(snapshot.content.shards) != 1 or not len(snapshot):
            return None
        try:
            require_whole(snapshot.directory, snapshot.word_files)
        except SnapshotError:
            return None
        return cls(snapshot.creators["creator_id"].combine_chunks(), snapshot.keyword_texts, snapshot.lexicon)


def count_again(documents: pa.Table, bounds: Sequence[int], former: FormerWords | None, *, workers: int = 1) -> Lexicon:
    """`build_lexicon` of the documents' `keyword_text`. documents: by creator_id."""
    texts = documents["keyword_text"]
    if former is None or len(bounds) != 2:
        return build_lexicon(texts, bounds, workers=workers)
    places = _same_documents(documents, former)
    fresh = np.flatnonzero(places < 0)
    if 2 * len(fresh) > len(places):
        return build_lexicon(texts, bounds, workers=workers)
    counted = build_lexicon(texts.take(pa.array(fresh)), [0, len(fresh)], workers=workers)
    later = np.full(len(former.creator_ids), -1, np.int32)  # former document → tonight's
    kept = np.flatnonzero(places >= 0)
    later[places[kept]] = kept
    lengths = np.empty(len(places), np.int32)
    lengths[kept], lengths[fresh] = former.lexicon.lengths[places[kept]], counted.lengths
    return _joined(_renumbered(former.lexicon, later), _renumbered(counted, fresh.astype(np.int32)), lengths)


def _same_documents(documents: pa.Table, former: FormerWords) -> Longs:
    """Row of the former document of the same creator and with the same text, per document; −1 where there is none."""
    ids, texts = documents["creator_id"].combine_chunks(), documents["keyword_text"]
    places: Longs = pc.fill_null(pc.index_in(ids, value_set=former.creator_ids), -1).to_numpy().astype(np.int64)
    for start in range(0, len(places), COMPARED_DOCUMENTS):
        part = places[start : start + COMPARED_DOCUMENTS]
        found = np.flatnonzero(part >= 0)
        if not len(found):
            continue
        first, last = part[found[0]], part[found[-1]]
        then = former.texts.slice(first, last - first + 1).take(pa.array(part[found] - first))
        now = texts.slice(start, len(part)).take(pa.array(found))
        differs = ~pc.equal(now, then).to_numpy()
        part[found[differs]] = -1
    return places


@dataclass(frozen=True, slots=True)
class _Words:
    """Some documents' postings by term, then document; terms by code point, each with a posting at least."""

    terms: pa.Array
    counts: Longs
    docs: Ints
    tf: npt.NDArray[np.unsignedinteger]


def _renumbered(lexicon: Lexicon, later: Ints) -> _Words:
    """The postings of documents that stay, under their later numbers."""
    (postings,) = lexicon.shards
    terms = lexicon.terms["term"].combine_chunks()
    docs = later[postings.docs]
    stays = docs >= 0
    # A term without postings would be given its neighbour's by reduceat, but a lexicon has none.
    counts = (
        np.add.reduceat(stays, postings.first[:-1], dtype=np.int64) if len(docs) else np.zeros(len(terms), np.int64)
    )
    held = counts > 0
    return _Words(terms.filter(pa.array(held)), counts[held], docs[stays], postings.tf[stays])


def _joined(kept: _Words, fresh: _Words, lengths: Ints) -> Lexicon:
    """The words of both; no document is in both."""
    terms = pa.concat_arrays([kept.terms, fresh.terms]).unique()
    terms = terms.take(pc.sort_indices(terms))
    df, starts = np.zeros(len(terms), np.int64), np.zeros(len(terms) + 1, np.int64)
    kept_rows, fresh_rows = (pc.index_in(words.terms, value_set=terms).to_numpy() for words in (kept, fresh))
    df[kept_rows] = kept.counts
    starts[1:] = np.cumsum(df)
    places = _places(kept.docs, starts[fresh_rows], starts[fresh_rows + 1], fresh)
    df[fresh_rows] += fresh.counts
    widest = np.result_type(np.uint8, kept.tf.dtype, fresh.tf.dtype)
    docs = np.insert(kept.docs, places, fresh.docs)
    tf = narrow(np.insert(kept.tf.astype(widest), places, fresh.tf))
    postings = Postings(0, np.concatenate([[0], np.cumsum(df)]), docs, tf)
    return Lexicon(pa.table({"term": terms, "df": df.astype(np.int32)}), [postings], lengths)


def _places(docs: Ints, starts: Longs, ends: Longs, fresh: _Words) -> Longs:
    """Before which of `docs` each fresh posting belongs; starts, ends: of the run of each fresh term among `docs`."""
    runs = pairwise(np.concatenate([[0], np.cumsum(fresh.counts)]).tolist())
    places = np.empty(len(fresh.docs), np.int64)
    for (first, last), start, end in zip(runs, starts.tolist(), ends.tolist(), strict=True):
        places[first:last] = start + np.searchsorted(docs[start:end], fresh.docs[first:last])
    return places
