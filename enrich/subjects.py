"""All that a labeller may see of one creator: frames of a stretch of creators in, one `Subject` each out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from base.fingerprint import fingerprint

Vector = npt.NDArray[np.float32]

CONTENT_WEIGHT = 2.0  # what a creator posts says more about the niche than what the bio promises
BIO_WEIGHT = 1.0

_PROFILE = ("platform", "handle", "display_name", "bio", "language")
_ITEM = ("platform", "text", "views", "published_at")


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
    """One subject per id, in the given order; the frames are sorted by creator_id, and may hold more creators.

    profiles, items, vectors: as `store.enrichments` loads them. matrix: the vectors of `vectors`, row for row.
    """
    ids = np.asarray(creator_ids, dtype=object)
    profile_at, item_at, vector_at = (_bounds(frame, ids) for frame in (profiles, items, vectors))
    profile = [profiles.column(name).to_pylist() for name in _PROFILE]
    item = [items.column(name).to_pylist() for name in _ITEM]
    prints = vectors.column("input_fingerprint").to_pylist()
    fields = vectors.column("field").to_pylist()
    means = None if matrix is None else _means(fields, matrix, vector_at)
    for row, creator_id in enumerate(creator_ids):
        account, content, vector = (slice(*at[row]) for at in (profile_at, item_at, vector_at))
        texts = [text or "" for text in item[1][content]]
        yield Subject(
            creator_id=creator_id,
            platforms=profile[0][account],
            handles=profile[1][account],
            names=profile[2][account],
            bios=profile[3][account],
            languages=profile[4][account],
            item_platforms=item[0][content],
            items=texts,
            item_views=item[2][content],
            item_published_at=item[3][content],
            vector_fingerprint=" ".join(map(str.__add__, fields[vector], prints[vector])),
            vector=None if means is None or vector.start == vector.stop else means[row],
        )


def _bounds(frame: pa.Table, ids: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """First and last-plus-one row of each creator in a frame sorted by creator_id, shape (n, 2)."""
    owners = np.asarray(frame.column("creator_id").to_pylist(), dtype=object)
    return np.stack([np.searchsorted(owners, ids, side="left"), np.searchsorted(owners, ids, side="right")], axis=1)


def _means(fields: Sequence[str], matrix: Vector, bounds: npt.NDArray[np.int64]) -> Vector:
    weights = np.array([CONTENT_WEIGHT if field.endswith("_content") else BIO_WEIGHT for field in fields], np.float32)
    weighted = matrix * weights[:, None]
    totals = np.zeros((len(bounds), matrix.shape[1]), np.float32)
    owner = np.repeat(np.arange(len(bounds)), bounds[:, 1] - bounds[:, 0])
    rows = np.concatenate([np.arange(first, last) for first, last in bounds]) if len(bounds) else owner
    np.add.at(totals, owner, weighted[rows.astype(np.int64)])
    norms = np.linalg.norm(totals, axis=1, keepdims=True)
    np.divide(totals, norms, out=totals, where=norms > 0)
    return totals
