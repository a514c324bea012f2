"""What labelling reads and writes: creators in id order, a stretch at a time, so that memory is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Select, Text, bindparam, func, or_, update
from sqlalchemy import select as typed_select
from sqlmodel import col

from store.bulk import FrameReader, FrameWriter
from store.planning import unindexed
from store.tables import (
    AccountActivity,
    AccountVector,
    ContentItem,
    Creator,
    CreatorAccount,
    CreatorChange,
    CreatorMember,
    Enrichment,
    EnrichmentFailure,
    HandleSpan,
    UtcMicros,
)

#: characters read of a bio, and of a title or caption: a summary and cue words need no more
BIO_CHARACTERS = 600
ITEM_CHARACTERS = 1000

#: what names an answer
ANSWER_KEYS = ["creator_id", "input_fingerprint", "recipe_fingerprint"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Creators from `first` to `last`, both included, in id order."""

    first: str
    last: str

    def holds(self, creator_id: Any) -> ColumnElement[bool]:
        between: ColumnElement[bool] = col(creator_id).between(self.first, self.last)
        return between


@dataclass(frozen=True, slots=True)
class Chosen:
    """These creators; a thousand or so at a time."""

    ids: Sequence[str]

    def holds(self, creator_id: Any) -> ColumnElement[bool]:
        # As quoted text: the frame drivers take a third of a millisecond for each parameter.
        return col(creator_id).in_(bindparam(None, list(self.ids), expanding=True, literal_execute=True))


Some = Stretch | Chosen


def load_creator_ids(frames: FrameReader) -> list[str]:
    """Every creator, in id order."""
    ids: list[str] = frames.read(_select(col(Creator.creator_id)).order_by(col(Creator.creator_id)))[0].to_pylist()
    return ids


def load_member_profiles(frames: FrameReader, stretch: Some) -> pa.Table:
    """One row per member account: whose, which, what it says of itself, its followers and activity bucket."""
    return frames.read(
        _select(
            col(CreatorMember.creator_id), col(CreatorAccount.account_key), col(CreatorAccount.platform),
            col(CreatorAccount.handle), col(CreatorAccount.display_name),
            func.substr(col(CreatorAccount.bio), 1, BIO_CHARACTERS, type_=Text()).label("bio"),
            col(CreatorAccount.language), col(CreatorAccount.followers), col(AccountActivity.bucket),
        )
        .join_from(CreatorMember, CreatorAccount, col(CreatorAccount.account_key) == col(CreatorMember.account_key))
        .outerjoin(AccountActivity, col(AccountActivity.account_key) == col(CreatorMember.account_key))
        .where(stretch.holds(CreatorMember.creator_id))
        .order_by(col(CreatorMember.creator_id), col(CreatorAccount.account_key))
    )  # fmt: skip


def load_newest_items(frames: FrameReader, stretch: Some, limit: int) -> pa.Table:
    """The `limit` newest items per creator, its accounts taking turns: creator_id, platform, text, views, published_at.

    Turns keep a busy account from hiding a quiet one; newest first within each turn.
    """
    newest = (col(ContentItem.published_at).desc().nulls_last(), col(ContentItem.content_key))
    ranked = (
        _select(
            col(CreatorMember.creator_id), col(ContentItem.content_key), col(ContentItem.platform),
            func.substr(col(ContentItem.title_or_caption), 1, ITEM_CHARACTERS, type_=Text()).label("text"),
            col(ContentItem.views), col(ContentItem.published_at),
            func.row_number().over(partition_by=col(ContentItem.account_key), order_by=newest).label("turn"),
        )
        .join_from(CreatorMember, ContentItem, col(ContentItem.account_key) == col(CreatorMember.account_key))
        .where(stretch.holds(CreatorMember.creator_id))
        .subquery()
    ).c  # fmt: skip
    in_turn = (ranked.turn, ranked.published_at.desc().nulls_last(), ranked.content_key)
    place = func.row_number().over(partition_by=ranked.creator_id, order_by=in_turn).label("place")
    chosen = _select(*ranked, place).where(ranked.turn <= limit).subquery().c
    return frames.read(
        _select(chosen.creator_id, chosen.platform, chosen.text, chosen.views, chosen.published_at)
        .where(chosen.place <= limit)
        .order_by(chosen.creator_id, chosen.place)
    )


def load_vector_fingerprints(frames: FrameReader, stretch: Some, recipe_fingerprint: str) -> pa.Table:
    """creator_id, field, input_fingerprint of every member's account vectors of one recipe."""
    return frames.read(_member_vectors(stretch, recipe_fingerprint))


def load_member_vectors(frames: FrameReader, stretch: Some, recipe_fingerprint: str) -> pa.Table:
    """creator_id, field, input_fingerprint, vector of every member's account vectors of one recipe."""
    return frames.read(_member_vectors(stretch, recipe_fingerprint).add_columns(col(AccountVector.vector)))


def load_last_identity_changes(frames: FrameReader, stretch: Some) -> pa.Table:
    """creator_id, changed_at: when it last took part in a merge or split; ids that did not are left out."""
    changed_at = func.max(col(CreatorChange.as_of), type_=UtcMicros()).label("changed_at")
    return frames.read(
        _select(col(CreatorChange.creator_id), changed_at)
        .where(stretch.holds(CreatorChange.creator_id), col(CreatorChange.change).in_(["merge", "split"]))
        .group_by(col(CreatorChange.creator_id))
        .order_by(col(CreatorChange.creator_id))
    )


def load_last_renames(frames: FrameReader, stretch: Some) -> pa.Table:
    """creator_id, changed_at: when a member that had another handle before was first seen with its latest one."""
    renamed = (
        _select(
            col(HandleSpan.account_key), func.max(col(HandleSpan.first_seen), type_=UtcMicros()).label("changed_at")
        )
        .group_by(col(HandleSpan.account_key))
        .having(func.count() > 1)
        .subquery()
    ).c
    changed_at = func.max(renamed.changed_at, type_=UtcMicros()).label("changed_at")
    return frames.read(
        _select(col(CreatorMember.creator_id), changed_at)
        .join(CreatorMember, col(CreatorMember.account_key) == renamed.account_key)
        .where(stretch.holds(CreatorMember.creator_id))
        .group_by(col(CreatorMember.creator_id))
        .order_by(col(CreatorMember.creator_id))
    )


def load_enrichments(frames: FrameReader, stretch: Some) -> pa.Table:
    """Every answer about these creators, history included, as whole rows."""
    rows = _select(*(col(getattr(Enrichment, name)) for name in Enrichment.model_fields))
    keys = (col(Enrichment.creator_id), col(Enrichment.input_fingerprint), col(Enrichment.recipe_fingerprint))
    return frames.read(rows.where(stretch.holds(Enrichment.creator_id)).order_by(*keys))


def load_answers_in_force(frames: FrameReader, stretch: Some) -> pa.Table:
    """The answers in force, by id: creator_id, both fingerprints, provenance, reason, created_at."""
    return frames.read(
        _select(
            col(Enrichment.creator_id), col(Enrichment.input_fingerprint), col(Enrichment.recipe_fingerprint),
            col(Enrichment.provenance), col(Enrichment.reason), col(Enrichment.created_at),
        )
        .where(stretch.holds(Enrichment.creator_id), col(Enrichment.is_current).is_(True))
        .order_by(col(Enrichment.creator_id))
    )  # fmt: skip


def load_labels_in_force(frames: FrameReader) -> pa.Table:
    """primary_niche, content_style, account_kind, language, confidence, llm_summary of every answer in force."""
    return frames.read(
        _select(
            col(Enrichment.primary_niche), col(Enrichment.content_style), col(Enrichment.account_kind),
            col(Enrichment.language), col(Enrichment.confidence), col(Enrichment.llm_summary),
        )
        .where(col(Enrichment.is_current).is_(True))
        .order_by(col(Enrichment.creator_id))
    )  # fmt: skip


def load_recipes_in_force(frames: FrameReader) -> pa.Table:
    """recipe_fingerprint, model, prompt_version, taxonomy_version of models' answers in force, each once."""
    made = (
        col(Enrichment.recipe_fingerprint), col(Enrichment.model), col(Enrichment.prompt_version),
        col(Enrichment.taxonomy_version),
    )  # fmt: skip
    return frames.read(_select(*made).where(*_of_models()).distinct().order_by(*made))


def labels_of_recipes(recipe_fingerprints: Sequence[str]) -> Select[Any]:
    """creator_id and the labels that are ids of the taxonomy, of models' answers in force by these recipes."""
    return (
        _select(
            col(Enrichment.creator_id), col(Enrichment.primary_niche), col(Enrichment.secondary_niches),
            col(Enrichment.content_style), col(Enrichment.account_kind),
        )
        .where(*_of_models(), col(Enrichment.recipe_fingerprint).in_(recipe_fingerprints))
        .order_by(col(Enrichment.creator_id))
    )  # fmt: skip


def load_retired(frames: FrameReader, retired: Sequence[str], major_version: str, limit: int) -> pa.Table:
    """The first of the models' answers in force that have a retired label, as whole rows.

    major_version: of the taxonomy that they were given under.
    """
    named = (col(Enrichment.secondary_niches).contains(f'"{one}"', autoescape=True) for one in retired)
    return frames.read(
        _select(*(col(getattr(Enrichment, name)) for name in Enrichment.model_fields))
        .where(
            *_of_models(),
            col(Enrichment.prompt_version).is_not(None),
            col(Enrichment.taxonomy_version).startswith(f"{major_version}.", autoescape=True),
            or_(col(Enrichment.primary_niche).in_(retired), *named),
        )
        .order_by(col(Enrichment.creator_id))
        .limit(limit)
    )


def save_enrichments(frames: FrameWriter, rows: pa.Table) -> int:
    """Write answers; a former answer that loses its force is given in the same frame, with `is_current` false."""
    return frames.upsert(Enrichment, rows)


def load_known_creators(frames: FrameWriter, creator_ids: list[str]) -> set[str]:
    """Those of the ids that are creators now."""
    found = frames.matching(Creator, pa.table({"creator_id": pa.array(creator_ids, pa.string())}))
    return set(found["creator_id"].to_pylist())


def take_out_of_force(frames: FrameWriter, creator_ids: Sequence[str]) -> None:
    """Let the answers about these creators, however many, be history."""
    answers = frames.matching(Enrichment, pa.table({"creator_id": pa.array(creator_ids, pa.string())}))
    held = answers.filter(answers["is_current"]).select(ANSWER_KEYS)
    frames.amend(Enrichment, held.append_column("is_current", pa.repeat(False, len(held))), only={})


def put_in_force(frames: FrameWriter, rows: pa.Table) -> int:
    """Answers of one recipe take the place of the former ones. Returns how many had been given before.

    One that had been given before comes back as it was given.
    """
    take_out_of_force(frames, rows["creator_id"].to_pylist())
    known = frames.amend(Enrichment, rows.select([*ANSWER_KEYS, "is_current", "in_force_since"]), only={})
    add = frames.insert if known else frames.load
    add(Enrichment, rows)
    return known


def load_failures(frames: FrameReader, stretch: Some, recipe_fingerprint: str) -> pa.Table:
    """creator_id, input_fingerprint, error_class, detail, failed_at, is_final of what got no labels by this recipe."""
    failure = EnrichmentFailure
    return frames.read(
        _select(
            col(failure.creator_id), col(failure.input_fingerprint), col(failure.error_class), col(failure.detail),
            col(failure.failed_at), col(failure.is_final),
        )
        .where(stretch.holds(failure.creator_id), col(failure.recipe_fingerprint) == recipe_fingerprint)
        .order_by(col(failure.creator_id), col(failure.input_fingerprint))
    )  # fmt: skip


def save_failures(frames: FrameWriter, rows: pa.Table) -> int:
    """Write what got no labels; the newest failure of the same input under the same recipe stands."""
    return frames.upsert(EnrichmentFailure, rows)


def retire_vanished(frames: FrameWriter) -> int:
    """Take answers about creators that are no more out of force; the rows stay as history."""
    gone = col(Enrichment.creator_id).not_in(_select(col(Creator.creator_id)))
    in_force = col(Enrichment.is_current).is_(True)
    return frames.execute(update(Enrichment).where(in_force, gone).values(is_current=False))


def _of_models() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Enrichment.is_current).is_(True), col(Enrichment.provenance) == "llm"


def _member_vectors(stretch: Some, recipe_fingerprint: str) -> Select[Any]:
    return (
        _select(col(CreatorMember.creator_id), col(AccountVector.field), col(AccountVector.input_fingerprint))
        .join_from(CreatorMember, AccountVector, col(AccountVector.account_key) == col(CreatorMember.account_key))
        .where(
            stretch.holds(CreatorMember.creator_id),
            unindexed(col(AccountVector.recipe_fingerprint)) == recipe_fingerprint,
        )
        .order_by(col(CreatorMember.creator_id), col(AccountVector.account_key), col(AccountVector.field))
    )


def _select(*columns: Any) -> Select[Any]:
    """SQLAlchemy's, with the row type that frames have: any."""
    statement: Select[Any] = typed_select(*columns)
    return statement
