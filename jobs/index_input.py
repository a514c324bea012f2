"""What publish writes: what the store knows of creators, and of the version in force what stands as it is.

After a night only creators that are due are read: the database notes what changed since the version in force was made
(store/triggers.py). Without such a version, or under another code or recipe, everybody is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

import store.documents as rows
from base.clock import to_micros
from base.fingerprint import fingerprint
from embeddings.vectors import from_column
from engines.workers import available_cores
from enrich.taxonomy import Niche, SubNiche, Taxonomy
from identity.weights import load_model
from index.documents import DocumentFrames, build_documents
from index.recounting import FormerWords
from index.renewing import KeptRows
from index.snapshot import Snapshot
from index.takedowns import Takedowns
from index.writer import FieldVectors, SnapshotInput
from jobs.context import Context
from jobs.identity_memory import code_of
from jobs.news import StageNews
from store.bulk import FrameReader
from store.triggers import Reader, Word

ITEMS_PER_ACCOUNT = 12  # titles to find words in, and enough reactions for a steady engagement rate


def index_news(context: Context, snapshot_id: str) -> StageNews:
    """The creators to read: all others stand in this very snapshot as they would be written now."""
    made_of = [context.taxonomy.fingerprint, context.profile_recipe.fingerprint, context.embedder.id]
    code = code_of("base", "embeddings", "engines", "index", "jobs", "store")
    return StageNews(Reader.PUBLISH_INDEX, fingerprint([snapshot_id, *made_of, context.embedder.dim, code]))


def choose_kept(context: Context, parent: Snapshot | None) -> KeptRows | None:
    """What of the parent stands as it is; None when everything is to be read. From here on, changes are noted."""
    news = index_news(context, parent.manifest.snapshot_id if parent else "")
    with context.writing_frames() as frames:
        if parent is None or not news.holds(frames):
            news.listen(frames)
            return None
        news.make_due(frames)
        due = news.keys(frames, Word.DUE)
    return KeptRows.of(parent, pa.array(due, pa.string()))


@dataclass(frozen=True, slots=True)
class InputReader:
    """Reads what a snapshot is written from."""

    context: Context
    frames: FrameReader
    parent: Snapshot | None
    kept: KeptRows | None

    def read(self, taken: Takedowns) -> SnapshotInput:
        context, parent = self.context, self.parent
        niches = _niches(context.taxonomy)
        return SnapshotInput(
            documents=taken.without(self._documents(niches)),
            vectors=self._vectors(),
            aliases=self.frames.read(rows.aliases()),
            changes=_since(self.frames.read(rows.changes()), parent),
            niches={row["id"]: row["label"] for row in niches.to_pylist()},
            recipe=context.profile_recipe.fingerprint,
            model=context.embedder.id,
            dim=context.embedder.dim,
            scoring=context.settings.scoring,
            workers=context.settings.workers or available_cores(),
            cells=parent.frozen_cells if parent else {},
            former=_former_words(parent),
            kept=self.kept,
            provenance={
                "taxonomy": context.taxonomy.fingerprint,
                "identity_model": load_model(context.settings.identity.model).fingerprint,
            },
        )

    def _documents(self, niches: pa.Table) -> pa.Table:
        read, of_news = self.frames.read, self.kept is not None
        document_frames = DocumentFrames(
            creators=read(rows.creators(of_news=of_news)),
            accounts=read(rows.live_accounts(of_news=of_news)),
            items=read(rows.newest_items(ITEMS_PER_ACCOUNT, of_news=of_news)),
            enrichments=read(rows.labels_in_force(of_news=of_news)),
            niches=niches,
            growth=read(rows.follower_growth(self.context.as_of)),
        )
        with self.context.engine() as engine:
            return build_documents(document_frames, engine, self.kept.documents() if self.kept else None)

    def _vectors(self) -> Iterator[FieldVectors]:
        recipe, of_news = self.context.profile_recipe.fingerprint, self.kept is not None
        found = self.frames.read(rows.creator_fields(recipe, of_news=of_news))["field"].to_pylist()
        for name in sorted({*found, *(self.kept.fields if self.kept else ())}):
            table = self.frames.read(rows.creator_vectors(name, recipe, of_news=of_news))
            yield FieldVectors(
                name=name,
                creator_ids=table["creator_id"].combine_chunks(),
                matrix=from_column(table["vector"], self.context.embedder.dim),
                updated_at=table["updated_at"].combine_chunks(),
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


def _niches(taxonomy: Taxonomy) -> pa.Table:
    """Id, label and definition of every niche; the abstention has no definition whose words could be found."""
    entries: list[Niche | SubNiche] = [*taxonomy.niches, *(sub for niche in taxonomy.niches for sub in niche.sub)]
    columns = {name: [getattr(entry, name) for entry in entries] for name in ("id", "label", "definition")}
    abstained = {"id": taxonomy.abstain_id, "label": taxonomy.abstain_id.title(), "definition": None}
    return pa.table({name: pa.array([*values, abstained[name]], pa.string()) for name, values in columns.items()})
