"""Filled-in questions become judgements: every good row is kept once, every other one is named with its place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from base.clock import EPOCH
from base.errors import ConstraintConflict, SourceError
from base.judgement import Judgement, Verdict
from base.text import sanitise, shorten
from identity.constraints import constraints_from
from identity.recalibration import AUDIT_NOTE
from review.decide import keep
from review.queue import AUDIT
from review.sheet import Row, read_sheet
from store.creators import account_key_of
from store.judgements import load_judgements
from store.session import Store

_SHOWN_CHARACTERS = 40
_NEEDED = ("left", "right", "verdict")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is no answer, with what a person needs to mend it."""

    file: str
    #: from 1, a header not counted
    row: int
    field: str
    problem: str
    hint: str


@dataclass(slots=True)
class Answers:
    """What became of a file."""

    rows: int = 0
    #: judgements that are new
    kept: int = 0
    #: answers that had been kept before
    repeated: int = 0
    #: rows without a verdict
    open: int = 0
    refused: list[Refusal] = field(default_factory=list)
    #: what now contradicts itself and will stop the next resolve; None when nothing does
    conflict: str | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    row: int
    judgement: Judgement
    #: when the question was asked: an answer given since then, by the same person, is this one
    queued_at: datetime


def import_answers(store: Store, path: Path, *, reviewer: str | None, decided_at: datetime) -> Answers:
    """Keep every verdict of a file of `review export`; the same file twice keeps nothing twice.

    Needs the columns left, right, verdict; takes note, reviewer, decided_at and queued_at. reviewer, decided_at: for
    rows that do not say. Raises SourceError only when the file itself cannot be read.
    """
    rows = read_sheet(path)
    missing = [name for name in _NEEDED if rows and not any(name in row for row in rows)]
    if missing:
        raise SourceError(f"{path}: no column {missing[0]}", hint=f"columns: {', '.join(_NEEDED)}, note, reviewer")
    result = Answers(rows=len(rows))
    with store.writing() as session:
        answers = list(_Reading(session, path.name, reviewer, decided_at, result).answers(rows))
        before = load_judgements(session)
        new = _unheard(answers, before, path.name, result)
        result.kept = keep(session, [answer.judgement for answer in new])
    result.conflict = _conflict([*before, *(answer.judgement for answer in new)])
    return result


class _Reading:
    """Rows on their way to answers; what is none goes to the result as a refusal."""

    def __init__(
        self, session: Session, file: str, reviewer: str | None, decided_at: datetime, result: Answers
    ) -> None:
        self._session, self._file, self._result = session, file, result
        self._reviewer, self._decided_at = reviewer, decided_at

    def answers(self, rows: Sequence[Row]) -> Iterable[_Answer]:
        for number, row in enumerate(rows, start=1):
            if row and not _text(row, "verdict"):
                self._result.open += 1
                continue
            try:
                yield self._answer(number, row)
            except _Refused as refused:
                self._result.refused.append(Refusal(self._file, number, *refused.why))

    def _answer(self, number: int, row: Row) -> _Answer:
        if not row:
            raise _Refused("row", "cannot be read", "one cell per column, or one JSON object per line")
        left, right = sorted((self._key(row, "left"), self._key(row, "right")))
        if left == right:
            raise _Refused("right", "is the same account as left", "name two accounts")
        reviewer = _text(row, "reviewer") or self._reviewer
        if not reviewer:
            raise _Refused("reviewer", "is empty", "fill it in, or say --by NAME")
        decided_at = _instant(row, "decided_at") or self._decided_at
        judgement = Judgement(left, right, _verdict(row), reviewer, decided_at, _note(row))
        return _Answer(number, judgement, _instant(row, "queued_at") or EPOCH)

    def _key(self, row: Row, side: str) -> str:
        try:
            return account_key_of(self._session, _text(row, side))
        except SourceError as error:
            raise _Refused(side, error.message, error.hint or "") from error


class _Refused(Exception):
    """A row is no answer: field, problem, hint."""

    def __init__(self, *why: str) -> None:
        super().__init__(*why)
        self.why = why


def _text(row: Row, name: str) -> str:
    value: Any = row.get(name, "")
    return sanitise(value).strip() if isinstance(value, str) else ("" if value is None else str(value))


def _note(row: Row) -> str:
    """What the reviewer wrote; the answer about an audited merge says that it is one: only those measure merges."""
    note = _text(row, "note")
    is_audit = _text(row, "stratum") == AUDIT and not note.startswith(AUDIT_NOTE)
    return f"{AUDIT_NOTE}: {note}".removesuffix(": ") if is_audit else note


def _verdict(row: Row) -> Verdict:
    said = _text(row, "verdict").casefold()
    try:
        return Verdict(said)
    except ValueError:
        words = ", ".join(Verdict)
        raise _Refused("verdict", f"is {shorten(said, _SHOWN_CHARACTERS)!r}", f"one of {words}, or empty") from None


def _instant(row: Row, name: str) -> datetime | None:
    text = _text(row, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        shown = shorten(text, _SHOWN_CHARACTERS)
        raise _Refused(name, f"is {shown!r}", "an instant as 2026-03-01T02:00:00Z") from None


def _unheard(answers: Sequence[_Answer], before: Sequence[Judgement], file: str, result: Answers) -> list[_Answer]:
    """Answers that say something new; two that contradict each other in one file are a refusal of the later one."""
    heard = list(before)
    new: dict[tuple[str, str, str, datetime], _Answer] = {}
    said: dict[tuple[str, str, str], list[Judgement]] = {}
    for one in heard:
        said.setdefault((one.left, one.right, one.reviewer), []).append(one)
    for answer in answers:
        one = answer.judgement
        earlier = said.setdefault((one.left, one.right, one.reviewer), [])
        at_once = [other for other in earlier if other.decided_at == one.decided_at]
        if any(_says_the_same(other, one) and other.decided_at >= answer.queued_at for other in earlier):
            result.repeated += 1
        elif any(not _says_the_same(other, one) for other in at_once):
            problem = f"is {one.verdict.value}, but {one.reviewer} said {at_once[0].verdict.value} at the same instant"
            result.refused.append(Refusal(file, answer.row, "verdict", problem, "keep one of the two rows"))
        elif at_once:
            result.repeated += 1
        else:
            new[one.left, one.right, one.reviewer, one.decided_at] = answer
            earlier.append(one)
    return list(new.values())


def _says_the_same(one: Judgement, other: Judgement) -> bool:
    return one.verdict is other.verdict and one.note == other.note


def _conflict(judgements: Sequence[Judgement]) -> str | None:
    """What the next resolve will stop at, said at once to whom it may be plain."""
    try:
        constraints_from(judgements, {key for one in judgements for key in (one.left, one.right)})
    except ConstraintConflict as conflict:
        return str(conflict)
    return None
