"""Queries over `llm_batches`, and over the calls in the ledger that went out with a batch."""

from collections.abc import Collection
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Select, cast, func
from sqlalchemy import select as typed_select
from sqlmodel import col

from store.bulk import FrameReader, FrameWriter, arrow_schema
from store.tables import LlmBatch, LlmCall

#: the vendor may hold it in its queue, or will
UNDER_WAY = ("prepared", "uploaded", "submitting", "submitted")
#: the vendor's word for a queue that has no room for a file
TOKEN_LIMIT = "token_limit_exceeded"  # noqa: S105
#: not known to run yet
UNSENT = ("prepared", "uploaded", "submitting")


def load_batches(frames: FrameReader, states: Collection[str]) -> list[dict[str, Any]]:
    """Whole rows of the batches in these states, oldest first."""
    rows = _select(*(col(getattr(LlmBatch, name)) for name in LlmBatch.model_fields))
    in_order = (col(LlmBatch.created_at), col(LlmBatch.batch_key))
    found: list[dict[str, Any]] = frames.read(
        rows.where(col(LlmBatch.state).in_(sorted(states))).order_by(*in_order)
    ).to_pylist()
    return found


def count_batches_of(frames: FrameReader, run_id: str) -> int:
    """How many batches a run has made."""
    count: int = frames.read(_select(func.count().label("n")).where(col(LlmBatch.run_id) == run_id))["n"][0].as_py()
    return count


def save_batch(frames: FrameWriter, row: dict[str, Any]) -> None:
    """Write a batch as it is now. `row`: every column."""
    frames.upsert(LlmBatch, pa.Table.from_pylist([row], arrow_schema(LlmBatch)))


def load_open_batch_calls(frames: FrameReader, batch_key: str) -> pa.Table:
    """The calls of a batch that have no answer yet, by subject: whole rows."""
    rows = _select(*(col(getattr(LlmCall, name)) for name in LlmCall.model_fields))
    of_batch = (col(LlmCall.batch_key) == batch_key, col(LlmCall.state) == "intent")
    return frames.read(rows.where(*of_batch).order_by(col(LlmCall.subject)))


def load_pending_subjects(frames: FrameReader) -> pa.Table:
    """subject: everyone whose answer is still to come with a batch, in order."""
    subject = col(LlmCall.subject)
    open_ = (col(LlmCall.state) == "intent", col(LlmCall.batch_key).is_not(None))
    return frames.read(_select(subject).where(*open_).distinct().order_by(subject))


def load_batch_totals(frames: FrameReader) -> dict[str, int]:
    """Of the batches under way: batches, requests, input_tokens."""
    sums = [
        cast(func.coalesce(func.sum(col(getattr(LlmBatch, name))), 0), BigInteger).label(name)
        for name in ("requests", "input_tokens")
    ]
    totals = _select(func.count().label("batches"), *sums).where(col(LlmBatch.state).in_(UNDER_WAY))
    found: dict[str, int] = frames.read(totals).to_pylist()[0]
    return found


def load_smallest_refused(frames: FrameReader, *, since: int) -> int | None:
    """Input tokens of the smallest file for which a queue had no room since an instant (microseconds); None: none."""
    refused = (col(LlmBatch.fault) == TOKEN_LIMIT, col(LlmBatch.finished_at) >= since)
    smallest = _select(func.min(col(LlmBatch.input_tokens)).label("tokens")).where(*refused)
    found: int | None = frames.read(smallest)["tokens"][0].as_py()
    return found


def count_batch_calls(frames: FrameReader, batch_key: str) -> dict[str, int]:
    """State → calls of a batch."""
    counted = _select(col(LlmCall.state), func.count().label("calls")).where(col(LlmCall.batch_key) == batch_key)
    rows = frames.read(counted.group_by(col(LlmCall.state)).order_by(col(LlmCall.state)))
    return dict(zip(rows["state"].to_pylist(), rows["calls"].to_pylist(), strict=True))


def _select(*columns: Any) -> Select[Any]:
    statement: Select[Any] = typed_select(*columns)
    return statement
