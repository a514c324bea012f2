"""Cells of like vectors: FAISS finds their centres and says which centre is nearest to a vector.

Vectors are unit rows of float32, shape (n, d); a cell is a row of the centres.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.vectors import Matrix

TRAINING_ROWS_PER_CELL = 40  # FAISS warns below 39; more costs minutes and moves recall by less than a point
_ITERATIONS = 10
_SEED = 1


def train_cells(sample: Matrix, cells: int) -> Matrix:
    """The unit centres of so many cells, by spherical k-means over the sample; the same every time on one machine."""
    import faiss  # here, for it takes long to load and most who open an index need no cells

    clustering: Any = faiss.Kmeans(
        sample.shape[1], cells, niter=_ITERATIONS, spherical=True, seed=_SEED,
        min_points_per_centroid=1, max_points_per_centroid=len(sample),
    )  # fmt: skip
    clustering.train(np.ascontiguousarray(sample, np.float32))
    return np.asarray(clustering.centroids, np.float32)


def nearest_cell(matrix: Matrix, centres: Matrix) -> npt.NDArray[np.int64]:
    """For each row the cell whose centre has the largest dot product with it."""
    import faiss

    _, found = faiss.knn(np.ascontiguousarray(matrix, np.float32), centres, 1, metric=faiss.METRIC_INNER_PRODUCT)
    return np.asarray(found[:, 0], np.int64)


def imbalance(counts: npt.NDArray[np.int64]) -> float:
    """How much more of the vectors a search reads than with cells of equal size; 1 when they are equal.

    >>> imbalance(np.array([5, 5])), imbalance(np.array([10, 0]))
    (1.0, 2.0)
    """
    total = float(counts.sum())
    return len(counts) * float((counts.astype(np.float64) ** 2).sum()) / total**2 if total else 1.0
