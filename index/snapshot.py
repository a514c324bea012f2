"""One version of the index: written to a directory, verified, opened. Knows nothing of which version is in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from base.errors import SnapshotError
from embeddings.vectors import Matrix
from index.files import file_entry, sync
from index.lexical import BM25_B, BM25_K1, Bm25, Lexicon, average_length, build_lexicon
from index.manifest import (
    MANIFEST,
    Bm25Constants,
    Content,
    Embedding,
    FieldConstants,
    Manifest,
    Scoring,
    manifest_bytes,
    read_manifest,
)
from index.scoring import ScoringSettings
from index.vectors import Field, calibrate, squared_norms, to_int8

SHARD = "shard=00000"
ALIASES = pa.schema([("retired_id", pa.string()), ("creator_id", pa.string())])
CHANGES = pa.schema(
    [("as_of", pa.int64()), ("creator_id", pa.string()), ("change", pa.string()), ("other_id", pa.string())]
)


@dataclass(frozen=True, slots=True)
class FieldVectors:
    """The vectors of one field as the store has them, in any order."""

    name: str
    creator_ids: pa.Array
    #: float32, shape (n, d)
    matrix: Matrix
    #: int64 micros, one per row
    updated_at: pa.Array


@dataclass(frozen=True, slots=True)
class SnapshotInput:
    #: the frame of `build_documents`
    documents: pa.Table
    #: read one field at a time, so that only one is in memory
    vectors: Iterable[FieldVectors]
    #: retired_id, creator_id
    aliases: pa.Table
    #: as_of, creator_id, change, other_id: the whole change feed of creator ids
    changes: pa.Table
    #: taxonomy id → label
    niches: Mapping[str, str]
    #: recipe fingerprint, model id and length of every vector
    recipe: str
    model: str
    dim: int
    scoring: ScoringSettings
    provenance: Mapping[str, str] = field(default_factory=dict)


def write_files(directory: Path, given: SnapshotInput) -> Content:
    """Write every contract file below `directory` and return what the manifest says of them."""
    shard = directory / SHARD
    (shard / "vec").mkdir(parents=True)
    lexicon = build_lexicon(text for batch in given.documents["keyword_text"].chunks for text in batch.to_pylist())
    documents = given.documents.append_column("token_count", pa.array(lexicon.lengths, pa.int32()))
    fields = _write_vectors(shard / "vec", given)
    write_table(documents, shard / "creators.parquet")
    write_table(lexicon.terms, shard / "terms.parquet")
    write_table(lexicon.postings, shard / "postings.parquet")
    write_table(_ordered(given.aliases, ALIASES), directory / "aliases.parquet")
    write_table(_ordered(given.changes, CHANGES), directory / "changes.parquet")
    return _content(directory, given, lexicon, fields)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """The last file: a directory without it is no snapshot."""
    path = directory / MANIFEST
    path.write_bytes(manifest_bytes(manifest))
    sync(path)


def write_table(table: pa.Table, path: Path) -> None:
    """Parquet whose bytes depend on the rows and the library alone."""
    pq.write_table(table.combine_chunks().replace_schema_metadata(None), path, compression="zstd")
    sync(path)


@dataclass
class _WrittenField:
    constants: FieldConstants
    present: npt.NDArray[np.bool_]


def _write_vectors(folder: Path, given: SnapshotInput) -> dict[str, _WrittenField]:
    ids = given.documents["creator_id"].combine_chunks()
    written = {}
    for vectors in given.vectors:
        if vectors.matrix.shape[1:] != (given.dim,):
            raise SnapshotError(f"{vectors.name} has vectors of length {vectors.matrix.shape[1]}, not {given.dim}")
        written[vectors.name] = _write_field(folder, vectors, ids, given.scoring.field_weight(vectors.name))
    return written


def _write_field(folder: Path, vectors: FieldVectors, ids: pa.Array, weight: float) -> _WrittenField:
    docs = pc.index_in(vectors.creator_ids, ids)
    # A creator that is not in the index and a zero vector both have nothing to be compared with.
    kept = np.flatnonzero(docs.is_valid().to_numpy(zero_copy_only=False) & (vectors.matrix != 0).any(axis=1))
    known = docs.take(pa.array(kept)).to_numpy(zero_copy_only=False)
    order = kept[np.argsort(known, kind="stable")]
    rows = to_int8(vectors.matrix[order])
    docs = np.sort(known).astype(np.int32)
    # Platform names come from outside: quoted, none of them can leave the folder.
    stem = quote(vectors.name, safe="")
    with (folder / f"{stem}.i8.npy").open("wb") as file:
        np.save(file, rows)
    sync(folder / f"{stem}.i8.npy")
    columns = {"doc": docs, "squared_norm": squared_norms(rows), "updated_at": vectors.updated_at.take(pa.array(order))}
    write_table(pa.table(columns), folder / f"{stem}.parquet")
    low, high = calibrate(rows)
    constants = FieldConstants(rows=len(rows), stem=stem, weight=weight, median_cosine=low, top_cosine=high)
    present = np.zeros(len(ids), bool)
    present[docs] = True
    return _WrittenField(constants, present)


def _content(directory: Path, given: SnapshotInput, lexicon: Lexicon, fields: Mapping[str, _WrittenField]) -> Content:
    count = given.documents.num_rows
    return Content(
        counts={
            "creators": count,
            "terms": lexicon.terms.num_rows,
            "postings": lexicon.postings.num_rows,
            "aliases": given.aliases.num_rows,
            "changes": given.changes.num_rows,
        },
        bm25=Bm25Constants(k1=BM25_K1, b=BM25_B, documents=count, average_length=average_length(lexicon.lengths)),
        embedding=Embedding(
            recipe=given.recipe,
            model=given.model,
            dim=given.dim,
            fields={name: fields[name].constants for name in sorted(fields)},
        ),
        scoring=Scoring(**given.scoring.model_dump(include=set(Scoring.model_fields))),
        coverage=_coverage(given.documents, fields),
        niches=dict(sorted(given.niches.items())),
        provenance=dict(sorted(given.provenance.items())),
        files={
            str(path.relative_to(directory)): file_entry(path)
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        },
    )


def _coverage(documents: pa.Table, fields: Mapping[str, _WrittenField]) -> dict[str, float]:
    count = max(documents.num_rows, 1)
    present = [fields[name].present for name in sorted(fields)]
    shares = {"vectors": float(np.any(present, axis=0).sum()) / count if present else 0.0}
    shares["labels"] = (documents.num_rows - documents["primary_niche"].null_count) / count
    shares |= {name: fields[name].constants.rows / count for name in sorted(fields)}
    return {name: round(share, 6) for name, share in shares.items()}


def _ordered(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.select(schema.names).cast(schema).sort_by([(name, "ascending") for name in schema.names])


class Snapshot:
    """An open version: columns and arrays on demand. Immutable, so any number of threads may read it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.manifest = read_manifest(directory)
        self._shard = directory / SHARD

    def __len__(self) -> int:
        return self.content.bm25.documents

    @property
    def content(self) -> Content:
        return self.manifest.content

    @cached_property
    def creators(self) -> pa.Table:
        """Everything but the keyword text, which only phrases and rebuilds need."""
        path = self._shard / "creators.parquet"
        names = [name for name in pq.read_schema(path).names if name != "keyword_text"]
        return pq.read_table(path, columns=names, partitioning=None).combine_chunks()

    @cached_property
    def keyword_texts(self) -> pa.ChunkedArray:
        return pq.read_table(self._shard / "creators.parquet", columns=["keyword_text"], partitioning=None)[
            "keyword_text"
        ]

    @cached_property
    def bm25(self) -> Bm25:
        terms = pq.read_table(self._shard / "terms.parquet", partitioning=None)
        postings = pq.read_table(self._shard / "postings.parquet", partitioning=None)
        lexicon = Lexicon(terms, postings, self.creators["token_count"].to_numpy())
        constants = self.content.bm25
        return Bm25(lexicon, average_length=constants.average_length, k1=constants.k1, b=constants.b)

    @cached_property
    def fields(self) -> dict[str, Field]:
        return {name: self._field(name, constants) for name, constants in self.content.embedding.fields.items()}

    @cached_property
    def quality(self) -> npt.NDArray[np.float64]:
        """In [0, 1], one per creator."""
        quality: npt.NDArray[np.float64] = self.creators["quality"].to_numpy()
        return quality

    def rows(self, docs: Any) -> list[dict[str, Any]]:
        """What is shown of these creators, in the order of `docs`."""
        found: list[dict[str, Any]] = self.creators.take(pa.array(docs, pa.int64())).to_pylist()
        return found

    def doc_of(self, creator_id: str) -> int | None:
        """The internal id of a creator; None when it is not here."""
        found = pc.index(self.creators["creator_id"], creator_id).as_py()
        return None if found < 0 else int(found)

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Retired creator id → the id that answers for it now."""
        table = pq.read_table(self.directory / "aliases.parquet", partitioning=None)
        return dict(zip(table["retired_id"].to_pylist(), table["creator_id"].to_pylist(), strict=True))

    def _field(self, name: str, constants: FieldConstants) -> Field:
        rows: Any = np.load(self._shard / "vec" / f"{constants.stem}.i8.npy", mmap_mode="r")
        table = pq.read_table(self._shard / "vec" / f"{constants.stem}.parquet", partitioning=None)
        return Field(name, rows, table["doc"].to_numpy(), table["squared_norm"].to_numpy())
