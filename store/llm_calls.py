"""Queries over `llm_calls`, the spend ledger, and the sums that a budget and a report are made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import pyarrow as pa
from sqlalchemy import BigInteger, Select, Text, case, cast, func, literal_column, update
from sqlalchemy import select as typed_select
from sqlmodel import col

from store.bulk import FrameReader, FrameWriter, arrow_schema
from store.tables import LlmCall

#: what spending can be told apart by
CostKey = Literal["model", "prompt_version", "reason", "purpose", "run_id", "night", "state", "error_class"]
COST_KEYS = get_args(CostKey)
_TOKENS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
_SETTLED = ("state", "error_class", "request_id", "cost_nano_usd", *_TOKENS, "settled_at")

#: what each call counts for: its cost, or while that is open the most it can cost
_COUNTED = func.coalesce(col(LlmCall.cost_nano_usd), col(LlmCall.reserved_nano_usd))


def save_intents(frames: FrameWriter, calls: pa.Table) -> None:
    """Write calls that are about to leave; their ids are new."""
    frames.load(LlmCall, calls.select([name for name in arrow_schema(LlmCall).names if name in calls.column_names]))


def settle_calls(frames: FrameWriter, calls: pa.Table) -> int:
    """Say how calls ended; one that was settled before stays as it is. Returns how many were changed."""
    return frames.amend(LlmCall, calls.select(["call_id", *_SETTLED]), only={"state": "intent"})


def settle_lost_calls(frames: FrameWriter, now: int) -> int:
    """Count calls of dead runs in full: nobody knows whether they were answered. Returns how many there were.

    A call that went out in a batch is not lost: its answer can still be fetched.
    """
    lost = (col(LlmCall.state) == "intent", col(LlmCall.batch_key).is_(None))
    full = {"state": "unknown", "cost_nano_usd": col(LlmCall.reserved_nano_usd), "settled_at": now}
    return frames.execute(update(LlmCall).where(*lost).values(**full))


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call whose end is not known yet: what it may cost, and whose cap that counts against."""

    reserved_nano_usd: int
    run_id: str
    night: str


def load_open_calls(frames: FrameWriter, call_ids: list[str]) -> dict[str, OpenCall]:
    """By id, those of the calls that are still open."""
    states = ["intent"] * len(call_ids)
    rows = frames.matching(LlmCall, pa.table({"call_id": call_ids, "state": states}))
    columns = [rows[name].to_pylist() for name in ("reserved_nano_usd", "run_id", "night")]
    return dict(zip(rows["call_id"].to_pylist(), map(OpenCall, *columns), strict=True))


def load_spending(frames: FrameReader, run_id: str, night: str) -> dict[str, int]:
    """Nano-dollars that count against the run and against the night, and how many calls the run has made."""
    of_run, of_night = col(LlmCall.run_id) == run_id, col(LlmCall.night) == night
    calls = frames.read(_select(func.count().label("calls")).where(of_run))["calls"][0].as_py()
    run, night_ = (frames.read(_select(_sum(_COUNTED, "spent")).where(of)) for of in (of_run, of_night))
    return {"calls": calls, "run": run["spent"][0].as_py(), "night": night_["spent"][0].as_py()}


def load_costs(
    frames: FrameReader,
    keys: tuple[CostKey, ...],
    *,
    run_id: str | None = None,
    night: str | None = None,
    since: datetime | None = None,
) -> pa.Table:
    """One row per combination of `keys` (text, empty where unknown): calls, nano_usd, tokens by kind, open_calls.

    Of all calls, or those of a run, of a night (a UTC date) or made since an instant.
    """
    named = [func.coalesce(col(getattr(LlmCall, key)), literal_column("''", Text)).label(key) for key in keys]
    sums = [_sum(func.coalesce(col(getattr(LlmCall, name)), 0), name) for name in _TOKENS]
    is_open = case((col(LlmCall.state) == "intent", 1), else_=0)
    statement = _select(
        *named, func.count().label("calls"), _sum(_COUNTED, "nano_usd"), *sums, _sum(is_open, "open_calls")
    )
    if run_id is not None:
        statement = statement.where(col(LlmCall.run_id) == run_id)
    if night is not None:
        statement = statement.where(col(LlmCall.night) == night)
    if since is not None:
        statement = statement.where(col(LlmCall.created_at) >= since)
    return frames.read(statement.group_by(*named).order_by(*named))


def load_cost_of(frames: FrameReader, subject: str) -> dict[str, int]:
    """How many calls were made about a subject, and the nano-dollars they count for."""
    statement = _select(func.count().label("calls"), _sum(_COUNTED, "nano_usd"))
    found = frames.read(statement.where(col(LlmCall.subject) == subject)).to_pylist()
    return dict(found[0])


def _sum(amount: Any, name: str) -> Any:
    """A whole number, zero of nothing; Postgres would make it a numeric."""
    return cast(func.coalesce(func.sum(amount), 0), BigInteger).label(name)


def _select(*columns: Any) -> Select[Any]:
    statement: Select[Any] = typed_select(*columns)
    return statement
