"""Half a byte for every two numbers of a vector: what says, for a quarter of the reading, which rows deserve a look.

FAISS's product quantisation with fast scan, over cells that are there already. It names candidates; it decides nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.vectors import Matrix

Ids = npt.NDArray[np.int64]

TRAINING_ROWS = 16_384  # FAISS takes a quarter of them
_BITS = 4  # what fast scan can look up in a register


def write_codes(
    path: Path, centres: Matrix, sample: Matrix, parts: Iterable[tuple[Matrix, Ids, Ids]], former: Path | None = None
) -> None:
    """Codes of unit rows in the cells of these centres; the same bytes every time on one machine.

    centres: unit rows of even length. sample: rows to learn the codes from. parts: (rows, id of each, cell of each).
    former: earlier codes over the same centres, to go on with what they learned.
    """
    import faiss  # here, for it takes long to load and most who open an index search nothing

    dim = centres.shape[1]
    cells = faiss.IndexFlatIP(dim)
    cells.add(centres)
    plain: Any = faiss.IndexIVFPQ(cells, dim, len(centres), dim // 2, _BITS, faiss.METRIC_INNER_PRODUCT)
    plain.pq.cp.min_points_per_centroid = 1
    with _one_thread():
        if former is None:
            plain.train(sample)
        else:
            learned: Any = faiss.read_index(str(former))
            plain.pq, plain.is_trained = learned.pq, True
        for rows, ids, cell_of in parts:
            plain.add_core(len(rows), faiss.swig_ptr(rows), faiss.swig_ptr(ids), faiss.swig_ptr(cell_of))
    faiss.write_index(faiss.IndexIVFPQFastScan(plain), str(path))


class Codes:
    """In memory: FAISS would copy mapped codes, and keep both. Any number of threads may search."""

    def __init__(self, path: Path) -> None:
        import faiss

        self._index: Any = faiss.read_index(str(path))

    def nearest(self, query: Matrix, count: int, probes: int, kept: npt.NDArray[np.uint8] | None = None) -> Ids:
        """About the `count` ids nearest to the unit query in the `probes` nearest cells, in no order.

        kept: a bit per id, lowest first, for those that may be named; None: all.
        """
        import faiss

        chosen: Any = faiss.SearchParametersIVF(nprobe=probes)  # type: ignore[call-arg]
        # FAISS keeps a bare pointer to the selector: it must outlive the search.
        chosen.sel = selector = None if kept is None else faiss.IDSelectorBitmap(kept)  # type: ignore[arg-type,call-arg]
        with _one_thread():
            _, found = self._index.search(query[np.newaxis], count, params=chosen)
        del selector
        ids: Ids = found[0][found[0] >= 0]
        return ids


@contextmanager
def _one_thread() -> Iterator[None]:
    """Work so short is over before other threads are awake, and on a busy machine they only wait for each other."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
