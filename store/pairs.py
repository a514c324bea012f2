"""Queries on candidate pairs and value counts: what identity keeps between nights."""

from collections.abc import Sequence

import pyarrow as pa
from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from store.bulk import FrameReader, FrameWriter
from store.tables import METADATA, CandidatePair, ValueCount

_PAIRS = METADATA.tables["candidate_pairs"].c
_COUNTS = METADATA.tables["value_counts"].c


def load_pairs(frames: FrameReader) -> pa.Table:
    """Every candidate pair, by left and right."""
    return frames.read(select(*_PAIRS).order_by(_PAIRS.left, _PAIRS.right))


def load_value_counts(frames: FrameReader) -> pa.Table:
    """kind, value, count of every value that stands more than once."""
    return frames.read(select(*_COUNTS).order_by(_COUNTS.kind, _COUNTS.value))


def find_pair(session: Session, left: str, right: str) -> CandidatePair | None:
    """The stored candidate pair of two accounts, in either order."""
    return session.get(CandidatePair, tuple(sorted((left, right))))


def load_pairs_among(session: Session, keys: Sequence[str], triage: str) -> list[CandidatePair]:
    """The pairs of one band with both sides among `keys`, which are those of one creator; by left and right."""
    either = col(CandidatePair.left).in_(keys) & col(CandidatePair.right).in_(keys)
    found = select_rows(CandidatePair).where(either, CandidatePair.triage == triage)
    return list(session.exec(found.order_by(col(CandidatePair.left), col(CandidatePair.right))))


def save_pairs(frames: FrameWriter, changed: pa.Table, vanished: pa.Table) -> int:
    """Write pairs that are new or changed, remove those no rule proposes any more (left, right)."""
    return frames.upsert(CandidatePair, changed) + frames.delete(CandidatePair, vanished)


def save_value_counts(frames: FrameWriter, changed: pa.Table, vanished: pa.Table) -> int:
    """Write counts that are new or changed, remove values that stand once or not at all (kind, value)."""
    return frames.upsert(ValueCount, changed) + frames.delete(ValueCount, vanished)
