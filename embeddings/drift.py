"""Has a creator's content moved? Posts of two windows in, one number per creator out; no post is needed twice.

A window is its number of posts, the sum of their vectors and the sum of their squared norms. Everything is columnar,
one row per creator.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from embeddings.aggregate import Groups
from embeddings.vectors import Matrix, from_column

Numbers = npt.NDArray[np.float64]

#: least variance that posts are taken to have, as a share of their squared norm: the same words give the same vector
LEAST_VARIANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Windows:
    """A window of posts per creator; `ids[i]` names row i of the others."""

    ids: pa.Array
    #: posts, each text once; int64, shape (n,)
    counts: npt.NDArray[np.int64]
    #: sum of the posts' vectors, float32, shape (n, d)
    sums: Matrix
    #: sum of the posts' squared norms, shape (n,)
    squares: Numbers

    @classmethod
    def of(cls, posts: pa.Table, dim: int) -> Self:
        """One window per creator of `posts`: creator_id, input_fingerprint (of the text), vector; ids ascending.

        A text that a creator posted twice, on one platform or on two, counts once: a repost is no new content. The
        bytes do not depend on the order of the rows.
        """
        groups = Groups.of(posts.select(["creator_id", "input_fingerprint", "vector"]), ["creator_id"])
        matrix = from_column(groups.rows["vector"], dim)
        weights = _first_of_its_text(groups).astype(np.float32)
        norms = np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64) * weights
        return cls(
            groups.keys()["creator_id"].combine_chunks(),
            _sums(weights.astype(np.int64), groups),
            _sums(matrix * weights[:, None], groups).reshape(-1, dim),
            _sums(norms, groups),
        )

    def take(self, rows: npt.NDArray[np.int64]) -> Self:
        """These rows, in this order."""
        return type(self)(self.ids.take(pa.array(rows)), self.counts[rows], self.sums[rows], self.squares[rows])


def shift(new: Windows, reference: Windows) -> Numbers:
    """How far content moved, T: 1 is what chance gives, whatever the numbers of posts; NaN with fewer than two each.

        T = ||m_new - m_ref||² / (s² (1/n_new + 1/n_ref))

    with s² the pooled variance within the windows. T - 1 is a normalised, unbiased squared maximum mean discrepancy of
    the linear kernel (Gretton et al., 2012, JMLR 13). A plain cosine is not comparable: at three posts an unchanged
    creator is as far from itself as a changed one is at forty. Both hold the same creators in the same order. Scaling
    all vectors changes nothing.
    """
    n_new, n_ref = new.counts.astype(np.float64), reference.counts.astype(np.float64)
    enough = (n_new >= 2) & (n_ref >= 2)
    n_new, n_ref = np.where(enough, n_new, 2), np.where(enough, n_ref, 2)
    moved = _squared(new.sums / n_new[:, None].astype("f4") - reference.sums / n_ref[:, None].astype("f4"))
    scatter = new.squares - _squared(new.sums) / n_new + reference.squares - _squared(reference.sums) / n_ref
    posts = n_new + n_ref
    least = LEAST_VARIANCE * (new.squares + reference.squares) / posts
    variance = np.maximum(scatter / (posts - 2), least)
    chance = variance * (1 / n_new + 1 / n_ref)
    found: Numbers = np.divide(moved, chance, out=np.full(len(moved), np.nan), where=enough & (chance > 0))
    return found


def _first_of_its_text(groups: Groups) -> npt.NDArray[np.bool_]:
    """Rows of a group are sorted by text, so that a repeated one follows itself."""
    texts = groups.rows["input_fingerprint"].combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.ones(len(texts), bool)
    first[1:] = texts[1:] != texts[:-1]
    first[groups.starts] = True
    return first


def _sums(values: npt.NDArray[Any], groups: Groups) -> npt.NDArray[Any]:
    return np.add.reduceat(values, groups.starts, axis=0) if len(groups.starts) else values[:0]


def _squared(matrix: Matrix) -> Numbers:
    """Squared norm of each row."""
    norms: Numbers = np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)
    return norms
