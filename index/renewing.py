"""What of the version in force stands tonight as it is: rows of creators about whom nothing was noted.

Read from files that are as they were written, and of one shard. What comes of them is what the store would give again.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from base.errors import SnapshotError
from index.lexical import Longs
from index.snapshot import Snapshot
from index.vectors import Docs, Rows
from index.versions import require_whole


@dataclass(frozen=True, slots=True)
class KeptField:
    """Vectors of one field, by creator id."""

    creator_ids: pa.Array
    #: int8, shape (n, d)
    rows: Rows
    #: int64 micros
    updated_at: pa.Array
    #: the cell each lies in; None where there are none
    cell_of: Longs | None


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Some creators of an earlier version."""

    snapshot: Snapshot
    #: bool per internal id
    mask: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, snapshot: Snapshot, due: pa.Array) -> Self | None:
        """All but those who are due. None of a version of several shards or none, and of one that was harmed."""
        if len(snapshot.content.shards) != 1 or not len(snapshot):
            return None
        try:
            require_whole(snapshot.directory, snapshot.manifest.files)
        except SnapshotError:
            return None
        is_due = pc.is_in(snapshot.creators["creator_id"].combine_chunks(), value_set=due)
        return cls(snapshot, ~is_due.to_numpy(zero_copy_only=False))

    @property
    def fields(self) -> list[str]:
        return sorted(self.snapshot.content.embedding.fields)

    def documents(self) -> pa.Table:
        creators = self.snapshot.creators.append_column("keyword_text", self.snapshot.keyword_texts)
        return creators.filter(pa.array(self.mask))

    def field(self, name: str) -> KeptField | None:
        """None where the version has no such field."""
        constants = self.snapshot.content.embedding.fields.get(name)
        if constants is None:
            return None
        (shard,) = self.snapshot.content.shards
        stem = self.snapshot.directory / shard.path / "vec" / constants.stem
        table = pq.read_table(stem.with_name(f"{constants.stem}.parquet"), partitioning=None)
        docs = table["doc"].to_numpy()
        places = _by_document(docs, self.mask)
        rows = np.load(stem.with_name(f"{constants.stem}.i8.npy"), mmap_mode="r")
        return KeptField(
            self.snapshot.creators["creator_id"].combine_chunks().take(pa.array(docs[places])),
            rows[places],
            table["updated_at"].combine_chunks().take(pa.array(places)),
            _cells(self.snapshot.first_rows(name), places),
        )


def _by_document(docs: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_]) -> Docs:
    """Rows whose document stays, by document."""
    stays = np.flatnonzero(mask[docs])
    return stays[np.argsort(docs[stays], kind="stable")]


def _cells(first: Longs | None, places: Docs) -> Longs | None:
    if first is None:
        return None
    cell_of: Longs = np.repeat(np.arange(len(first) - 1), np.diff(first))[places]
    return cell_of
