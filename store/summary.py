"""Queries that sum up a night for a reader: distributions, coverage, and a few rows worth showing."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from store.tables import (
    AccountActivity,
    CandidatePair,
    Creator,
    CreatorAccount,
    CreatorMember,
    Enrichment,
    RejectedPayloadRow,
)

#: fields whose presence says how well a source describes its accounts
COVERED_FIELDS = (
    "handle", "platform_user_id", "display_name", "bio", "website", "email", "external_urls", "profile_image_url",
    "followers", "content_count", "country", "language",
)  # fmt: skip
SHOWN_ACCOUNTS = 3  # a creator card tells a story from three accounts on


def count_creators_by_size(session: Session) -> dict[int, int]:
    """Number of accounts → creators with that many."""
    sizes = select(Creator.account_count, func.count()).group_by(col(Creator.account_count))
    return dict(_pairs(session, sizes.order_by(col(Creator.account_count))))


def count_niches(session: Session) -> dict[str, int]:
    """Primary niche → creators, the most frequent first."""
    return dict(_pairs(session, _current(Enrichment.primary_niche)))


def count_confidences(session: Session) -> dict[str, int]:
    """Confidence of the label → creators."""
    return dict(_pairs(session, _current(Enrichment.confidence)))


def count_activity(session: Session) -> dict[str, dict[str, int]]:
    """Platform → activity bucket → accounts."""
    rows = session.exec(
        select(CreatorAccount.platform, AccountActivity.bucket, func.count())
        .join(AccountActivity, col(AccountActivity.account_key) == CreatorAccount.account_key)
        .where(CreatorAccount.state == "live")
        .group_by(CreatorAccount.platform, AccountActivity.bucket)
        .order_by(CreatorAccount.platform, AccountActivity.bucket)
    )
    counts: dict[str, dict[str, int]] = {}
    for platform, bucket, count in rows:
        counts.setdefault(platform, {})[bucket] = count
    return counts


def load_coverage(session: Session) -> dict[str, dict[str, float]]:
    """Source and platform → field → share of live accounts that have it (GOV-04)."""
    present = [func.count(func.nullif(getattr(CreatorAccount, name), _empty(name))) for name in COVERED_FIELDS]
    keys = (col(CreatorAccount.source), col(CreatorAccount.platform))
    counted = select(*keys, func.count(), *present).where(CreatorAccount.state == "live")
    rows: Iterable[Any] = session.exec(counted.group_by(*keys).order_by(*keys))
    return {
        f"{source} · {platform}": {name: part / total for name, part in zip(COVERED_FIELDS, parts, strict=True)}
        for source, platform, total, *parts in rows
    }


def count_rejections(session: Session) -> dict[str, int]:
    """Reason → rejected rows, the most frequent first."""
    reasons = select(RejectedPayloadRow.reason, func.count()).group_by(RejectedPayloadRow.reason)
    return dict(_pairs(session, reasons.order_by(func.count().desc(), col(RejectedPayloadRow.reason))))


def select_pair_weights() -> sa.Select[Any]:
    """Statement: weight, band and blocking rules of every candidate pair."""
    return sa.select(CandidatePair.match_weight_bits, CandidatePair.triage, CandidatePair.rules)  # type: ignore[call-overload, no-any-return]


def load_showcase_creator(session: Session) -> Creator | None:
    """The creator to show first: three accounts or close to it, on many platforms, surely labelled and linked."""
    # One list, not one look-up per creator: SQLite would walk every current answer for each of them.
    surely_labelled = select(Enrichment.creator_id).where(col(Enrichment.is_current), Enrichment.confidence == "high")
    wanted = select(Creator).order_by(
        (col(Creator.account_count) >= SHOWN_ACCOUNTS).desc(),
        func.abs(col(Creator.account_count) - SHOWN_ACCOUNTS),
        func.length(Creator.platforms).desc(),
        col(Creator.creator_id).in_(surely_labelled).desc(),
        col(Creator.weakest_link_probability).desc().nulls_last(),
        col(Creator.creator_id),
    )
    return session.exec(wanted.limit(1)).first()


def load_member_accounts(session: Session, creator_id: str) -> Sequence[CreatorAccount]:
    """The accounts of a creator, by key."""
    members = select(CreatorAccount).join(CreatorMember, col(CreatorMember.account_key) == CreatorAccount.account_key)
    return session.exec(
        members.where(CreatorMember.creator_id == creator_id).order_by(CreatorAccount.account_key)
    ).all()


def load_current_enrichment(session: Session, creator_id: str) -> Enrichment | None:
    """The answer in force about a creator."""
    answers = select(Enrichment).where(Enrichment.creator_id == creator_id, col(Enrichment.is_current))
    return session.exec(answers.order_by(Enrichment.recipe_fingerprint).limit(1)).first()


def load_strongest_pair(session: Session, triage: str, among: Sequence[str] | None = None) -> tuple[str, str] | None:
    """The heaviest candidate pair of a band, among the given accounts if any are given."""
    pairs = select(CandidatePair.left, CandidatePair.right).where(CandidatePair.triage == triage)
    if among is not None:
        pairs = pairs.where(col(CandidatePair.left).in_(among), col(CandidatePair.right).in_(among))
    heaviest = pairs.order_by(col(CandidatePair.match_weight_bits).desc(), CandidatePair.left, CandidatePair.right)
    found = session.exec(heaviest.limit(1)).first()
    return None if found is None else (found[0], found[1])


def _current(column: Any) -> Select[Any, int]:
    counted = select(column, func.count()).where(col(Enrichment.is_current)).group_by(column)
    return counted.order_by(func.count().desc(), column)


def _pairs(session: Session, statement: Select[Any, int]) -> list[tuple[Any, int]]:
    return [(value, count) for value, count in session.exec(statement)]


def _empty(name: str) -> Any:
    """What a field holds when it holds nothing."""
    return {"external_urls": "[]", "followers": -1, "content_count": -1}.get(name, "")
