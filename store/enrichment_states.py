"""What the plan remembers, and the posts that drift is measured on."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Select, delete
from sqlalchemy import select as typed_select
from sqlmodel import Session, col, select

from store.bulk import FrameReader, FrameWriter
from store.enrichments import Some
from store.planning import unindexed
from store.tables import ContentItem, ContentVector, Creator, CreatorMember, Enrichment, EnrichmentState

#: columns that say what a creator's content was when a model answered last
REFERENCE = ("reference_recipe", "reference_until", "reference_posts", "reference_mean", "reference_squares")


def load_states(frames: FrameReader, some: Some) -> pa.Table:
    """What is remembered of these creators, the reference's posts aside, by id."""
    names = [name for name in EnrichmentState.model_fields if name not in {"reference_mean", "reference_squares"}]
    return frames.read(_of(names, some))


def load_state(session: Session, creator_id: str) -> EnrichmentState | None:
    return session.get(EnrichmentState, creator_id)


def load_answer(session: Session, creator_id: str) -> Enrichment | None:
    """The answer in force."""
    found = select(Enrichment).where(Enrichment.creator_id == creator_id, col(Enrichment.is_current).is_(True))
    return session.exec(found).first()


def load_references(frames: FrameReader, some: Some, recipe_fingerprint: str) -> pa.Table:
    """creator_id and REFERENCE of these creators, as far as they have one of this embedding recipe, by id."""
    statement = _of(["creator_id", *REFERENCE], some)
    return frames.read(statement.where(col(EnrichmentState.reference_recipe) == recipe_fingerprint))


def load_post_instants(frames: FrameReader, some: Some, since: int) -> pa.Table:
    """creator_id, published_at (microseconds) of every post published after `since`."""
    return frames.read(
        _select(col(CreatorMember.creator_id), col(ContentItem.published_at))
        .join_from(CreatorMember, ContentItem, col(ContentItem.account_key) == col(CreatorMember.account_key))
        .where(some.holds(CreatorMember.creator_id), col(ContentItem.published_at) > since)
    )


def load_post_vectors(frames: FrameReader, some: Some, recipe_fingerprint: str, since: int | None = None) -> pa.Table:
    """creator_id, published_at, input_fingerprint, vector of the embedded posts, after `since` when it is given."""
    statement = (
        _select(
            col(CreatorMember.creator_id), col(ContentItem.published_at), col(ContentVector.input_fingerprint),
            col(ContentVector.vector),
        )
        .join_from(CreatorMember, ContentItem, col(ContentItem.account_key) == col(CreatorMember.account_key))
        .join(ContentVector, col(ContentVector.content_key) == col(ContentItem.content_key))
        .where(
            some.holds(CreatorMember.creator_id), unindexed(col(ContentVector.recipe_fingerprint)) == recipe_fingerprint
        )
    )  # fmt: skip
    return frames.read(statement if since is None else statement.where(col(ContentItem.published_at) > since))


def save_states(frames: FrameWriter, rows: pa.Table) -> int:
    """Write what is remembered, references aside: those stay as they are."""
    return frames.upsert(EnrichmentState, rows)


def save_references(frames: FrameWriter, rows: pa.Table) -> int:
    """Write creator_id and REFERENCE of creators; the rest of what is remembered of them stays as it is."""
    new = rows.append_column(
        "streak", pa.repeat(pa.scalar(0, pa.int64()), len(rows))
    )  # for a row that is not there yet
    return frames.upsert(EnrichmentState, new, update=REFERENCE)


def forget_vanished(frames: FrameWriter) -> int:
    """Remember nothing of creators that are no more."""
    gone = col(EnrichmentState.creator_id).not_in(_select(col(Creator.creator_id)))
    return frames.execute(delete(EnrichmentState).where(gone))


def _of(names: Sequence[str], some: Some) -> Select[Any]:
    columns = (col(getattr(EnrichmentState, name)) for name in names)
    return _select(*columns).where(some.holds(EnrichmentState.creator_id)).order_by(col(EnrichmentState.creator_id))


def _select(*columns: Any) -> Select[Any]:
    statement: Select[Any] = typed_select(*columns)
    return statement
