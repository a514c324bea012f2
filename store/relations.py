"""Queries on relations: what accounts are to each other without being one creator's."""

import pyarrow as pa
from sqlalchemy import select
from sqlmodel import Session, col, or_
from sqlmodel import select as select_rows

from store.bulk import FrameReader, FrameWriter
from store.tables import METADATA, AccountRelation, CreatorMember

_RELATIONS = METADATA.tables["account_relations"].c


def load_relations(frames: FrameReader) -> pa.Table:
    """Every relation, by source, kind and target."""
    return frames.read(select(*_RELATIONS).order_by(_RELATIONS.source, _RELATIONS.kind, _RELATIONS.target))


def save_relations(frames: FrameWriter, changed: pa.Table, vanished: pa.Table) -> int:
    """Write relations that are new or changed, remove those nobody states any more (source, kind, target)."""
    return frames.upsert(AccountRelation, changed) + frames.delete(AccountRelation, vanished)


def load_relations_of(session: Session, creator_id: str) -> list[AccountRelation]:
    """The relations in which an account of a creator is source or target, by source, kind and target."""
    members = select_rows(CreatorMember.account_key).where(CreatorMember.creator_id == creator_id)
    either = or_(col(AccountRelation.source).in_(members), col(AccountRelation.target).in_(members))
    key = (col(AccountRelation.source), col(AccountRelation.kind), col(AccountRelation.target))
    return list(session.exec(select_rows(AccountRelation).where(either).order_by(*key)))
