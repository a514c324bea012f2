"""Fetching batches: every answer there is goes in once, with its settlement, in one transaction.

What never ran is asked again by a later plan. An answer that stands in two files, or is fetched twice, counts once:
only a call that is still open can be settled.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from base.errors import ProviderRefused, ProviderUnavailable, RateLimited
from enrich.batch_answers import Asked, BatchAnswer, BatchLine, judge_line, read_lines
from enrich.labeller import Outcome
from enrich.ledger import Settlement
from enrich.shards import SentRequests
from jobs.batches.desk import BatchDesk, Row
from jobs.batches.submit import refuse
from jobs.report import JobReport
from jobs.spend_ledger import settlements_frame
from providers.llm_batches import ENDED, Batch
from store.bulk import FrameWriter
from store.llm_batches import count_batch_calls, load_batches, load_open_batch_calls, save_batch

STRETCH = 500  # answers per transaction
#: a vendor that does not know a batch for so long after its last hour will not know it again
LOST = timedelta(days=3) // timedelta(microseconds=1)

_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Harvest:
    """Answers of one batch, to be written in the transaction they are settled in."""

    batch: Row
    answers: Sequence[BatchAnswer]
    #: creator → why it was due
    reasons: Mapping[str, str]

    @property
    def outcomes(self) -> list[Outcome]:
        """Of those that have one; who never got to the model is due as before."""
        return [answer.outcome for answer in self.answers if answer.fate in ("labelled", "failed")]


Save = Callable[[FrameWriter, Harvest], None]


async def harvest(desk: BatchDesk, save: Save, report: JobReport) -> None:
    """Look once at every batch that is out, and take in what has ended."""
    with desk.context.reading_frames() as frames:
        rows = load_batches(frames, ["submitted"])
    for row in rows:
        try:
            batch = await desk.patiently(lambda row=row: desk.api.retrieve(row["batch_id"]))  # type: ignore[misc]
            if batch.status in ENDED:
                await _take_in(desk, row, batch, save, report)
            else:
                _still_out(desk, row, batch, report)
        except ProviderRefused as error:
            _unknown_there(desk, row, error, report)
        except (RateLimited, ProviderUnavailable) as error:
            desk.context.log.warning("batch_out_of_reach", batch=row["batch_key"], error_class=error.error_class)
            report.count(batches_out_of_reach=1)


async def _take_in(desk: BatchDesk, row: Row, batch: Batch, save: Save, report: JobReport) -> None:
    if batch.output_file_id is None and batch.status == "failed":
        refuse(desk, row, batch.faults[0].code if batch.faults else "failed", report)
        return
    answered = await _take_files(desk, row, batch, save, report)
    _finish(desk, row, batch, answered, report)


async def _take_files(desk: BatchDesk, row: Row, batch: Batch, save: Save, report: JobReport) -> int:
    """Take in answers, then errors. How many lines of answers there were."""
    key = row["batch_key"]
    if not desk.file(key).is_file():  # the vendor keeps what was asked
        await desk.patiently(lambda: desk.api.download(batch.input_file_id, desk.file(key)))
    taking = _Taking(desk, row, save, report)
    lines = {"answers": 0, "errors": 0}
    for kind, file_id in (("answers", batch.output_file_id), ("errors", batch.error_file_id)):
        if file_id is None:
            continue
        path = desk.file(key, kind)  # type: ignore[arg-type]
        await desk.patiently(lambda file_id=file_id, path=path: desk.api.download(file_id, path))  # type: ignore[misc]
        with path.open("rb") as raw:
            lines[kind] = taking.take(read_lines(raw))
    return lines["answers"]


class _Taking:
    """The open calls of a batch, and the lines that close them."""

    def __init__(self, desk: BatchDesk, row: Row, save: Save, report: JobReport) -> None:
        self._desk, self._row, self._save, self._report = desk, row, save, report
        self._sent = SentRequests(desk.file(row["batch_key"]))
        with desk.context.reading_frames() as frames:
            calls = load_open_batch_calls(frames, row["batch_key"])
        names = ("call_id", "attempt", "reserved_nano_usd", "reason")
        columns = [calls[name].to_pylist() for name in names]
        self._open = dict(zip(calls["subject"].to_pylist(), zip(*columns, strict=True), strict=True))

    def take(self, lines: Iterable[BatchLine]) -> int:
        """Close the calls that these lines answer. How many lines there were."""
        count = 0
        for stretch in _in_stretches(lines):
            count += len(stretch)
            self._close([answer for line in stretch for answer in self._judged(line)])
        return count

    def _judged(self, line: BatchLine) -> Iterator[tuple[BatchAnswer, str]]:
        """The answer and why it was asked for; nothing for a call that is closed, or was never ours."""
        call = self._open.pop(line.custom_id, None)
        if call is not None:
            call_id, attempt, reserved, reason = call
            asked = Asked(call_id, line.custom_id, attempt, reserved, self._sent.user(line.custom_id))
            yield judge_line(line, asked, self._desk.api, self._desk.questions, self._desk.price), reason

    def _close(self, judged: Sequence[tuple[BatchAnswer, str]]) -> None:
        if not judged:
            return
        answers = [answer for answer, _ in judged]
        reasons = {answer.creator_id: reason for answer, reason in judged}
        ledger = self._desk.ledger
        with self._desk.transaction() as frames:
            self._save(frames, Harvest(self._row, answers, reasons))
            settled = ledger.settle(frames, settlements_frame([answer.settlement for answer in answers]))
        ledger.free(settled)
        self._desk.context.crashpoint("batches")
        for answer in answers:
            self._report.count(**_counted(answer))


def _finish(desk: BatchDesk, row: Row, batch: Batch, answered: int, report: JobReport) -> None:
    """Close what is still open and the batch with it.

    A request without a line never ran when the batch was stopped and every answer it speaks of is there; in any other
    case nobody knows, and it counts in full.
    """
    with desk.context.reading_frames() as frames:
        left = load_open_batch_calls(frames, row["batch_key"])
    calls = zip(left["call_id"].to_pylist(), left["reserved_nano_usd"].to_pylist(), strict=True)
    if batch.status != "completed" and answered >= batch.completed:
        settlements = [Settlement(call_id, "released", 0) for call_id, _ in calls]
    else:
        settlements = [Settlement(call_id, "unknown", reserved) for call_id, reserved in calls]
    _close_batch(desk, row | {"status": batch.status}, settlements, "harvested")
    report.count(batches_harvested=1, returned=len(settlements), **{f"batches_{batch.status}": 1})


def _close_batch(desk: BatchDesk, row: Row, settlements: list[Settlement], state: str) -> None:
    ledger = desk.ledger
    with desk.transaction() as frames:
        settled = ledger.settle(frames, settlements_frame(settlements))
        closed = count_batch_calls(frames, row["batch_key"])
        answered = closed.get("settled", 0) + closed.get("failed", 0)
        save_batch(
            frames,
            row
            | {
                "state": state,
                "answered": answered,
                "returned": row["requests"] - answered,
                "finished_at": desk.now(),
            },
        )
    ledger.free(settled)
    desk.context.crashpoint("batches")
    desk.discard_files(row["batch_key"])


def _still_out(desk: BatchDesk, row: Row, batch: Batch, report: JobReport) -> None:
    if batch.status != row["status"]:
        desk.advance(row, status=batch.status)
    report.count(batches_out=1)


def _unknown_there(desk: BatchDesk, row: Row, error: ProviderRefused, report: JobReport) -> None:
    """The vendor does not know it, or no longer: wait for a while (another key? a fault?), then count it in full."""
    desk.context.log.warning("batch_unknown_to_the_provider", batch=row["batch_key"], error=error.message)
    if desk.now() - row["sent_at"] < LOST:
        report.count(batches_out_of_reach=1)
        return
    with desk.context.reading_frames() as frames:
        left = load_open_batch_calls(frames, row["batch_key"])
    calls = zip(left["call_id"].to_pylist(), left["reserved_nano_usd"].to_pylist(), strict=True)
    _close_batch(desk, row, [Settlement(call_id, "unknown", reserved) for call_id, reserved in calls], "lost")
    report.count(batches_lost=1)


def _counted(answer: BatchAnswer) -> dict[str, int]:
    match answer.fate:
        case "labelled":
            return {"labelled": 1}
        case "returned" | "passing":
            return {"returned": 1}
        case "failed" if answer.is_final:
            return {"quarantined": 1, f"failed_{answer.error_class}": 1}
        case _:
            return {"asked_again": 1}


def _in_stretches(lines: Iterable[_One]) -> Iterator[list[_One]]:
    pending = iter(lines)
    while stretch := list(islice(pending, STRETCH)):
        yield stretch
