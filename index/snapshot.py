"""One version of the index, open: columns and arrays, mapped or on demand. Knows nothing of which version is in force.

A snapshot is immutable, so any number of threads may read it. Internal ids run over all shards in the order of
creator ids: neither an id nor a score depends on how many shards there are. An accelerator that is missing makes a
reader slower and nothing else.
"""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from embeddings.codes import Codes
from index.bm25 import Bm25, Docs, Floats
from index.cells import FrozenCells
from index.columns import Columns
from index.field import Field, FieldShard
from index.lexical import Lexicon, Postings
from index.manifest import Content, FieldConstants, Shard, read_manifest
from index.vectors import StoredRows


class Snapshot:
    """An open version."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.manifest = read_manifest(directory)

    def __len__(self) -> int:
        return self.content.bm25.documents

    @property
    def content(self) -> Content:
        return self.manifest.content

    @cached_property
    def creators(self) -> pa.Table:
        """Row i is the creator with internal id i: everything but the keyword text."""
        return pa.concat_tables([self._creators(shard) for shard in self.content.shards]).combine_chunks()

    @cached_property
    def columns(self) -> Columns:
        """The filter columns."""
        return Columns(self.creators)

    @cached_property
    def quality(self) -> Floats:
        quality: Floats = self.creators["quality"].to_numpy()
        return quality

    @cached_property
    def keyword_texts(self) -> pa.ChunkedArray:
        """What the words were taken from, by internal id."""
        return pa.concat_tables([self._texts(shard) for shard in self.content.shards])["keyword_text"]

    @cached_property
    def lexicon(self) -> Lexicon:
        terms = pq.read_table(self.directory / "terms.parquet", partitioning=None)
        lengths = self.creators["token_count"].to_numpy()
        return Lexicon(terms, [self._postings(shard) for shard in self.content.shards], lengths)

    @property
    def word_files(self) -> list[str]:
        """What `lexicon` and `keyword_texts` come from, where it is there."""
        names = ("postings/", "creators.", "texts.")
        inside = [path for path in self.manifest.files if path.partition("/")[2].startswith(names)]
        return ["terms.parquet", *inside]

    @cached_property
    def bm25(self) -> Bm25:
        constants = self.content.bm25
        return Bm25(self.lexicon, average_length=constants.average_length, k1=constants.k1, b=constants.b)

    @cached_property
    def fields(self) -> dict[str, Field]:
        return {name: self._field(name, constants) for name, constants in self.content.embedding.fields.items()}

    @property
    def frozen_cells(self) -> dict[str, FrozenCells]:
        """What the next snapshot may keep: the cells of each field that has some."""
        fields = self.content.embedding.fields
        found = {name: self._array(f"cells/{fields[name].stem}.npy") for name in self.manifest.layout.cells}
        return {
            name: FrozenCells(centres, self.manifest.layout.cells[name], self._codes(fields[name].stem))
            for name, centres in found.items()
            if centres is not None
        }

    def first_rows(self, field: str) -> npt.NDArray[np.int64] | None:
        """Of a version of one shard: where each cell of a field begins among its rows, and the end; None without."""
        (shard,) = self.content.shards
        return self._array(f"{shard.path}/vec/{self.content.embedding.fields[field].stem}.cells.npy")

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Retired creator id → the id that answers for it now."""
        table = pq.read_table(self.directory / "aliases.parquet", partitioning=None)
        return dict(zip(table["retired_id"].to_pylist(), table["creator_id"].to_pylist(), strict=True))

    def doc_of(self, creator_id: str) -> int | None:
        """Internal id of a creator; None for a retired id and for one that is not here."""
        ids = self.creators["creator_id"].chunk(0) if len(self) else []
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if ids[middle].as_py() < creator_id:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and ids[low].as_py() == creator_id else None

    def rows(self, docs: Docs) -> list[dict[str, Any]]:
        """The creators' rows in the order of `docs`."""
        rows: list[dict[str, Any]] = self.creators.take(pa.array(docs)).to_pylist()
        return rows

    def texts(self, docs: Iterable[int]) -> list[str]:
        """The keyword texts in the order of `docs`, one line per name, label, bio or title."""
        return [self.keyword_texts[int(doc)].as_py() for doc in docs]

    def warm(self) -> None:
        """Open everything that a query needs, and give back what only the opening did."""
        for field in self.fields.values():
            field.cosines_of(np.zeros(1, np.intp), np.zeros(self.content.embedding.dim, np.float32))
        self.columns.warm()
        self.bm25.holders("")
        pa.default_memory_pool().release_unused()

    def _creators(self, shard: Shard) -> pa.Table:
        if (mapped := self._mapped(f"{shard.path}/creators.arrow")) is not None:
            return mapped
        path = self.directory / shard.path / "creators.parquet"
        names = [name for name in pq.read_schema(path).names if name != "keyword_text"]
        return pq.read_table(path, columns=names, partitioning=None)

    def _texts(self, shard: Shard) -> pa.Table:
        if (mapped := self._mapped(f"{shard.path}/texts.arrow")) is not None:
            return mapped
        return pq.read_table(
            self.directory / shard.path / "creators.parquet", columns=["keyword_text"], partitioning=None
        )

    def _postings(self, shard: Shard) -> Postings:
        folder = self.directory / shard.path / "postings"
        first, docs, tf = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("first", "docs", "tf"))
        return Postings(shard.first, np.asarray(first), np.asarray(docs), np.asarray(tf))

    def _field(self, name: str, constants: FieldConstants) -> Field:
        centres = self._array(f"cells/{constants.stem}.npy")
        shards = [self._field_shard(shard, constants.stem, cells=centres is not None) for shard in self.content.shards]
        whole = centres is not None and all(shard.first is not None for shard in shards)
        cells = self.manifest.layout.cells.get(name)
        codes = self._codes(constants.stem)
        return Field(
            name,
            shards,
            centres if whole else None,
            cells.probes if cells else 0,
            Codes(codes) if codes else None,
        )

    def _field_shard(self, shard: Shard, stem: str, *, cells: bool) -> FieldShard:
        folder = self.directory / shard.path / "vec"
        rows = np.asarray(np.load(folder / f"{stem}.i8.npy", mmap_mode="r"))
        table = pq.read_table(folder / f"{stem}.parquet", columns=["doc", "squared_norm"], partitioning=None)
        docs = table["doc"].to_numpy() + np.int32(shard.first)
        first = self._array(f"{shard.path}/vec/{stem}.cells.npy") if cells else None
        return FieldShard(StoredRows(rows, docs, table["squared_norm"].to_numpy()), shard.first, shard.creators, first)

    def _codes(self, stem: str) -> Path | None:
        path = f"cells/{stem}.faiss"
        return self.directory / path if self._is_whole(path) else None

    def _array(self, path: str) -> npt.NDArray[Any] | None:
        return np.load(self.directory / path) if self._is_whole(path) else None

    def _mapped(self, path: str) -> pa.Table | None:
        if not self._is_whole(path):
            return None
        return pa.ipc.open_file(pa.memory_map(str(self.directory / path))).read_all()

    def _is_whole(self, path: str) -> bool:
        """Whether an accelerator is there, as long as it was when it was written."""
        entry, file = self.manifest.layout.accelerators.get(path), self.directory / path
        return entry is not None and file.is_file() and file.stat().st_size == entry.bytes
