"""Vectors of creators, one per field, for search: made of their accounts' vectors.

Only creators about whose members or their vectors something changed are looked at: the database notes them.
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

import store.vectors as vectors
from base.clock import to_micros
from base.fingerprint import fingerprint
from embeddings.aggregate import Groups
from embeddings.vectors import absent, stamped, to_column
from jobs.context import Context
from jobs.identity_memory import code_of
from jobs.news import StageNews
from jobs.report import JobReport
from store.bulk import FrameReader
from store.tables import CreatorVector
from store.triggers import Reader, Word

CREATORS_AT_ONCE = 10_000
KEYS = ["creator_id", "field"]


def embed_creators(context: Context) -> JobReport:
    """Give every creator a vector per field its accounts have one for; only what changed is written.

    Vectors of creators and fields that no longer exist are removed. Only rows of the recipe in force are read.
    """
    report = JobReport("embed_creators", counts={"written": 0, "skipped": 0, "removed": 0})
    news = _news(context)
    _begin(context, report, news)
    for first, last in _spans(context, news):
        _embed_span(context, report, first, last)
        with context.writing_frames() as frames:
            news.forget(frames, Word.DUE, first, last)
        context.crashpoint(report.stage)
    return report


def _news(context: Context) -> StageNews:
    """The creators to look at: under the same basis, all others have their vectors."""
    basis = [context.profile_recipe.fingerprint, code_of("base", "embeddings", "store")]
    return StageNews(Reader.EMBED_CREATORS, fingerprint(basis))


def _begin(context: Context, report: JobReport, news: StageNews) -> None:
    """Make every creator due where the last run had another basis, or where what is not noted weighs."""
    with context.writing_frames() as frames:
        if news.holds(frames) and context.settings.embeddings.content_aggregation.strategy == "mean":
            news.make_due(frames)
            return
        news.begin_anew(frames, Word.DUE, vectors.creator_ids())
        report.count(removed=frames.execute(vectors.strays_of_creators(context.profile_recipe.fingerprint)))
    context.crashpoint(report.stage)


def _spans(context: Context, news: StageNews) -> Iterator[tuple[str, str]]:
    with context.reading_frames() as frames:
        ids = news.keys(frames, Word.DUE)
    for start in range(0, len(ids), CREATORS_AT_ONCE):
        part = ids[start : start + CREATORS_AT_ONCE]
        context.progress("embed_creators", start, len(ids))
        yield part[0], part[-1]


def _embed_span(context: Context, report: JobReport, first: str, last: str) -> None:
    recipe = context.profile_recipe.fingerprint
    with context.reading_frames() as frames:
        members = frames.read(vectors.member_fingerprints(first, last, recipe))
        groups = Groups.of(_with_basis(context, frames, members, first, last), by=KEYS)
        stored = frames.read(vectors.creator_fingerprints(first, last, recipe))
    wanted = groups.keys().append_column("input_fingerprint", groups.fingerprints())
    changed, gone = absent(wanted, stored, wanted.column_names), absent(stored, wanted, KEYS)
    report.count(skipped=wanted.num_rows - changed.num_rows)
    if not changed.num_rows and not gone.num_rows:
        return
    means = absent(_average(context, first, last, changed["creator_id"]), stored, wanted.column_names)
    rows = stamped(means, recipe, to_micros(context.as_of))
    keys = gone.select(KEYS).append_column("recipe_fingerprint", pa.repeat(recipe, gone.num_rows))
    with context.writing_frames() as frames:
        report.count(written=frames.upsert(CreatorVector, rows), removed=frames.delete(CreatorVector, keys))
    context.crashpoint(report.stage)


def _average(context: Context, first: str, last: str, creator_ids: pa.ChunkedArray) -> pa.Table:
    """All fields of these creators with their vector, made of their members' vectors."""
    with context.reading_frames() as frames:
        members = frames.read(vectors.member_vectors(first, last, context.profile_recipe.fingerprint))
        members = _with_basis(context, frames, members, first, last)
    groups = Groups.of(members.filter(pc.is_in(members["creator_id"], value_set=creator_ids.combine_chunks())), by=KEYS)
    rows = groups.keys().append_column("input_fingerprint", groups.fingerprints())
    aggregation = context.settings.embeddings.content_aggregation
    return rows.append_column("vector", to_column(groups.directions(context.embedder.dim, aggregation)))


def _with_basis(context: Context, frames: FrameReader, members: pa.Table, first: str, last: str) -> pa.Table:
    """The members with what their weights are reckoned from: their content's newest instant, or its engagement."""
    aggregation = context.settings.embeddings.content_aggregation
    if aggregation.strategy == "mean":  # asks for nothing more than there is
        return members
    activity = frames.read(vectors.content_activity(first, last, context.embedding_recipe.fingerprint))
    return aggregation.with_basis(members, activity, "account_key")
