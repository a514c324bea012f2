"""Queries on judgements. `save_judgements` is the one door in; rows are appended, never edited."""

from collections.abc import Iterable

from sqlmodel import Session, select

from base.judgement import Judgement, Verdict
from store.tables import AccountAlias, JudgementRow


def save_judgements(session: Session, judgements: Iterable[Judgement]) -> int:
    """Append decisions; the same decision given twice is kept once. Returns how many were new."""
    added = 0
    for judgement in judgements:
        left, right = sorted((judgement.left, judgement.right))
        if session.get(JudgementRow, (left, right, judgement.decided_at, judgement.reviewer)) is None:
            session.add(
                JudgementRow(
                    left=left,
                    right=right,
                    verdict=judgement.verdict.value,
                    reviewer=judgement.reviewer,
                    decided_at=judgement.decided_at,
                    note=judgement.note,
                )
            )
            added += 1
    session.flush()
    return added


def load_judgements(session: Session) -> list[Judgement]:
    """Every judgement, oldest first, on the keys that name its accounts now."""
    current = dict(session.exec(select(AccountAlias.alias_key, AccountAlias.account_key)).all())
    rows = session.exec(select(JudgementRow).order_by(*JudgementRow.__table__.primary_key)).all()  # type: ignore[attr-defined]
    return sorted((_judgement(row, current) for row in rows), key=lambda one: (one.decided_at, one.left, one.right))


def _judgement(row: JudgementRow, current: dict[str, str]) -> Judgement:
    left, right = sorted((current.get(row.left, row.left), current.get(row.right, row.right)))
    return Judgement(left, right, Verdict(row.verdict), row.reviewer, row.decided_at, row.note)
