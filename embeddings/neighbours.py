"""Pairs of like vectors. Vectors of one recipe in, candidate pairs with cosines out."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias

import faiss
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from embeddings.vectors import Matrix, Vectors

EXACT_ROWS = 20_000  # up to here comparing all with all takes seconds; see benchmarks/embedding.py
QUERY_ROWS = 1_024  # per call: bounds the candidate lists in memory
PROBED_CELLS = 16  # of 67,198 pairs of 184,000 invented bios two are missed that 256 find
TRAINING_ROWS_PER_CELL = 40  # FAISS warns below 39; more costs minutes and moves recall by less than a point
#: candidates per wanted neighbour that are compared exactly: 4-bit codes only rank roughly
REFINED = 4

Indices = npt.NDArray[np.int64]
#: what rows may be near: queries → candidates per query, -1 where there is none
Search: TypeAlias = Callable[[Matrix], Indices]


def nearest_neighbours(vectors: Vectors, k: int, min_cosine: float) -> pa.Table:
    """Every pair in which one is among the other's `k` nearest and their cosine is at least `min_cosine`.

    Columns left_index < right_index (int64, rows of `vectors`) and cosine (float32), sorted; each pair once. The
    order of the rows given does not change the pairs. Exact up to EXACT_ROWS rows; above, an inverted file with
    product quantisation proposes and exact cosines decide, and a few per cent of far neighbours are missed.
    """
    # FAISS breaks ties and trains by position: positions by id make the result independent of the order given.
    order = np.argsort(np.asarray(vectors.ids, dtype=object), kind="stable").astype(np.int64)
    in_order = bool(np.all(np.diff(order) > 0))  # as they come from a store: no second copy of the largest thing here
    matrix = np.ascontiguousarray(vectors.matrix if in_order else vectors.matrix[order], np.float32)
    starts = range(0, len(matrix), QUERY_ROWS)
    # One thread inside FAISS and ours around it: its own spin while they wait, and where cores have other work that
    # costs many times what they give.
    with ThreadPoolExecutor(os.cpu_count() or 1, initializer=faiss.omp_set_num_threads, initargs=(1,)) as threads:
        search = threads.submit(_searcher, matrix, k).result()
        pairs = list(threads.map(partial(_pairs_from, matrix, search, k, min_cosine), starts))
    return _table(pairs, order)


def _searcher(matrix: Matrix, k: int) -> Search:
    return _all_at_once(matrix, k) if len(matrix) <= EXACT_ROWS else _cell_by_cell(matrix, k)


def _all_at_once(matrix: Matrix, k: int) -> Search:
    # One more than asked for: a vector is its own nearest.
    wanted = min(k + 1, len(matrix))

    def search(queries: Matrix) -> Indices:
        found: Indices = faiss.knn(queries, matrix, wanted, metric=faiss.METRIC_INNER_PRODUCT)[1]
        return found

    return search


def _cell_by_cell(matrix: Matrix, k: int) -> Search:
    count, dim = matrix.shape
    cells = int(2 * np.sqrt(count))
    index: Any = faiss.index_factory(dim, f"IVF{cells},PQ{dim // 4}x4fs", faiss.METRIC_INNER_PRODUCT)
    # Every so-manieth row by id: a fixed sample, so that training is the same every night.
    index.train(matrix[:: max(1, count // (TRAINING_ROWS_PER_CELL * cells))])
    index.add(matrix)
    index.nprobe = PROBED_CELLS
    wanted = min(REFINED * (k + 1), count)

    def search(queries: Matrix) -> Indices:
        found: Indices = index.search(queries, wanted)[1]
        return found

    return search


def _pairs_from(matrix: Matrix, search: Search, k: int, min_cosine: float, start: int) -> pa.Table:
    """Exact cosines of what a block of rows finds; of each row the best `k` that reach `min_cosine`."""
    found = search(matrix[start : start + QUERY_ROWS])
    rows = np.arange(start, start + len(found))
    left, right = np.repeat(rows, found.shape[1]), found.ravel()
    real = (right >= 0) & (right != left)
    left, right = left[real], right[real]
    # Always smaller times larger position, so that both directions of a pair give the same bits.
    low, high = np.minimum(left, right), np.maximum(left, right)
    cosines = np.einsum("nd,nd->n", matrix[low], matrix[high])
    best = np.lexsort((right, -cosines, left))
    rank = np.arange(len(best)) - np.searchsorted(left[best], left[best])
    best = best[(rank < k) & (cosines[best] >= min_cosine)]
    return pa.table({"left_index": low[best], "right_index": high[best], "cosine": cosines[best]})


def _table(parts: list[pa.Table], order: Indices) -> pa.Table:
    schema = pa.schema([("left_index", pa.int64()), ("right_index", pa.int64()), ("cosine", pa.float32())])
    pairs = pa.concat_tables([schema.empty_table(), *parts])
    ends = np.sort(np.stack([order[pairs["left_index"].to_numpy()], order[pairs["right_index"].to_numpy()]]), axis=0)
    _, once = np.unique(ends, axis=1, return_index=True)
    columns = {
        "left_index": ends[0][once],
        "right_index": ends[1][once],
        "cosine": pairs["cosine"].take(pa.array(once)),
    }
    return pa.table(columns, schema=schema)
