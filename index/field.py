"""One vector field of an open snapshot: exact cosines of given creators, and the nearest creators to a query.

Cells and codes only choose which rows are read. Every cosine that comes out is the exact one of the stored row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from embeddings.codes import Codes
from embeddings.vectors import Matrix
from index.bm25 import best_rows
from index.lexical import Longs
from index.plan import Plan, plan_search
from index.vectors import Docs, Floats, Ints, Runs, StoredRows, cosines, cosines_of_runs, joined, unit_rows

Mask = npt.NDArray[np.bool_]
Query = npt.NDArray[np.float32]

EXTRA = 400  # rows that codes name beyond those wanted: codes only rank roughly
MOST = 0.65  # of a run's rows: from here on reading on is faster than leaving out


@dataclass(frozen=True)
class FieldShard:
    """A field's rows in one shard; documents are internal ids of the whole snapshot."""

    stored: StoredRows
    #: the shard's documents: offset ≤ doc < offset + documents
    offset: int
    documents: int
    #: int64: cell c has rows first[c] to first[c + 1] − 1; None when the rows lie in no cells
    first: Longs | None = None

    @cached_property
    def _row_of(self) -> Ints:
        """Row of each document of the shard, −1 for none."""
        rows = np.full(self.documents, -1, np.int32)
        rows[self.stored.docs - self.offset] = np.arange(len(self.stored.docs), dtype=np.int32)
        return rows

    def rows_of(self, docs: Docs) -> Docs:
        """Row of each document, −1 where it has none here."""
        local = docs - self.offset
        inside = (local >= 0) & (local < self.documents)
        rows = np.full(len(docs), -1, np.intp)
        rows[inside] = self._row_of[local[inside]]
        return rows


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest creators, best first; equal cosines by internal id."""

    docs: Docs
    cosines: Floats
    plan: Plan


class Field:
    def __init__(
        self,
        name: str,
        shards: Sequence[FieldShard],
        centres: Matrix | None = None,
        probes: int = 0,
        codes: Codes | None = None,
    ) -> None:
        self.name = name
        self.shards = shards
        #: float32 unit rows, one per cell; None when there are no cells
        self._centres = centres
        #: how many of the cells a search without a filter looks into
        self._probes = probes
        #: says which rows of the cells deserve a look; None: all of them
        self._codes = codes

    def __len__(self) -> int:
        return sum(len(shard.stored.docs) for shard in self.shards)

    @property
    def has_cells(self) -> bool:
        """Whether a search may read less than every row."""
        return self._centres is not None

    @cached_property
    def docs(self) -> Ints:
        """Who has such a vector: internal ids, ascending."""
        return np.sort(joined([shard.stored.docs for shard in self.shards]))

    def vector_of(self, doc: int) -> Query | None:
        """A creator's own vector, length 1; None when it has none."""
        for shard in self.shards:
            row = shard.rows_of(np.array([doc]))[0]
            if row >= 0:
                vector: Query = unit_rows(np.asarray(shard.stored.rows[row : row + 1]))[0]
                return vector
        return None

    def has(self, docs: Docs) -> Mask:
        """Whether each creator has such a vector."""
        found = np.zeros(len(docs), bool)
        for shard in self.shards:
            found |= shard.rows_of(docs) >= 0
        return found

    def cosines_of(self, docs: Docs, query: Query) -> Floats:
        """The exact cosine of each creator with the unit query; NaN where it has no such vector."""
        found = np.full(len(docs), np.nan)
        for shard in self.shards:
            rows = shard.rows_of(docs)
            present = rows >= 0
            found[present] = cosines(shard.stored, query, rows[present])
        return found

    def nearest(self, query: Query, count: int, mask: Mask | None = None, *, exact: bool = False) -> Found:
        """The `count` creators nearest to the unit query, among those of the mask (None: all).

        Complete when the plan reads every row; otherwise a few per cent of the far end may be missing. `exact` reads
        every row whatever the plan.
        """
        share = 1.0 if mask is None else np.count_nonzero(mask) / max(len(mask), 1)
        kept = round(len(self) * share)  # near enough for a plan, and counting it would read every row's owner
        cells_there = 0 if exact or self._centres is None else len(self._centres)
        plan = plan_search(len(self), kept, cells_there, self._probes)
        docs: Docs | Ints
        if plan.probes is None or self._codes is None:
            docs, scores = self._scanned(query, mask, plan)
        else:
            bits = None if mask is None else np.packbits(mask, bitorder="little")
            docs = np.sort(self._codes.nearest(query, count + EXTRA, plan.probes, bits))
            scores = self.cosines_of(docs, query)
        best = best_rows(scores, docs, count)
        return Found(docs[best].astype(np.intp), scores[best], plan)

    def _scanned(self, query: Query, mask: Mask | None, plan: Plan) -> tuple[Docs | Ints, Floats]:
        """(documents, cosines) of every row that the plan reads."""
        cells = None if plan.probes is None else self._nearest_cells(query, plan.probes)
        parts = [_scan(shard, query, mask, cells) for shard in self.shards]
        return joined([docs for docs, _ in parts]), joined([scores for _, scores in parts])

    def _nearest_cells(self, query: Query, probes: int) -> Docs:
        assert self._centres is not None
        near = self._centres @ query
        return np.sort(np.argpartition(near, len(near) - probes)[len(near) - probes :])


def _scan(shard: FieldShard, query: Query, mask: Mask | None, cells: Docs | None) -> tuple[Docs | Ints, Floats]:
    """(documents, cosines) of the shard's rows in these cells (None: all) that the mask keeps."""
    stored = shard.stored
    if cells is None:
        return _scan_rows(shard, query, mask)
    assert shard.first is not None
    runs = Runs(shard.first[cells], shard.first[cells + 1] - shard.first[cells])
    docs = stored.docs[runs.rows]
    if mask is None:
        return docs, cosines_of_runs(stored, query, runs)
    kept = mask[docs]
    docs = docs[kept]
    if len(docs) > MOST * len(kept):
        return docs, cosines_of_runs(stored, query, runs)[kept]
    return docs, cosines(stored, query, runs.rows[kept])


def _scan_rows(shard: FieldShard, query: Query, mask: Mask | None) -> tuple[Docs | Ints, Floats]:
    if mask is None:
        return shard.stored.docs, cosines(shard.stored, query)
    wanted = np.flatnonzero(mask[shard.offset : shard.offset + shard.documents]) + shard.offset
    rows = shard.rows_of(wanted)
    present = rows >= 0
    return wanted[present], cosines(shard.stored, query, rows[present])
