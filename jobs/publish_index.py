"""Publish: what the store knows of creators becomes a snapshot, passes the gate, and is put in force in one step."""

import platform
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import version as library_version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import store.documents as rows
from base.clock import to_micros
from base.errors import GateRefused, SnapshotError
from embeddings.vectors import from_column
from engines.workers import available_cores
from enrich.taxonomy import Niche, SubNiche, Taxonomy
from identity.weights import load_model
from index.documents import DocumentFrames, build_documents
from index.gate import inspect
from index.manifest import Manifest
from index.recounting import FormerWords
from index.snapshot import Snapshot
from index.takedowns import Takedowns, add_takedown, read_takedowns, writing_takedowns
from index.versions import Versions, link_unchanged, verify_version
from index.writer import FieldVectors, SnapshotInput, Written, write_files, write_manifest
from jobs.context import Context
from jobs.identity_memory import code_of
from jobs.report import JobReport
from store.bulk import FrameReader

ITEMS_PER_ACCOUNT = 12  # titles to find words in, and enough reactions for a steady engagement rate
FRESH_DAYS = 30


def publish_index(context: Context, *, force: str | None = None) -> JobReport:
    """Build a snapshot, hold it against the gate, and make it the version in force.

    Nothing is published when nothing changed, and a pinned version stays in force. Raises GateRefused with every
    finding; the version in force stays. `force`: why the gate's findings are overruled this once; kept in the manifest
    and in the run's record.
    """
    report = JobReport("publish_index")
    versions = Versions(context.snapshots)
    with versions.writing():
        number = versions.next_number()
        with versions.staging(number) as staged:
            taken = read_takedowns(versions.root)
            manifest = _stage(context, versions, staged, number, taken, force)
            report.details |= _describe(manifest)
            report.details |= _pass_gate(context, versions, staged, force)
            report.details |= _put_in_force(context, versions, staged, manifest)
            _taint(versions, taken, manifest.version)
        versions.retire_old()
    report.count(creators=manifest.content.counts["creators"], published=int(report.details["published"]))
    return report


def _stage(
    context: Context, versions: Versions, staged: Path, number: int, taken: Takedowns, force: str | None
) -> Manifest:
    parent = _parent(versions)
    with context.reading_frames() as frames:
        labels = frames.read(rows.labels_in_force())
        written = write_files(staged, _gather(context, frames, labels, taken, parent))
    context.crashpoint("publish_index")
    manifest = _manifest(context, parent, number, written, labels, force)
    write_manifest(staged, manifest)
    if parent is not None:
        link_unchanged(staged, parent.directory)
    verify_version(staged)
    context.crashpoint("publish_index")
    return manifest


def _parent(versions: Versions) -> Snapshot | None:
    """The version in force; None before the first, and when it is of another format or was harmed."""
    try:
        return Snapshot(versions.current_path())
    except SnapshotError:
        return None


def _taint(versions: Versions, taken: Takedowns, number: int) -> None:
    """Somebody was taken down while this version was made: it holds them, and goes when a clean one is in force."""
    with writing_takedowns(versions.root):
        if read_takedowns(versions.root) != taken:
            add_takedown(versions.root, [], [], newest=number)


def _gather(
    context: Context, frames: FrameReader, labels: pa.Table, taken: Takedowns, parent: Snapshot | None
) -> SnapshotInput:
    taxonomy = context.taxonomy
    document_frames = DocumentFrames(
        creators=frames.read(rows.creators()),
        accounts=frames.read(rows.live_accounts()),
        items=frames.read(rows.newest_items(ITEMS_PER_ACCOUNT)),
        enrichments=labels,
        niches=_niches(taxonomy),
        growth=frames.read(rows.follower_growth(context.as_of)),
    )
    with context.engine() as engine:
        documents = build_documents(document_frames, engine)
    recipe = context.profile_recipe.fingerprint
    return SnapshotInput(
        documents=taken.without(documents),
        vectors=_vectors(frames, recipe, context.embedder.dim),
        aliases=frames.read(rows.aliases()),
        changes=_since(frames.read(rows.changes()), parent),
        niches={row["id"]: row["label"] for row in document_frames.niches.to_pylist()},
        recipe=recipe,
        model=context.embedder.id,
        dim=context.embedder.dim,
        scoring=context.settings.scoring,
        workers=context.settings.workers or available_cores(),
        cells=parent.frozen_cells if parent else {},
        former=_former_words(parent),
        provenance={
            "taxonomy": taxonomy.fingerprint,
            "identity_model": load_model(context.settings.identity.model).fingerprint,
        },
    )


def _former_words(parent: Snapshot | None) -> FormerWords | None:
    """The words of the parent, if this very code counted them."""
    if parent is None or parent.manifest.execution.get("code") != code_of("base", "index"):
        return None
    return FormerWords.of(parent)


def _since(changes: pa.Table, parent: Snapshot | None) -> pa.Table:
    """Changes that the parent does not know of."""
    as_of = parent.manifest.execution.get("as_of") if parent else None
    if as_of is None:
        return changes
    return changes.filter(pc.greater(changes["as_of"], to_micros(datetime.fromisoformat(as_of))))


def _vectors(frames: FrameReader, recipe: str, dim: int) -> Iterator[FieldVectors]:
    for name in frames.read(rows.creator_fields(recipe))["field"].to_pylist():
        table = frames.read(rows.creator_vectors(name, recipe))
        yield FieldVectors(
            name=name,
            creator_ids=table["creator_id"].combine_chunks(),
            matrix=from_column(table["vector"], dim),
            updated_at=table["updated_at"].combine_chunks(),
        )


def _niches(taxonomy: Taxonomy) -> pa.Table:
    """Id, label and definition of every niche; the abstention has no definition whose words could be found."""
    entries: list[Niche | SubNiche] = [*taxonomy.niches, *(sub for niche in taxonomy.niches for sub in niche.sub)]
    columns = {name: [getattr(entry, name) for entry in entries] for name in ("id", "label", "definition")}
    abstained = {"id": taxonomy.abstain_id, "label": taxonomy.abstain_id.title(), "definition": None}
    return pa.table({name: pa.array([*values, abstained[name]], pa.string()) for name, values in columns.items()})


def _manifest(
    context: Context, parent: Snapshot | None, number: int, written: Written, labels: pa.Table, force: str | None
) -> Manifest:
    fresh_since = to_micros(context.as_of - timedelta(days=FRESH_DAYS))
    fresh = pc.sum(pc.greater_equal(labels["created_at"], fresh_since)).as_py() or 0
    return written.manifest(
        number,
        parent=parent.manifest.version if parent else None,
        execution={
            "run_id": context.run_id,
            "as_of": context.as_of.isoformat(),
            "labelled_within_30_days": round(fresh / max(written.content.counts["creators"], 1), 6),
            "libraries": {name: library_version(name) for name in ("duckdb", "numpy", "pyarrow")},
            "python": platform.python_version(),
            "code": code_of("base", "index"),
            "forced": force,
        },
    )


def _pass_gate(context: Context, versions: Versions, staged: Path, force: str | None) -> dict[str, Any]:
    with context.reading_frames() as frames:
        violations = frames.read(rows.cannot_link_violations())
    findings = inspect(Snapshot(staged), context.settings.gate, previous=_parent(versions), violations=violations)
    if findings and force is None:
        raise GateRefused(
            findings=findings, hint='mend what the findings name, or once: creatordex publish --force "why it is meant"'
        )
    return {"findings": findings, "forced": force}


def _put_in_force(context: Context, versions: Versions, staged: Path, manifest: Manifest) -> dict[str, Any]:
    current = versions.current()
    pinned = current is not None and current.pinned
    if current is not None and not pinned and versions.identity(current.version) == manifest.snapshot_id:
        return _outcome(current.version, "unchanged", in_force=current.version)
    number = versions.newest()
    # A newest version that was never put in force (a kill, a pin) is used again rather than written twice.
    if number is None or versions.identity(number) != manifest.snapshot_id:
        number = manifest.version
        versions.place(staged, number)
    context.crashpoint("publish_index")
    if current is not None and pinned:
        return _outcome(number, f"version {current.version} is pinned", in_force=current.version)
    versions.promote(number)
    context.crashpoint("publish_index")
    return _outcome(number, "published", in_force=number)


def _outcome(version: int, state: str, *, in_force: int) -> dict[str, Any]:
    return {"version": version, "in_force": in_force, "published": state == "published", "state": state}


def _describe(manifest: Manifest) -> dict[str, Any]:
    content = manifest.content
    return {"snapshot_id": manifest.snapshot_id, "coverage": content.coverage, "counts": content.counts, "findings": []}
