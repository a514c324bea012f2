"""The ledger of paid calls in the store: what may still be spent, what is under way, what it came to.

Opened once per run, under the run lock: nobody else can spend meanwhile, so the room left is known without asking.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
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
from store.llm_calls import load_open_calls, load_spending, save_intents, settle_calls, settle_lost_calls
from store.session import Store
from store.tables import LlmCall

_CALLS = arrow_schema(LlmCall)
_NO_TOKENS = dict.fromkeys(LLMUsage.__dataclass_fields__)


class SpendLedger:
    """Writes calls inside the caller's transaction, or in one of its own for who makes one call at a time.

    lost_calls: how many calls of dead runs were found open; they count in full.
    """

    def __init__(self, store: Store, run_id: str, night: str, clock: Clock, budget: BudgetSettings) -> None:
        self._store, self._run_id, self._night, self._clock = store, run_id, night, clock
        with store.journal() as journal, journal.writing_frames() as frames:
            self.lost_calls = settle_lost_calls(frames, to_micros(clock.now()))
            spent = load_spending(frames, run_id, night)
        self.budget = Budget(budget.room_nano_usd(run=spent["run"], night=spent["night"]))
        self._calls_made = spent["calls"]
        #: reservations of the open calls that this process made
        self._open: dict[str, int] = {}

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
        self._open |= zip(calls["call_id"].to_pylist(), calls["reserved_nano_usd"].to_pylist(), strict=True)

    def settle(self, frames: FrameWriter, calls: pa.Table) -> int:
        """Write how calls ended and free what they did not use; a call settled before is left alone.

        calls: call_id, state, error_class, request_id, cost_nano_usd and the tokens by kind. Returns how many changed.

        The room is free before the caller's transaction is on the disk. Where that fails nothing leaves any more all
        the same: `CallJournal` closes, and in the batch path and for single calls the error ends the run.
        """
        ids, costs = calls["call_id"].to_pylist(), calls["cost_nano_usd"].to_pylist()
        if not self._open.keys() >= set(ids):
            self._open |= load_open_calls(frames, [call_id for call_id in ids if call_id not in self._open])
        settled_at = pa.array([self._now()] * len(calls), pa.int64())
        changed = settle_calls(frames, calls.append_column("settled_at", settled_at))
        for call_id, cost in zip(ids, costs, strict=True):
            reserved = self._open.pop(call_id, None)
            if reserved is not None:
                self.budget.give_back(reserved, cost)
        return changed

    def open_call(self, intent: CallIntent) -> str:
        """The id of a single call, on disk from here on. Raises BudgetExhausted."""
        call_id = self.next_call_id()
        with self._store.journal() as journal, journal.writing_frames() as frames:
            self.reserve(frames, intents_frame([(call_id, intent)]))
        return call_id

    def close_call(self, call_id: str, ended: LLMUsage | ProviderError, price: Price) -> None:
        """Settle a single call by what it used, or by the error it ended with."""
        if isinstance(ended, ProviderError):
            settlement = settle_error(call_id, ended, price, self._open[call_id])
        else:
            settlement = settle_answer(call_id, ended, price, request_id=None)
        with self._store.journal() as journal, journal.writing_frames() as frames:
            self.settle(frames, settlements_frame([settlement]))

    def _now(self) -> int:
        return to_micros(self._clock.now())


def intents_frame(intents: Iterable[tuple[str, CallIntent]]) -> pa.Table:
    """Calls with their ids as `SpendLedger.reserve` takes them."""
    return _frame([{"call_id": call_id, **asdict(intent)} for call_id, intent in intents])


def settlements_frame(settlements: Sequence[Settlement]) -> pa.Table:
    """Settlements as `SpendLedger.settle` takes them."""
    return _frame([_settled(settlement) for settlement in settlements])


def _settled(settlement: Settlement) -> dict[str, Any]:
    tokens = _NO_TOKENS if settlement.usage is None else asdict(settlement.usage)
    return {
        "call_id": settlement.call_id,
        "state": settlement.state,
        "error_class": settlement.error_class,
        "request_id": settlement.request_id,
        "cost_nano_usd": settlement.cost_nano_usd,
        **tokens,
    }


def _frame(rows: list[dict[str, Any]]) -> pa.Table:
    names = rows[0].keys()
    return pa.Table.from_pylist(rows, pa.schema([field for field in _CALLS if field.name in names]))
