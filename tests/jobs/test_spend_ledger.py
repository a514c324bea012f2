"""Money is reserved before a call leaves and counted exactly after; what nobody knows counts in full."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from base.clock import FixedClock
from base.errors import BudgetExhausted, ProviderUnavailable
from base.usage import LLMUsage
from enrich.ledger import NANO, BudgetSettings, CallIntent, settle_answer, usd
from jobs.spend_ledger import SpendLedger, intents_frame, settlements_frame
from store.llm_calls import load_cost_of, load_costs
from store.session import Store
from store.tables import LlmCall
from tests.factories import AS_OF

CENT = NANO // 100


@dataclass(frozen=True)
class FlatPrice:
    """One nano-dollar per token of any kind."""

    def cost_nano_usd(self, usage: LLMUsage) -> int:
        return usage.input_tokens + usage.output_tokens

    def worst_nano_usd(self, input_tokens: int, output_tokens: int) -> int:
        return input_tokens + output_tokens


PRICE = FlatPrice()


def a_ledger(store: Store, run_id: str = "run-1", night: str = "2026-03-01", **budget: float) -> SpendLedger:
    return SpendLedger(store, run_id, night, FixedClock(AS_OF), BudgetSettings(**budget))


def an_intent(subject: str = "cr_ann", nano_usd: int = CENT, **values: Any) -> CallIntent:
    return CallIntent(subject, "model/none", "hash", 1, nano_usd, **values)


def calls(store: Store) -> dict[str, dict[str, Any]]:
    with store.reading() as session:
        return {row.call_id: row.model_dump() for row in session.exec(select(LlmCall))}


def test_a_call_is_written_before_it_leaves_and_settled_to_what_it_cost(store: Store):
    ledger = a_ledger(store, max_usd=0.05)
    call_id = ledger.open_call(an_intent(reason="new", prompt_version="1"))
    (row,) = calls(store).values()
    assert (row["state"], row["reserved_nano_usd"], row["cost_nano_usd"]) == ("intent", CENT, None)
    assert (row["run_id"], row["night"], row["reason"]) == ("run-1", "2026-03-01", "new")
    assert ledger.room_nano_usd == 4 * CENT
    ledger.close_call(call_id, LLMUsage(100, cached_tokens=60, output_tokens=7, reasoning_tokens=2), PRICE)
    (row,) = calls(store).values()
    assert (row["state"], row["cost_nano_usd"], row["settled_at"]) == ("settled", 107, AS_OF)
    tokens = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
    assert [row[name] for name in tokens] == [100, 60, 0, 7, 2]
    assert ledger.room_nano_usd == 5 * CENT - 107


def test_a_call_that_does_not_fit_under_the_cap_is_refused_and_not_written(store: Store):
    ledger = a_ledger(store, max_usd=0.02)
    ledger.open_call(an_intent())
    ledger.open_call(an_intent("cr_bea"))
    with pytest.raises(BudgetExhausted, match=r"\$0\.00 left"):
        ledger.open_call(an_intent("cr_cy", nano_usd=1))
    assert len(calls(store)) == 2


def test_the_cap_of_a_night_holds_over_its_runs_and_that_of_a_run_does_not(store: Store):
    caps = {"max_usd": 0.02, "max_usd_per_night": 0.03}
    a_ledger(store, "run-1", **caps).open_call(an_intent(nano_usd=2 * CENT))
    assert a_ledger(store, "run-1", **caps).room_nano_usd == 0, "a resumed run goes on with what it has left"
    assert a_ledger(store, "run-2", **caps).room_nano_usd == CENT
    assert a_ledger(store, "run-3", night="2026-03-02", **caps).room_nano_usd == 2 * CENT


def test_several_calls_are_reserved_together_or_not_at_all(store: Store):
    ledger = a_ledger(store, max_usd=0.05)
    batch = intents_frame((f"b:{number}", an_intent(f"cr_{number}", 2 * CENT)) for number in range(3))
    with pytest.raises(BudgetExhausted), store.writing_frames() as frames:
        ledger.reserve(frames, batch)
    assert calls(store) == {}
    assert ledger.room_nano_usd == 5 * CENT
    with store.writing_frames() as frames:
        ledger.reserve(frames, batch.slice(1))
    assert len(calls(store)) == 2


@pytest.mark.parametrize(
    ("error", "state", "cost"),
    [
        pytest.param({}, "failed", 0, id="an error that costs nothing"),
        pytest.param({"usage": LLMUsage(5, output_tokens=1)}, "failed", 6, id="an error that was paid for"),
        pytest.param({"is_outcome_unknown": True}, "unknown", CENT, id="a line that broke: counted in full"),
    ],
)
def test_a_failed_call_costs_what_is_known_of_it(store: Store, error, state, cost):
    ledger = a_ledger(store, max_usd=1)
    call_id = ledger.open_call(an_intent())
    ledger.close_call(call_id, ProviderUnavailable(provider="p", **error), PRICE)
    row = calls(store)[call_id]
    assert (row["state"], row["error_class"], row["cost_nano_usd"]) == (state, "SERVER", cost)
    assert ledger.room_nano_usd == NANO - cost


def test_calls_of_a_dead_run_count_in_full_and_are_counted(store: Store):
    """Nobody knows whether they were answered; those in a batch can still be asked for."""
    dead = a_ledger(store)
    dead.open_call(an_intent())
    with store.writing_frames() as frames:
        batched = intents_frame([("b:1", an_intent())])
        position = batched.schema.names.index("purpose")
        dead.reserve(frames, batched.add_column(position, "batch_key", [["b"]]))
    ledger = a_ledger(store, max_usd=0.05)
    assert ledger.lost_calls == 1
    assert {row["state"] for row in calls(store).values()} == {"unknown", "intent"}
    assert ledger.room_nano_usd == 3 * CENT
    assert a_ledger(store).lost_calls == 0


def test_settling_twice_changes_nothing(store: Store):
    """A batch may be fetched again."""
    ledger = a_ledger(store, max_usd=1)
    call_id = ledger.open_call(an_intent())
    ledger.close_call(call_id, LLMUsage(5), PRICE)
    before, room = calls(store), ledger.room_nano_usd
    other = a_ledger(store, max_usd=1)
    for again in (ledger, other):
        with store.writing_frames() as frames:
            late = settle_answer(call_id, LLMUsage(9), PRICE, request_id=None)
            settled = again.settle(frames, settlements_frame([late]))
        again.free(settled)
        assert settled.changed == 0
        assert (calls(store), again.room_nano_usd) == (before, room)


def settled_by(ledger: SpendLedger, store: Store, call_id: str):
    """The call cost a thousandth of its reservation, says a run that did not make it."""
    with store.writing_frames() as frames:
        cheap = settle_answer(call_id, LLMUsage(CENT // 1000), PRICE, request_id=None)
        return ledger.settle(frames, settlements_frame([cheap]))


def in_a_batch(ledger: SpendLedger, store: Store) -> str:
    with store.writing_frames() as frames:
        calls = intents_frame([("b:1", an_intent())])
        ledger.reserve(frames, calls.append_column("batch_key", [["b"]]))
    return "b:1"


@pytest.mark.parametrize(
    ("run", "night", "room"),
    [
        pytest.param("run-1", "2026-03-01", 2 * CENT - CENT // 1000, id="the run that sent it goes on"),
        pytest.param("run-2", "2026-03-01", 2 * CENT, id="another run of that night: of its own cap nothing was taken"),
        pytest.param("run-2", "2026-03-02", 2 * CENT, id="another night"),
    ],
)
def test_a_batch_gives_back_only_where_it_was_taken_from(store: Store, run, night, room):
    """What yesterday reserved and did not use is no money of tonight."""
    caps = {"max_usd": 0.02, "max_usd_per_night": 0.03}
    call_id = in_a_batch(a_ledger(store, **caps), store)
    ledger = a_ledger(store, run, night, **caps)
    ledger.free(settled_by(ledger, store, call_id))
    assert ledger.room_nano_usd == room
    assert a_ledger(store, run, night, **caps).room_nano_usd == room, "as who opens the ledger afterwards sees it"


def test_room_is_free_when_the_end_is_on_the_disk_and_not_before(store: Store):
    ledger = a_ledger(store, max_usd=0.01)
    call_id = in_a_batch(ledger, store)
    settled = settled_by(ledger, store, call_id)
    assert ledger.room_nano_usd == 0
    ledger.free(settled)
    assert ledger.room_nano_usd == CENT - CENT // 1000


def test_a_cap_that_was_lowered_is_paid_off_before_anything_leaves(store: Store):
    before = a_ledger(store, max_usd_per_night=0.05)
    ids = [before.open_call(an_intent(nano_usd=2 * CENT)) for _ in range(2)]
    for call_id in ids:
        before.close_call(call_id, LLMUsage(CENT), PRICE)
    call_id = in_a_batch(before, store)
    ledger = a_ledger(store, max_usd_per_night=0.02)
    ledger.free(settled_by(ledger, store, call_id))
    assert ledger.room_nano_usd == 0


def test_costs_add_up_by_any_key(store: Store):
    ledger = a_ledger(store)
    for subject, reason in (("cr_ann", "new"), ("cr_ann", "drifted"), ("cr_bea", "new")):
        ledger.close_call(ledger.open_call(an_intent(subject, reason=reason)), LLMUsage(10, output_tokens=1), PRICE)
    ledger.open_call(an_intent("cr_bea"))
    with store.reading_frames() as frames:
        costs = load_costs(frames, ("reason",)).to_pylist()
        assert load_cost_of(frames, "cr_ann") == {"calls": 2, "nano_usd": 22}
        assert load_costs(frames, ("model", "night"), run_id="another").num_rows == 0
        assert load_costs(frames, ("model",), night="2026-03-01", since=AS_OF)["calls"].to_pylist() == [4]
        assert load_costs(frames, ("model",), since=AS_OF + timedelta(seconds=1)).num_rows == 0
    found = {row["reason"]: (row["calls"], row["nano_usd"], row["input_tokens"], row["open_calls"]) for row in costs}
    assert found == {"": (1, CENT, 0, 1), "drifted": (1, 11, 10, 0), "new": (2, 22, 20, 0)}


def test_sums_are_exact_however_large(store: Store):
    """The reason for whole numbers: ten thousand times a third of a cent is not a float's sum."""
    assert usd(10_000 * 3_333_333) == "$33.33333"
    with pytest.raises(ValueError, match="finite"):
        BudgetSettings(max_usd=float("inf"))
