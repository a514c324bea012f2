"""Queries that count: what the store holds, and how complete and fresh it is."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select

from store.llm_batches import UNDER_WAY
from store.tables import (
    AccountActivity,
    AccountVector,
    CandidatePair,
    CreatorAccount,
    CreatorMember,
    Enrichment,
    LlmBatch,
    Run,
)


def count_rows(session: Session, table: type[SQLModel]) -> int:
    return session.exec(select(func.count()).select_from(table)).one()


def count_accounts_by_platform(session: Session) -> dict[str, int]:
    """Live accounts per platform, by name."""
    live = select(CreatorAccount.platform, func.count()).where(CreatorAccount.state == "live")
    rows = session.exec(live.group_by(CreatorAccount.platform).order_by(CreatorAccount.platform))
    return dict(rows.all())


def count_fresh_accounts(session: Session, as_of: datetime) -> int:
    """Accounts that are not yet due for a refresh (MON-01)."""
    fresh = select(func.count()).select_from(AccountActivity).where(col(AccountActivity.next_due_at) > as_of)
    return session.exec(fresh).one()


def count_embedded_accounts(session: Session, recipe_fingerprint: str) -> int:
    """Accounts with at least one vector of this recipe (MON-03)."""
    embedded = select(func.count(func.distinct(AccountVector.account_key)))
    return session.exec(embedded.where(AccountVector.recipe_fingerprint == recipe_fingerprint)).one()


def count_enrichments(session: Session) -> dict[str, int]:
    """Current answers: all of them, and those that name a niche."""
    current = select(func.count()).select_from(Enrichment).where(col(Enrichment.is_current))
    return {
        "enriched": session.exec(current).one(),
        "labelled": session.exec(current.where(Enrichment.primary_niche != "other")).one(),
    }


def count_pairs_by_band(session: Session) -> dict[str, int]:
    rows = session.exec(select(CandidatePair.triage, func.count()).group_by(CandidatePair.triage))
    return dict(sorted(rows.all()))


def count_batches_under_way(session: Session) -> dict[str, int]:
    """Batches of labels whose answers are still to come, and the requests in them."""
    requests = func.coalesce(func.sum(LlmBatch.requests), 0)
    counted = select(func.count(), requests).where(col(LlmBatch.state).in_(UNDER_WAY))
    batches, waiting = session.exec(counted).one()
    return {"batches": batches, "requests": int(waiting)}


def count_merged_creators(session: Session) -> int:
    """Creators with two or more accounts."""
    merged = select(CreatorMember.creator_id).group_by(CreatorMember.creator_id).having(func.count() > 1).subquery()
    return session.exec(select(func.count()).select_from(merged)).one()


def load_last_success(session: Session, command: str) -> datetime | None:
    """When a run of `command` last finished well."""
    done = select(Run.finished_at).where(Run.command == command, Run.state == "done")
    return session.exec(done.order_by(col(Run.finished_at).desc()).limit(1)).first()
