"""Sending batches: whole files, all of them under the cap and within the queue, and none of them twice.

The vendor has no key that makes a repeated `create` harmless. So a batch carries its own key in its metadata, and one
that may have been created without our having written it down is looked for before it is created again.
"""

from collections.abc import Iterable
from datetime import timedelta

import pyarrow as pa

from base.errors import ProviderError, ProviderRefused, ProviderUnavailable, RateLimited
from enrich.ledger import Settlement
from enrich.shards import Line, Shard, lines_within, write_shards
from jobs.batches.desk import BatchDesk, Row
from jobs.report import JobReport
from jobs.spend_ledger import intents_frame, settlements_frame
from providers.llm_batches import Batch
from store.llm_batches import (
    UNSENT,
    count_batches_of,
    load_batch_totals,
    load_batches,
    load_open_batch_calls,
    load_smallest_refused,
    save_batch,
)

#: a request to create a batch that was cut off may still reach the vendor, and the vendor's list may lag behind
QUIET = timedelta(minutes=15) // timedelta(microseconds=1)
#: how long a queue that refused a file is taken to hold no more than half of it
BACK_OFF = timedelta(days=7) // timedelta(microseconds=1)
PROJECT = "creatordex"


async def resume_unsent(desk: BatchDesk, report: JobReport) -> None:
    """Bring every batch that a kill or an outage left half sent to the vendor, unless it is there already."""
    with desk.context.reading_frames() as frames:
        unsent = load_batches(frames, UNSENT)
    known = await _batches_like(desk, unsent) if unsent else {}
    for row in unsent:
        batch = known.get(row["batch_key"])
        if batch is not None:
            _adopt(desk, row, batch)
            report.count(batches_found=1)
        elif row["state"] == "submitting" and desk.now() - row["sent_at"] < QUIET:
            report.count(batches_unsure=1)
        else:
            await _send(desk, row, report)


async def submit(desk: BatchDesk, lines: Iterable[Line], report: JobReport) -> None:
    """Send as many of the requests, first ones first, as the queue and the budget hold; the rest is for a later run."""
    with desk.context.reading_frames() as frames:
        first = count_batches_of(frames, desk.context.run_id) + 1
    room, money = queue_room(desk), desk.ledger.room_nano_usd
    shards = write_shards(
        lines_within(lines, tokens=room, nano_usd=money),
        desk.settings,
        lambda number: desk.file(_key(desk, first + number)),
    )
    for number, shard in enumerate(shards, first):
        row = _prepare(desk, _key(desk, number), shard)
        report.count(batched=len(shard.calls))
        if not await _send(desk, row, report):
            return


def queue_room(desk: BatchDesk) -> int:
    """Input tokens that the model's queue still holds, as far as we know."""
    with desk.context.reading_frames() as frames:
        waiting = load_batch_totals(frames)["input_tokens"]
        refused = load_smallest_refused(frames, since=desk.now() - BACK_OFF)
    holds = desk.settings.queue_tokens if refused is None else min(desk.settings.queue_tokens, refused // 2)
    return max(0, holds - waiting)


def refuse(desk: BatchDesk, row: Row, fault: str, report: JobReport) -> None:
    """The vendor took nothing of it: its money is free again, and its creators are due as before."""
    with desk.context.reading_frames() as frames:
        calls = load_open_batch_calls(frames, row["batch_key"])["call_id"].to_pylist()
    ledger = desk.ledger
    with desk.transaction() as frames:
        settled = ledger.settle(frames, settlements_frame([Settlement(call_id, "released", 0) for call_id in calls]))
        save_batch(frames, row | {"state": "failed", "fault": fault, "finished_at": desk.now(), "returned": len(calls)})
    ledger.free(settled)
    desk.context.crashpoint("batches")
    desk.discard_files(row["batch_key"])
    desk.context.log.warning("batch_refused", batch=row["batch_key"], fault=fault)
    report.count(batches_refused=1, returned=len(calls))


def _prepare(desk: BatchDesk, batch_key: str, shard: Shard) -> Row:
    """Write the batch and its calls: from here on the money is reserved, and its creators are not planned again."""
    row = {
        "batch_key": batch_key,
        "run_id": desk.context.run_id,
        "model": desk.api.id,
        "recipe_fingerprint": desk.labeller.recipe.fingerprint,
        "prompt_version": desk.labeller.prompt_version,
        "sha256": shard.sha256,
        "requests": len(shard.calls),
        "input_tokens": shard.tokens,
        "state": "prepared",
        "answered": 0,
        "returned": 0,
        "created_at": desk.now(),
    }
    calls = intents_frame((f"{batch_key}/{call.subject}", call) for call in shard.calls)
    ledger = desk.ledger
    with desk.transaction() as frames:
        ledger.reserve(frames, calls.append_column("batch_key", pa.array([batch_key] * len(calls), pa.string())))
        save_batch(frames, row)
    desk.context.crashpoint("batches")
    return row


async def _send(desk: BatchDesk, row: Row, report: JobReport) -> bool:
    """Take a batch to the vendor from wherever it stands. Whether it got there; if not, a later run goes on."""
    try:
        if row["state"] == "prepared":
            row = await _upload(desk, row)
        row = desk.advance(row, state="submitting", sent_at=desk.now())
        batch = await desk.api.create(row["file_id"], metadata_of(row))
    except ProviderError as error:
        if error.is_outcome_unknown or isinstance(error, ProviderUnavailable):
            # A batch may have been made all the same: it is looked for before another try.
            return _not_sent(desk, row, error, report)
        if isinstance(error, ProviderRefused):
            refuse(desk, row, error.message, report)
            return False
        if row["state"] == "submitting":
            row = desk.advance(row, state="uploaded")
        if isinstance(error, RateLimited):
            return _not_sent(desk, row, error, report)
        raise
    desk.context.crashpoint("batches")
    _adopt(desk, row, batch)
    report.count(batches_submitted=1)
    return True


def _not_sent(desk: BatchDesk, row: Row, error: ProviderError, report: JobReport) -> bool:
    desk.context.log.warning("batch_not_sent", batch=row["batch_key"], error_class=error.error_class)
    report.count(batches_unsent=1)
    return False


async def _upload(desk: BatchDesk, row: Row) -> Row:
    path = desk.file(row["batch_key"])
    if not path.is_file():
        raise ProviderRefused(f"{path.name} is gone", provider="files", model=row["model"])
    file_id = await desk.patiently(lambda: desk.api.upload(path))
    desk.context.crashpoint("batches")
    return desk.advance(row, state="uploaded", file_id=file_id)


def _adopt(desk: BatchDesk, row: Row, batch: Batch) -> Row:
    return desk.advance(
        row,
        state="submitted",
        batch_id=batch.batch_id,
        status=batch.status,
        file_id=batch.input_file_id,
        sent_at=row.get("sent_at") or desk.now(),
    )


async def _batches_like(desk: BatchDesk, rows: list[Row]) -> dict[str, Batch]:
    """Batch key → the batch that the vendor holds for it. The whole list is read: this is after a kill, not daily."""
    wanted = {row["batch_key"]: row["sha256"] for row in rows}
    found: dict[str, Batch] = {}
    async for batch in desk.api.list():
        key = batch.metadata.get("batch", "")
        if wanted.get(key) == batch.metadata.get("sha256", "no"):
            found.setdefault(key, batch)
    return found


def metadata_of(row: Row) -> dict[str, str]:
    """What the vendor keeps with a batch: enough to know it again, and to know whose it is."""
    return {
        "project": PROJECT,
        "batch": row["batch_key"],
        "run": row["run_id"],
        "sha256": row["sha256"],
        "prompt_version": row["prompt_version"] or "",
    }


def _key(desk: BatchDesk, number: int) -> str:
    return f"{desk.context.run_id}-b{number:03d}"
