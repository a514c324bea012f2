"""All that a labeller may see of one creator: frames of a stretch of creators in, one `Subject` each out.

Between the two lies a frame with one row of lists per creator, which can travel to another process.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import fingerprint

Vector = npt.NDArray[np.float32]

CONTENT_WEIGHT = 2.0  # what a creator posts says more about the niche than what the bio promises
BIO_WEIGHT = 1.0

_PROFILE = ("platform", "handle", "display_name", "bio", "language")
_ITEM = ("platform", "text", "views", "published_at")
_ITEM_LISTS = tuple(f"item_{name}" for name in _ITEM)


@dataclass(frozen=True, slots=True)
class Subject:
    """One creator as slices of its stretch's columns: normalised rows only, never a raw payload.

    Lists of accounts run in key order, lists of items newest first with the accounts taking turns.
    """

    creator_id: str
    platforms: list[str]
    handles: list[str | None]
    names: list[str | None]
    bios: list[str | None]
    languages: list[str | None]
    item_platforms: list[str]
    items: list[str]
    item_views: list[int | None]
    #: microseconds
    item_published_at: list[int | None]
    #: of the texts behind the vector, under the current embedding recipe
    vector_fingerprint: str = ""
    #: unit mean of the members' vectors; None when they have none, or when nobody asked
    vector: Vector | None = None

    @property
    def fingerprint(self) -> str:
        """Changes with any text or vector a labeller sees; reach is left out, for it moves every night."""
        seen = [
            self.platforms, self.handles, self.names, self.bios, self.languages,
            self.item_platforms, self.items, self.vector_fingerprint,
        ]  # fmt: skip
        return fingerprint(seen)


def subjects(
    creator_ids: Sequence[str], profiles: pa.Table, items: pa.Table, vectors: pa.Table, matrix: Vector | None = None
) -> Iterator[Subject]:
    """One subject per id, in the given order; see `subject_frame`."""
    return read_subjects(subject_frame(creator_ids, profiles, items, vectors, matrix))


def subject_frame(
    creator_ids: Sequence[str], profiles: pa.Table, items: pa.Table, vectors: pa.Table, matrix: Vector | None = None
) -> pa.Table:
    """One row of lists per id, in the given order; the frames may hold more creators.

    profiles, items, vectors: as `store.enrichments` loads them. matrix: the vectors of `vectors`, row for row.
    """
    ids = pa.array(creator_ids, pa.string())
    accounts, contents, texts = (_Lists.of(frame["creator_id"], ids) for frame in (profiles, items, vectors))
    prints = pc.binary_join_element_wise(vectors["field"], vectors["input_fingerprint"], "")
    columns = {
        "creator_id": ids,
        **{name: accounts.of_column(profiles[name]) for name in _PROFILE},
        **{f"item_{name}": contents.of_column(items[name]) for name in _ITEM},
        "vector_fingerprint": pc.binary_join(texts.of_column(prints), " "),
    }
    if matrix is not None:
        columns["vector"] = _means(vectors["field"], matrix, texts)
    return pa.table(columns)


def read_subjects(frame: pa.Table) -> Iterator[Subject]:
    """The subjects of a `subject_frame`, in its order."""
    ids, prints = (frame[name].to_pylist() for name in ("creator_id", "vector_fingerprint"))
    lists = zip(*(_lists(frame[name]) for name in (*_PROFILE, *_ITEM_LISTS)), strict=True)
    for creator_id, vector_fingerprint, vector, row in zip(ids, prints, _vectors(frame), lists, strict=True):
        platforms, handles, names, bios, languages, item_platforms, texts, views, published_at = row
        yield Subject(
            creator_id=creator_id,
            platforms=platforms,
            handles=handles,
            names=names,
            bios=bios,
            languages=languages,
            item_platforms=item_platforms,
            items=[text or "" for text in texts],
            item_views=views,
            item_published_at=published_at,
            vector_fingerprint=vector_fingerprint,
            vector=vector if vector_fingerprint else None,
        )


@dataclass(frozen=True, slots=True)
class _Lists:
    """Which rows of a frame belong to which creator, in the order of the creators asked for."""

    #: rows of the frame, those of one creator side by side and as they came
    rows: pa.Array
    #: where each creator's begin among them, and the end
    offsets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, owners: pa.ChunkedArray, ids: pa.Array) -> Self:
        place = pc.index_in(owners, value_set=ids).combine_chunks()
        owner = pc.fill_null(place, len(ids)).to_numpy(zero_copy_only=False)
        offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(ids))[: len(ids)])])
        return cls(pa.array(np.argsort(owner, kind="stable")[: offsets[-1]]), offsets)

    def of_column(self, column: pa.ChunkedArray) -> pa.ListArray:
        """A column of the frame as one list per creator."""
        return pa.ListArray.from_arrays(pa.array(self.offsets, pa.int32()), column.combine_chunks().take(self.rows))


def _lists(column: pa.ChunkedArray) -> Iterator[list[Any]]:
    """The lists of a column, its values made objects once for all."""
    lists = column.combine_chunks()
    values = lists.values.to_pylist()
    return (values[start:end] for start, end in pairwise(lists.offsets.to_pylist()))


def _vectors(frame: pa.Table) -> Iterable[Vector | None]:
    if "vector" not in frame.column_names:
        return repeat(None, len(frame))
    vectors = frame["vector"].combine_chunks()
    matrix: Vector = vectors.flatten().to_numpy().reshape(-1, vectors.type.list_size)
    return matrix


def _means(fields: pa.ChunkedArray, matrix: Vector, lists: _Lists) -> pa.FixedSizeListArray:
    """Each creator's unit mean; zeros for one without vectors."""
    is_content = pc.ends_with(fields, pattern="_content").to_numpy()
    weights = np.where(is_content, CONTENT_WEIGHT, BIO_WEIGHT).astype(np.float32)
    weighted = (matrix * weights[:, None])[lists.rows.to_numpy()]
    totals = np.zeros((len(lists.offsets) - 1, matrix.shape[1]), np.float32)
    with_some = np.flatnonzero(np.diff(lists.offsets))
    if len(with_some):
        totals[with_some] = np.add.reduceat(weighted, lists.offsets[with_some], axis=0)
    norms = np.linalg.norm(totals, axis=1, keepdims=True)
    np.divide(totals, norms, out=totals, where=norms > 0)
    return pa.FixedSizeListArray.from_arrays(totals.ravel(), matrix.shape[1])
