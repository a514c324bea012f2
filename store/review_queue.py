"""Queries for those who review: pairs that wait for a person, merges to audit, and the accounts to show."""

from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Select, func
from sqlalchemy import select as typed_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from store.bulk import FrameReader
from store.tables import CandidatePair, CreatorAccount, CreatorMember, Run

#: commands that decide who is who
RESOLVING = ("nightly", "resolve")


def load_pairs_in_band(frames: FrameReader, triage: str) -> pa.Table:
    """left, right, rules, match_probability, left_followers, right_followers, left_creator, right_creator; by pair."""
    pair = CandidatePair
    left, right = aliased(CreatorAccount), aliased(CreatorAccount)
    whose, other = aliased(CreatorMember), aliased(CreatorMember)
    columns: list[Any] = [
        col(pair.left), col(pair.right), col(pair.rules), col(pair.match_probability),
        _known(left.followers).label("left_followers"), _known(right.followers).label("right_followers"),
        col(whose.creator_id).label("left_creator"), col(other.creator_id).label("right_creator"),
    ]  # fmt: skip
    statement: Select[Any] = typed_select(*columns)
    return frames.read(
        statement.join(left, col(left.account_key) == col(pair.left))
        .join(right, col(right.account_key) == col(pair.right))
        .join(whose, col(whose.account_key) == col(pair.left))
        .join(other, col(other.account_key) == col(pair.right))
        .where(col(pair.triage) == triage)
        .order_by(col(pair.left), col(pair.right))
    )


def _known(followers: Any) -> Any:
    return func.coalesce(followers, 0, type_=BigInteger())


def load_last_resolve(session: Session) -> tuple[str, datetime] | None:
    """Id and `as_of` of the newest run that decided who is who."""
    newest = select(Run.run_id, Run.as_of).where(col(Run.command).in_(RESOLVING), Run.state == "done")
    return session.exec(newest.order_by(col(Run.started_at).desc(), col(Run.run_id).desc()).limit(1)).first()
