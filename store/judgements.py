"""Queries on judgements. `save_judgements` is the one door in; rows are appended, never edited."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlmodel import Session, col, select

from base.judgement import Judgement, Verdict
from store.bulk import FrameWriter
from store.tables import AccountAlias, JudgementFlag, JudgementGrounds, JudgementRow

#: left, right
Pair = tuple[str, str]
#: left, right, decided_at, reviewer
Decision = tuple[str, str, datetime, str]


def save_judgements(
    session: Session, judgements: Iterable[Judgement], grounds: Mapping[Pair, Pair] | None = None
) -> int:
    """Append decisions; the same decision given twice is kept once. Returns how many were new.

    grounds: what each side of a pair said when it was decided (JSON), by the sorted keys of the pair.
    """
    added = 0
    for judgement in judgements:
        left, right = sorted((judgement.left, judgement.right))
        key: dict[str, Any] = {
            "left": left, "right": right, "decided_at": judgement.decided_at, "reviewer": judgement.reviewer,
        }  # fmt: skip
        if session.get(JudgementRow, tuple(key.values())) is not None:
            continue
        session.add(JudgementRow(**key, verdict=judgement.verdict.value, note=judgement.note))
        if grounds and (left, right) in grounds:
            left_grounds, right_grounds = grounds[left, right]
            session.add(JudgementGrounds(**key, left_grounds=left_grounds, right_grounds=right_grounds))
        added += 1
    session.flush()
    return added


def load_judgements(session: Session) -> list[Judgement]:
    """Every judgement, oldest first, on the keys that name its accounts now."""
    current = _current_keys(session)
    rows = session.exec(select(JudgementRow).order_by(*JudgementRow.__table__.primary_key)).all()  # type: ignore[attr-defined]
    return sorted((_judgement(row, current) for row in rows), key=lambda one: (one.decided_at, one.left, one.right))


def load_grounds(session: Session) -> dict[Decision, Pair]:
    """What each decision stood on, left and right (JSON), on the keys that name its accounts now."""
    current = _current_keys(session)
    found = {}
    for row in session.exec(select(JudgementGrounds)).all():
        left, right = current.get(row.left, row.left), current.get(row.right, row.right)
        sides = (row.left_grounds, row.right_grounds) if left < right else (row.right_grounds, row.left_grounds)
        found[(*_ordered(left, right), row.decided_at, row.reviewer)] = sides
    return found


def load_flags(session: Session) -> list[JudgementFlag]:
    """Every judgement that wants a second look, one row per reason, by pair."""
    key = (col(JudgementFlag.left), col(JudgementFlag.right), col(JudgementFlag.reason))
    return list(session.exec(select(JudgementFlag).order_by(*key)))


def save_flags(frames: FrameWriter, changed: pa.Table, vanished: pa.Table) -> int:
    """Write flags that are new or changed, remove those that no longer stand (left, right, reason)."""
    return frames.upsert(JudgementFlag, changed) + frames.delete(JudgementFlag, vanished)


def _current_keys(session: Session) -> dict[str, str]:
    return dict(session.exec(select(AccountAlias.alias_key, AccountAlias.account_key)).all())


def _judgement(row: JudgementRow, current: Mapping[str, str]) -> Judgement:
    left, right = _ordered(current.get(row.left, row.left), current.get(row.right, row.right))
    return Judgement(left, right, Verdict(row.verdict), row.reviewer, row.decided_at, row.note)


def _ordered(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)
