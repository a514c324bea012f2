"""Writes one version of the index into a folder: contract files, accelerators, and what the manifest says of them.

The manifest is the last file; a folder without it is no snapshot.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq

from base.errors import SnapshotError
from embeddings.codes import TRAINING_ROWS, write_codes
from embeddings.vectors import Matrix
from index.bm25 import BM25_B, BM25_K1
from index.cells import CellOrder, FrozenCells, order_by_cells
from index.files import file_entry, sync
from index.lexical import Lexicon, Longs, average_length, shard_bounds
from index.manifest import (
    MANIFEST,
    Bm25Constants,
    Cells,
    Content,
    Embedding,
    FieldConstants,
    FileEntry,
    Layout,
    Manifest,
    Scoring,
    Shard,
    manifest_bytes,
)
from index.recounting import FormerWords, count_again
from index.renewing import KeptField, KeptRows
from index.scoring import ScoringSettings
from index.vectors import Docs, Rows, calibrate, spaced, squared_norms, to_int8, unit_rows

ALIASES = pa.schema([("retired_id", pa.string()), ("creator_id", pa.string())])
CHANGES = pa.schema(
    [("as_of", pa.int64()), ("creator_id", pa.string()), ("change", pa.string()), ("other_id", pa.string())]
)
#: rows per shard; a shard is what one machine builds and serves without effort
SHARD_CREATORS = 4_000_000
CODED_ROWS = 65_536  # at a time: bounds the float copies
TEXT_ROWS = 65_536  # per batch of the mapped texts: a batch's offsets fit in 32 bits


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
    #: as_of, creator_id, change, other_id: the change feed of creator ids since the parent snapshot
    changes: pa.Table
    #: taxonomy id → label
    niches: Mapping[str, str]
    #: recipe fingerprint, model id and length of every vector
    recipe: str
    model: str
    dim: int
    scoring: ScoringSettings
    provenance: Mapping[str, str] = field(default_factory=dict)
    shard_creators: int = SHARD_CREATORS
    #: processes that count words; what is written is the same for any number
    workers: int = 1
    #: field → cells of the parent snapshot, to be used again
    cells: Mapping[str, FrozenCells] = field(default_factory=dict)
    #: words of the parent snapshot, counted by this very code; they change how long it takes and nothing else
    former: FormerWords | None = None
    #: rows of the parent snapshot that stand as they are, vectors with them; `vectors` has those of all others
    kept: KeptRows | None = None


@dataclass(frozen=True, slots=True)
class Written:
    content: Content
    layout: Layout

    def manifest(self, version: int, *, parent: int | None, execution: Mapping[str, object]) -> Manifest:
        return Manifest(
            version=version,
            parent=parent,
            snapshot_id=self.content.snapshot_id,
            content=self.content,
            layout=self.layout,
            execution=dict(execution),
        )


def write_files(directory: Path, given: SnapshotInput) -> Written:
    """Write everything but the manifest below `directory`, and return what the manifest says of it."""
    bounds = shard_bounds(given.documents.num_rows, given.shard_creators)
    shards = [
        Shard(path=f"shard={number:05d}", first=first, creators=end - first)
        for number, (first, end) in enumerate(pairwise(bounds))
    ]
    for shard in shards:
        (directory / shard.path / "vec").mkdir(parents=True)
        (directory / shard.path / "postings").mkdir()
    with ThreadPoolExecutor(1) as beside:
        # Counting words is as long as finding cells.
        counting = beside.submit(count_again, given.documents, bounds, given.former, workers=given.workers)
        fields = _write_vectors(directory, given, shards)
        lexicon = counting.result()
    _write_words(directory, lexicon, shards)
    _write_creators(directory, given.documents.append_column("token_count", pa.array(lexicon.lengths)), shards)
    write_table(_ordered(given.aliases, ALIASES), directory / "aliases.parquet")
    write_table(_ordered(given.changes, CHANGES), directory / "changes.parquet")
    entries = {
        str(path.relative_to(directory)): file_entry(path) for path in sorted(directory.rglob("*")) if path.is_file()
    }
    return Written(_content(given, shards, lexicon, fields, entries), _layout(fields, entries))


def write_manifest(directory: Path, manifest: Manifest) -> None:
    path = directory / MANIFEST
    path.write_bytes(manifest_bytes(manifest))
    sync(path)


def write_table(table: pa.Table, path: Path) -> None:
    """Parquet whose bytes depend on the rows and the library alone."""
    pq.write_table(table.combine_chunks().replace_schema_metadata(None), path, compression="zstd")
    sync(path)


def write_array(values: npt.NDArray[np.generic], path: Path) -> None:
    """NumPy format 1.0: a reader maps the file and sees the numbers."""
    with path.open("wb") as file:
        np.save(file, values)
    sync(path)


def _write_words(directory: Path, lexicon: Lexicon, shards: Sequence[Shard]) -> None:
    write_table(lexicon.terms, directory / "terms.parquet")
    for shard, postings in zip(shards, lexicon.shards, strict=True):
        folder = directory / shard.path / "postings"
        for name in ("first", "docs", "tf"):
            write_array(getattr(postings, name), folder / f"{name}.npy")


def _write_creators(directory: Path, documents: pa.Table, shards: Sequence[Shard]) -> None:
    for shard in shards:
        rows = documents.slice(shard.first, shard.creators)
        write_table(rows, directory / shard.path / "creators.parquet")
        _write_mapped(rows.drop_columns("keyword_text").combine_chunks(), directory / shard.path / "creators.arrow")
        texts = rows.select(["keyword_text"]).combine_chunks()
        _write_mapped(texts, directory / shard.path / "texts.arrow", TEXT_ROWS)


def _write_mapped(table: pa.Table, path: Path, rows: int | None = None) -> None:
    """Arrow's file format, uncompressed: a reader maps it and decodes nothing."""
    bare = table.replace_schema_metadata(None)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, bare.schema) as writer:
        writer.write_table(bare, max_chunksize=rows)
    sync(path)


@dataclass
class _WrittenField:
    constants: FieldConstants
    #: of its own rows; None when they are too few
    calibration: tuple[float, float] | None
    cells: Cells | None
    present: npt.NDArray[np.bool_]


def _write_vectors(directory: Path, given: SnapshotInput, shards: Sequence[Shard]) -> dict[str, _WrittenField]:
    ids = given.documents["creator_id"].combine_chunks()
    written = {}
    for vectors in given.vectors:
        if vectors.matrix.shape[1:] != (given.dim,):
            raise SnapshotError(f"{vectors.name} has vectors of length {vectors.matrix.shape[1]}, not {given.dim}")
        written[vectors.name] = _write_field(directory, vectors, ids, given, shards)
    return _calibrated(written)


def _calibrated(written: Mapping[str, _WrittenField]) -> dict[str, _WrittenField]:
    """A field too small to say what is near goes by the largest that can: cosines are the model's, then the field's."""
    able = [one for _, one in sorted(written.items()) if one.calibration]
    lent = max(able, key=lambda one: one.constants.rows).calibration if able else None
    found = {}
    for name, one in written.items():
        low, high = one.calibration or lent or (0.0, 1.0)
        constants = one.constants.model_copy(update={"median_cosine": low, "top_cosine": high})
        found[name] = replace(one, constants=constants)
    return found


def _write_field(
    directory: Path, vectors: FieldVectors, ids: pa.Array, given: SnapshotInput, shards: Sequence[Shard]
) -> _WrittenField:
    found = _with_kept(_fresh(vectors, ids), given.kept.field(vectors.name) if given.kept else None, ids)
    rows, docs = found.rows, found.docs
    # Platform names come from outside: quoted, none of them can leave the folder.
    stem = quote(vectors.name, safe="")
    order = order_by_cells(rows, given.cells.get(vectors.name), found.cell_of)
    for shard in shards:
        _write_field_shard(directory, shard, stem, found, order)
    if order.centres is not None:
        (directory / "cells").mkdir(exist_ok=True)
        write_array(order.centres, directory / "cells" / f"{stem}.npy")
        former = order.codes if given.kept else None  # read back with everything that is kept
        _write_codes(directory / "cells" / f"{stem}.faiss", rows, docs, order, former)
    constants = FieldConstants(
        rows=len(rows), stem=stem, sha256=_digest(rows, docs), weight=given.scoring.field_weight(vectors.name),
        median_cosine=0, top_cosine=1,
    )  # fmt: skip
    present = np.zeros(len(ids), bool)
    present[docs] = True
    return _WrittenField(constants, calibrate(rows), order.description, present)


def _write_codes(path: Path, rows: Rows, docs: Docs, order: CellOrder, former: Path | None) -> None:
    """What says which rows deserve a look; vectors of odd length go without."""
    assert order.centres is not None
    assert order.cell_of is not None
    if rows.shape[1] % 2:
        return
    spans = [slice(start, start + CODED_ROWS) for start in range(0, len(rows), CODED_ROWS)]
    parts = ((unit_rows(rows[span]), docs[span].astype(np.int64), order.cell_of[span]) for span in spans)
    write_codes(path, order.centres, unit_rows(spaced(rows, TRAINING_ROWS)), parts, former)
    sync(path)


def _fresh(vectors: FieldVectors, ids: pa.Array) -> "_FieldRows":
    chosen, docs = _known(vectors, ids)
    updated_at = vectors.updated_at.take(pa.array(chosen))
    return _FieldRows(to_int8(vectors.matrix, chosen), docs, updated_at, None)


def _with_kept(fresh: "_FieldRows", kept: KeptField | None, ids: pa.Array) -> "_FieldRows":
    if kept is None:
        return fresh
    found = pc.index_in(kept.creator_ids, ids)
    there = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
    docs = np.concatenate([fresh.docs, found.take(pa.array(there)).to_numpy(zero_copy_only=False)])
    order = np.argsort(docs, kind="stable")
    updated_at = pa.concat_arrays([fresh.updated_at, kept.updated_at.take(pa.array(there))]).take(pa.array(order))
    cell_of = None
    if kept.cell_of is not None:
        cell_of = np.concatenate([np.full(len(fresh.docs), -1), kept.cell_of[there]])[order]
    return _FieldRows(np.concatenate([fresh.rows, kept.rows[there]])[order], docs[order], updated_at, cell_of)


def _known(vectors: FieldVectors, ids: pa.Array) -> tuple[Docs, Docs]:
    """(rows of the matrix, their documents), by document.

    A creator that is not in the index and a zero vector both have nothing to be compared with.
    """
    found = pc.index_in(vectors.creator_ids, ids)
    rows = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False) & _with_direction(vectors.matrix))
    docs = found.take(pa.array(rows)).to_numpy(zero_copy_only=False).astype(np.intp)
    order = np.argsort(docs, kind="stable")
    return rows[order], docs[order]


def _with_direction(matrix: Matrix) -> npt.NDArray[np.bool_]:
    return np.asarray((matrix.max(axis=1) > 0) | (matrix.min(axis=1) < 0))


@dataclass(frozen=True, slots=True)
class _FieldRows:
    """By document."""

    rows: Rows
    docs: Docs
    updated_at: pa.Array
    #: in the cells of the parent snapshot, −1 for unknown; None where no row's is known
    cell_of: Longs | None


def _write_field_shard(directory: Path, shard: Shard, stem: str, field: _FieldRows, order: CellOrder) -> None:
    start, stop = np.searchsorted(field.docs, [shard.first, shard.first + shard.creators])
    inside, first = order.within(int(start), int(stop))
    folder = directory / shard.path / "vec"
    rows = field.rows[inside]
    write_array(rows, folder / f"{stem}.i8.npy")
    columns = {
        "doc": (field.docs[inside] - shard.first).astype(np.int32),
        "squared_norm": squared_norms(rows),
        "updated_at": field.updated_at.take(pa.array(inside)),
    }
    write_table(pa.table(columns), folder / f"{stem}.parquet")
    if first is not None:
        write_array(first, folder / f"{stem}.cells.npy")


def _digest(rows: Rows, docs: Docs) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(rows).data)
    digest.update(docs.astype("<i4").data)
    return digest.hexdigest()


def _content(
    given: SnapshotInput,
    shards: Sequence[Shard],
    lexicon: Lexicon,
    fields: Mapping[str, _WrittenField],
    entries: Mapping[str, FileEntry],
) -> Content:
    count = given.documents.num_rows
    return Content(
        counts={
            "creators": count,
            "terms": lexicon.terms.num_rows,
            "postings": sum(len(shard.docs) for shard in lexicon.shards),
            "aliases": given.aliases.num_rows,
        },
        shards=list(shards),
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
        files={path: entry for path, entry in entries.items() if _kind(path) == "content"},
    )


def _layout(fields: Mapping[str, _WrittenField], entries: Mapping[str, FileEntry]) -> Layout:
    return Layout(
        files={path: entry for path, entry in entries.items() if _kind(path) == "layout"},
        accelerators={path: entry for path, entry in entries.items() if _kind(path) == "accelerator"},
        cells={name: written.cells for name, written in sorted(fields.items()) if written.cells},
    )


def _kind(path: str) -> str:
    if path.endswith((".arrow", ".cells.npy")) or path.startswith("cells/"):
        return "accelerator"
    return "layout" if "/vec/" in path or path == "changes.parquet" else "content"


def _coverage(documents: pa.Table, fields: Mapping[str, _WrittenField]) -> dict[str, float]:
    count = max(documents.num_rows, 1)
    present = [fields[name].present for name in sorted(fields)]
    shares = {"vectors": float(np.any(present, axis=0).sum()) / count if present else 0.0}
    shares["labels"] = (documents.num_rows - documents["primary_niche"].null_count) / count
    shares |= {name: fields[name].constants.rows / count for name in sorted(fields)}
    return {name: round(share, 6) for name, share in shares.items()}


def _ordered(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.select(schema.names).cast(schema).sort_by([(name, "ascending") for name in schema.names])
