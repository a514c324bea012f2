"""Publish: what the store knows of creators becomes a snapshot, passes the gate, and is put in force in one step."""

import platform
from datetime import timedelta
from importlib.metadata import version as library_version
from pathlib import Path
from typing import Any

import store.documents as rows
from base.errors import GateRefused, SnapshotError
from index.gate import inspect
from index.manifest import Manifest
from index.snapshot import Snapshot
from index.takedowns import Takedowns, add_takedown, read_takedowns, writing_takedowns
from index.versions import Versions, link_unchanged, verify_version
from index.writer import Written, write_files, write_manifest
from jobs.context import Context
from jobs.identity_memory import code_of
from jobs.index_input import InputReader, choose_kept, index_news
from jobs.report import JobReport

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
            _settle(context, manifest)
            _taint(versions, taken, manifest.version)
        versions.retire_old()
    report.count(creators=manifest.content.counts["creators"], published=int(report.details["published"]))
    return report


def _stage(
    context: Context, versions: Versions, staged: Path, number: int, taken: Takedowns, force: str | None
) -> Manifest:
    parent = _parent(versions)
    kept = choose_kept(context, parent)
    with context.reading_frames() as frames:
        written = write_files(staged, InputReader(context, frames, parent, kept).read(taken))
        fresh = frames.read(rows.labels_since(context.as_of - timedelta(days=FRESH_DAYS)))["count"][0].as_py()
    context.crashpoint("publish_index")
    manifest = _manifest(context, parent, number, written, fresh, force)
    write_manifest(staged, manifest)
    if parent is not None:
        link_unchanged(staged, parent.directory)
    verify_version(staged)
    context.crashpoint("publish_index")
    return manifest


def _settle(context: Context, manifest: Manifest) -> None:
    """This snapshot is there: the next one is made of it and of what was noted since."""
    with context.writing_frames() as frames:
        index_news(context, manifest.snapshot_id).settle(frames)
    context.crashpoint("publish_index")


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


def _manifest(
    context: Context, parent: Snapshot | None, number: int, written: Written, fresh: int, force: str | None
) -> Manifest:
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
