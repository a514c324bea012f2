"""One delivered file: its bytes are kept, its batches written, and in the end it counts as taken in."""

import gc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from base.clock import to_micros
from base.errors import SourceError
from engines.workers import available_cores
from ingest.contracts import SourceContract
from ingest.coverage import Coverage
from ingest.files import Batch, Delivery, Payload
from ingest.records import RejectedRow
from jobs.context import Context
from jobs.ingest_accounts.batch import Origin, Places, write_batch
from jobs.report import JobReport
from store.bulk import FrameWriter, arrow_schema
from store.raw import forget_rejections, load_payloads, mark_absent_gone, mark_delivered_live
from store.tables import RawPayload

STAGE = "ingest_accounts"
UNCOLLECTED_OBJECTS = 1_000_000  # a unit of lines holds fewer, all freed without the collector


@dataclass(slots=True)
class Intake:
    """One call of the job: what it has seen, and what it says in the end."""

    context: Context
    report: JobReport
    #: sha256 → payloads that were taken in whole, tonight's included
    delivered: dict[str, RawPayload]
    coverage: Coverage = field(default_factory=Coverage)
    unreadable: list[dict[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    ignored: dict[str, list[str]] = field(default_factory=dict)
    #: source → sha256 of all of its files, known or new
    by_source: dict[str, set[str]] = field(default_factory=dict)

    def take(self, delivery: Delivery) -> None:
        """Keep the bytes of one file and write what it says; bytes taken in before are skipped."""
        self.report.count(files=1, skipped_files=0, rows_read=0, rejected=0)
        try:
            sha256 = self.context.blobs.put(delivery.path)
            if self._is_known(sha256, delivery.contract):
                self.report.count(skipped_files=1)
            else:
                self._take_payload(sha256, delivery)
            self.by_source.setdefault(delivery.source, set()).add(sha256)
        except OSError as error:
            self._give_up(
                delivery, f"{delivery.path.name}: {error.strerror or error}", "check the path and its permissions"
            )
        except SourceError as error:
            self._give_up(delivery, error.message, error.hint or "")

    def take_again(self, payload: RawPayload) -> None:
        """Write what bytes say that were delivered once before."""
        self.report.count(files=1)
        contract = SourceContract.model_validate_json(payload.contract) if payload.contract else None
        mode: Any = payload.mode
        self._take_payload(payload.sha256, Delivery(Path(payload.origin), payload.source, contract, mode))
        self.by_source.setdefault(payload.source, set()).add(payload.sha256)

    def finished_report(self) -> JobReport:
        """Counts of all zero are counts too; details in a fixed order."""
        self.report.count(accounts_written=0, content_written=0, metrics_written=0)
        self.report.details |= {
            "coverage": self.coverage.table(),
            "rejected_by_reason": dict(sorted(self.reasons.items())),
            "unreadable": sorted(self.unreadable, key=lambda row: (row["file"], row["source"])),
            "ignored_columns": dict(sorted(self.ignored.items())),
        }
        return self.report

    def _is_known(self, sha256: str, contract: SourceContract | None) -> bool:
        known = self.delivered.get(sha256)
        return known is not None and known.contract == _contract_json(contract)

    def _take_payload(self, sha256: str, delivery: Delivery) -> None:
        as_of = to_micros(self.context.as_of)
        with self.context.blobs.open(sha256) as stream, self.context.batches() as batches:
            workers = self.context.settings.workers or available_cores()
            payload = Payload(stream, delivery.path.name, delivery.contract, as_of, workers=workers)
            origin = Origin(sha256, delivery.path.name, delivery.source, as_of, self.delivered)
            places = Places()
            for number, batch in enumerate(_ahead(payload.batches())):
                self._count(delivery, batch)
                with batches.writing_frames() as frames:
                    if number == 0:
                        forget_rejections(frames, sha256)
                    self.report.count(**write_batch(frames, batch, origin, places))
                self.context.crashpoint(STAGE)
            with batches.writing_frames() as frames:
                places.write(frames)
                self._remember(frames, sha256, delivery, payload.media)
            self.context.crashpoint(STAGE)
        if payload.ignored:
            self.ignored[delivery.path.name] = payload.ignored

    def _remember(self, frames: FrameWriter, sha256: str, delivery: Delivery, media: str) -> None:
        """The last word about a payload: from now on it counts as taken in."""
        row = RawPayload(
            sha256=sha256, media=media, source=delivery.source, origin=delivery.path.name,
            contract=_contract_json(delivery.contract), mode=delivery.mode, fetched_at=self.context.as_of,
            byte_length=self.context.blobs.byte_length(sha256),
        )  # fmt: skip
        known = self.delivered.get(sha256)
        if known is not None:
            row.fetched_at = known.fetched_at
        frame = pa.Table.from_pylist(
            [row.model_dump() | {"fetched_at": to_micros(row.fetched_at)}], arrow_schema(RawPayload)
        )
        frames.upsert(RawPayload, frame)
        self.delivered[sha256] = row

    def _count(self, delivery: Delivery, batch: Batch) -> None:
        bad_rows = {(row.line, row.pointer) for row in batch.rejected}
        records = batch.accounts.num_rows + batch.content.num_rows
        self.report.count(rows_read=records + len(bad_rows), rejected=len(bad_rows))
        self.reasons.update(
            f"{row.field}: {_reason_kind(row)}" if row.field else _reason_kind(row) for row in batch.rejected
        )
        self.coverage.add(delivery.source, batch)

    def _give_up(self, delivery: Delivery, reason: str, hint: str) -> None:
        self.unreadable.append({"file": delivery.path.name, "source": delivery.source, "reason": reason, "hint": hint})


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches; while one is written the next is read, in a thread of its own."""
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        following = reader.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield batch


def delivered_before(context: Context) -> dict[str, RawPayload]:
    with context.reading() as session:
        payloads = load_payloads(session)
        session.expunge_all()
    return {payload.sha256: payload for payload in payloads}


@contextmanager
def rare_collections() -> Iterator[None]:
    """Spare the cyclic collector from walking a batch again and again: its objects form no cycles."""
    before = gc.get_threshold()
    gc.set_threshold(UNCOLLECTED_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _contract_json(contract: SourceContract | None) -> str | None:
    return contract.model_dump_json() if contract else None


def _reason_kind(row: RejectedRow) -> str:
    """The reason without the value that was refused, so that reasons can be counted."""
    return row.reason.split("' ", 1)[-1].split(": ", 1)[0]


def mark_states(context: Context, intake: Intake, full: set[str]) -> None:
    """What was delivered is live; what a source that was delivered in full does not hold any more is gone."""
    delivered = set().union(*intake.by_source.values())
    with context.writing_frames() as frames:
        mark_delivered_live(frames, delivered)
        for source in sorted(full):
            mark_absent_gone(frames, source, delivered)
    context.crashpoint(STAGE)
