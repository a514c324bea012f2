"""What arrived, where each entity stands in it, and what could not be taken."""

from collections.abc import Collection

from sqlalchemy import Exists, delete, update
from sqlmodel import Session, select

from store.bulk import FrameWriter
from store.tables import CreatorAccount, RawEntity, RawPayload, RejectedPayloadRow


def load_payloads(session: Session) -> list[RawPayload]:
    """Every payload that was taken in whole, in the order of delivery; those of one run by their bytes."""
    return list(session.exec(select(RawPayload).order_by(RawPayload.fetched_at, RawPayload.sha256)))  # type: ignore[arg-type]


def load_entity_places(session: Session, entity_key: str) -> list[tuple[RawEntity, RawPayload]]:
    """Where an account or item stands in the raw payloads, newest payload first: from any row back to its bytes."""
    places = (
        select(RawEntity, RawPayload)
        .join(RawPayload, RawPayload.sha256 == RawEntity.sha256)  # type: ignore[arg-type]
        .where(RawEntity.entity_key == entity_key)
        .order_by(RawPayload.fetched_at.desc(), RawEntity.sha256, RawEntity.line, RawEntity.pointer)  # type: ignore[attr-defined, arg-type]
    )
    return [(entity, payload) for entity, payload in session.exec(places)]


def forget_rejections(frames: FrameWriter, sha256: str) -> int:
    """Clear what was said about a payload before it is read again."""
    return frames.execute(delete(RejectedPayloadRow).where(RejectedPayloadRow.sha256 == sha256))  # type: ignore[arg-type]


def mark_delivered_live(frames: FrameWriter, payloads: Collection[str]) -> int:
    """Accounts that stand in one of these payloads (sha256) are live, whatever they were."""
    delivered = _delivered(payloads)
    gone = update(CreatorAccount).where(CreatorAccount.state != "live", delivered)  # type: ignore[arg-type]
    return frames.execute(gone.values(state="live"))


def mark_absent_gone(frames: FrameWriter, source: str, payloads: Collection[str]) -> int:
    """Accounts of a source that stand in none of its payloads (sha256) are gone; they stay, as members and as rows."""
    absent = update(CreatorAccount).where(
        CreatorAccount.source == source,  # type: ignore[arg-type]
        CreatorAccount.state != "gone",  # type: ignore[arg-type]
        ~_delivered(payloads),
    )
    return frames.execute(absent.values(state="gone"))


def _delivered(payloads: Collection[str]) -> Exists:
    return (
        select(RawEntity.entity_key)
        .where(
            RawEntity.entity_key == CreatorAccount.account_key,
            RawEntity.entity_kind == "account",
            RawEntity.sha256.in_(sorted(payloads)),  # type: ignore[attr-defined]
        )
        .exists()
    )
