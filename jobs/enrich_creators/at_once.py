"""Labelling by a labeller on this machine: subjects go out to processes, answers come back, a batch at a time."""

from collections.abc import Iterator

import pyarrow as pa

from base.clock import to_micros
from engines.workers import available_cores, map_batches
from enrich.label_rows import LabelRows
from enrich.labeller import Labeller, LocalLabeller
from jobs.context import Context
from jobs.enrich_creators.planned import AT_ONCE
from jobs.load_subjects import load_subject_frame
from jobs.report import JobReport
from store import enrichments as store
from store.bulk import arrow_schema
from store.enrichments import Chosen, Some, Stretch
from store.tables import Enrichment

STRETCH = 5_000  # creators per transaction: some seconds' work, some megabytes
#: share of creators that are due from which on reading past the others is quicker than finding each by its name
MANY = 0.2


def label_at_once(context: Context, labeller: LocalLabeller, due: pa.Table, *, of: int, report: JobReport) -> None:
    """Answers about those who are due, in id order, `of` so many creators; each batch is a transaction.

    A creator that is what it once was gets its former answer back.
    """
    parts = list(_parts(due, are_many=len(due) > MANY * of))
    subjects = (load_subject_frame(context, part["creator_id"].to_pylist(), some) for part, some in parts)
    workers = context.settings.workers or available_cores()
    done = 0
    for (part, _), labels in zip(parts, map_batches(subjects, LabelRows(labeller), workers), strict=True):
        answers = _answers(context, labeller, labels.append_column("reason", part["reason"]))
        with context.writing_frames() as frames:
            restored = store.put_in_force(frames, answers)
        context.crashpoint("enrich_creators")
        done += len(part)
        report.count(labelled=len(part) - restored, restored=restored, written=len(part))
        context.progress("enrich_creators", done, len(due))


def _parts(due: pa.Table, *, are_many: bool) -> Iterator[tuple[pa.Table, Some]]:
    """Those who are due in id order, a batch at a time, and where each batch stands."""
    size = STRETCH if are_many else AT_ONCE
    for start in range(0, len(due), size):
        part = due.slice(start, size)
        ids = part["creator_id"].to_pylist()
        yield part, Stretch(ids[0], ids[-1]) if are_many else Chosen(ids)


def _answers(context: Context, labeller: Labeller, labels: pa.Table) -> pa.Table:
    """Labels as they stand in the store, in force."""
    now = to_micros(context.as_of)
    made = {
        "recipe_fingerprint": labeller.recipe.fingerprint,
        "provenance": labeller.provenance,
        "model": labeller.model,
        "prompt_version": labeller.prompt_version,
        "taxonomy_version": context.taxonomy.taxonomy_version,
        "cost_usd": 0.0,
        "created_at": now,
        "is_current": True,
        "in_force_since": now,
    }
    schema = arrow_schema(Enrichment)
    columns = {
        name: pa.repeat(pa.scalar(made[name], schema.field(name).type), len(labels)) if name in made else labels[name]
        for name in schema.names
    }
    return pa.table(columns, schema=schema)
