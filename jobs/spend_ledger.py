"""The ledger of paid calls in the store: what may still be spent, what is under way, what it came to.

Opened once per run, under the run lock: nobody else can spend meanwhile, so the room left is known without asking.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa

from base.clock import Clock, to_micros
from base.errors import ProviderError
from base.usage import LLMUsage
from enrich.ledger import (
    Budget,
    BudgetSettings,
    CallIntent,
    Price,
    Settlement,
    settle_answer,
    settle_error,
)
from store.bulk import FrameWriter, arrow_schema
from store.llm_calls import OpenCall, load_open_calls, load_spending, save_intents, settle_calls, settle_lost_calls
from store.session import Store
from store.tables import LlmCall

_CALLS = arrow_schema(LlmCall)
_INTENT = [field.name for field in fields(CallIntent)]
_ENDED = ("call_id", "state", "error_class", "request_id", "cost_nano_usd")
_TOKENS = [field.name for field in fields(LLMUsage)]


@dataclass(frozen=True, slots=True)
class Settled:
    """Calls whose end is written down: how many it changed, and what they left unused of the run and of the night."""

    changed: int
    run_nano_usd: int
    night_nano_usd: int


class SpendLedger:
    """Writes calls inside the caller's transaction, or in one of its own for who makes one call at a time.

    lost_calls: how many calls of dead runs were found open; they count in full.
    """

    def __init__(self, store: Store, run_id: str, night: str, clock: Clock, budget: BudgetSettings) -> None:
        self._store, self._run_id, self._night, self._clock = store, run_id, night, clock
        with store.journal() as journal, journal.writing_frames() as frames:
            self.lost_calls = settle_lost_calls(frames, to_micros(clock.now()))
            spent = load_spending(frames, run_id, night)
        self.budget = Budget(*budget.rooms_nano_usd(run=spent["run"], night=spent["night"]))
        self._calls_made = spent["calls"]
        #: reservations of the open calls that this process made
        self._open: dict[str, OpenCall] = {}

    @property
    def room_nano_usd(self) -> int:
        """What may still be reserved."""
        return self.budget.room_nano_usd

    def next_call_id(self) -> str:
        self._calls_made += 1
        return f"{self._run_id}/{self._calls_made:07d}"

    def reserve(self, frames: FrameWriter, calls: pa.Table) -> None:
        """Take the room for calls and write them, all or none.

        calls: the columns of `llm_calls` that a caller knows. Raises BudgetExhausted when they do not fit together.
        """
        self.budget.take(sum(calls["reserved_nano_usd"].to_pylist()))
        self.write(frames, calls)

    def write(self, frames: FrameWriter, calls: pa.Table) -> None:
        """Write calls whose room was taken before."""
        stamp = {"run_id": self._run_id, "night": self._night, "state": "intent", "created_at": self._now()}
        for name, value in stamp.items():
            calls = calls.append_column(_CALLS.field(name), pa.array([value] * len(calls), _CALLS.field(name).type))
        save_intents(frames, calls)
        reserved = zip(calls["call_id"].to_pylist(), calls["reserved_nano_usd"].to_pylist(), strict=True)
        self._open |= {call_id: OpenCall(nano_usd, self._run_id, self._night) for call_id, nano_usd in reserved}

    def settle(self, frames: FrameWriter, calls: pa.Table) -> Settled:
        """Write how calls ended; a call settled before is left alone. `free` what this returns once it is on the disk.

        calls: call_id, state, error_class, request_id, cost_nano_usd and the tokens by kind.
        """
        costs = dict(zip(calls["call_id"].to_pylist(), calls["cost_nano_usd"].to_pylist(), strict=True))
        if not self._open.keys() >= costs.keys():
            self._open |= load_open_calls(frames, [call_id for call_id in costs if call_id not in self._open])
        settled_at = pa.array([self._now()] * len(calls), pa.int64())
        changed = settle_calls(frames, calls.append_column("settled_at", settled_at))
        ended = [(call, cost) for call_id, cost in costs.items() if (call := self._open.pop(call_id, None))]
        return Settled(
            changed,
            run_nano_usd=sum(call.reserved_nano_usd - cost for call, cost in ended if call.run_id == self._run_id),
            night_nano_usd=sum(call.reserved_nano_usd - cost for call, cost in ended if call.night == self._night),
        )

    def free(self, settled: Settled) -> None:
        """Let others have what these calls did not use. A batch of another night took nothing from this one."""
        self.budget.give_back(run_nano_usd=settled.run_nano_usd, night_nano_usd=settled.night_nano_usd)

    def open_call(self, intent: CallIntent) -> str:
        """The id of a single call, on disk from here on. Raises BudgetExhausted."""
        call_id = self.next_call_id()
        with self._store.journal() as journal, journal.writing_frames() as frames:
            self.reserve(frames, intents_frame([(call_id, intent)]))
        return call_id

    def close_call(self, call_id: str, ended: LLMUsage | ProviderError, price: Price) -> None:
        """Settle a single call by what it used, or by the error it ended with."""
        if isinstance(ended, ProviderError):
            settlement = settle_error(call_id, ended, price, self._open[call_id].reserved_nano_usd)
        else:
            settlement = settle_answer(call_id, ended, price, request_id=None)
        with self._store.journal() as journal, journal.writing_frames() as frames:
            settled = self.settle(frames, settlements_frame([settlement]))
        self.free(settled)

    def _now(self) -> int:
        return to_micros(self._clock.now())


def intents_frame(intents: Iterable[tuple[str, CallIntent]]) -> pa.Table:
    """Calls with their ids as `SpendLedger.reserve` takes them."""
    rows = list(intents)
    columns = {name: [getattr(intent, name) for _, intent in rows] for name in _INTENT}
    return _frame({"call_id": [call_id for call_id, _ in rows]} | columns)


def settlements_frame(settlements: Sequence[Settlement]) -> pa.Table:
    """Settlements as `SpendLedger.settle` takes them."""
    columns = {name: [getattr(settlement, name) for settlement in settlements] for name in _ENDED}
    # A call whose usage nobody told has no attribute of it.
    tokens = {name: [getattr(settlement.usage, name, None) for settlement in settlements] for name in _TOKENS}
    return _frame(columns | tokens)


def _frame(columns: dict[str, list[Any]]) -> pa.Table:
    return pa.table(columns, schema=pa.schema([_CALLS.field(name) for name in columns]))
