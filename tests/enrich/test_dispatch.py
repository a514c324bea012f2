"""Many creators at once: bounded, each with its outcome, and stopped in order."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from base.errors import BudgetExhausted, ProviderRefused, ProviderUnavailable, QuotaExhausted
from enrich.conversation import Due, converse
from enrich.dispatch import Dispatched, dispatch
from enrich.labeller import Outcome
from providers.llm import LLMRequest
from providers.scripted import ScriptedLLM
from tests.enrich.making import Notebook, a_cook, a_desk, an_answer


class SlowLLM(ScriptedLLM):
    """Answers after a turn of the loop, and knows how many wait."""

    waiting = 0
    most_waiting = 0

    async def complete(self, request: LLMRequest):
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        await asyncio.sleep(0)
        self.waiting -= 1
        return await super().complete(request)


def creators(count: int) -> AsyncIterator[Due]:
    async def due():
        for number in range(count):
            yield Due(a_cook(creator_id=f"cr_{number}", names=[f"Ann {number}"]), "new")

    return due()


def run(llm, count: int, *, at_once: int = 8, ledger: Notebook | None = None, stop_after: int | None = None):
    outcomes: list[Outcome] = []

    async def go() -> Dispatched:
        desk = a_desk(llm, ledger, concurrency=at_once)

        def ended(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) == stop_after:
                desk.gate.close()

        return await dispatch(creators(count), partial(converse, desk), desk.gate, at_once=at_once, ended=ended)

    return asyncio.run(go()), outcomes


def test_everyone_is_asked_and_never_too_many_at_once():
    llm = SlowLLM(lambda _request: an_answer())
    done, outcomes = run(llm, 100)
    assert len({outcome.creator_id for outcome in outcomes}) == done.ended == 100
    assert 1 < llm.most_waiting <= 8


def test_one_creators_failure_is_an_outcome_and_the_next_is_still_asked():
    """LLM-15: failures are counted by class."""
    failing = {"Ann 3": ProviderUnavailable(provider="p"), "Ann 5": ProviderRefused(provider="p")}

    class Flaky(ScriptedLLM):
        async def complete(self, request: LLMRequest):
            for name, error in failing.items():
                if f'"{name}"' in request.user:
                    raise error
            return await super().complete(request)

    _, outcomes = run(Flaky(lambda _request: an_answer()), 20)
    failed = {outcome.creator_id: outcome.failure for outcome in outcomes if outcome.failure}
    assert failed == {"cr_3": "SERVER", "cr_5": "BAD_REQUEST"}
    assert len(outcomes) == 20


def test_a_closed_gate_lets_what_is_under_way_end_and_begins_nothing():
    ledger = Notebook()
    llm = SlowLLM(lambda _request: an_answer())
    done, outcomes = run(llm, 100, ledger=ledger, stop_after=10)
    assert 10 <= len(outcomes) <= 18
    assert len(ledger.settlements) == len(ledger.intents) == len(llm.requests) == len(outcomes)
    assert done.stopped_by is None


def test_a_spent_budget_is_a_planned_stop():
    probe = Notebook()
    run(ScriptedLLM(lambda _request: an_answer()), 1, ledger=probe)
    worst, cost = probe.intents[0].reserved_nano_usd, probe.settlements[0].cost_nano_usd
    room = 10 * cost + worst
    ledger = Notebook(room)
    done, outcomes = run(SlowLLM(lambda _request: an_answer()), 100, ledger=ledger)
    assert isinstance(done.stopped_by, BudgetExhausted)
    spent = sum(settlement.cost_nano_usd for settlement in ledger.settlements)
    assert spent <= room
    assert len(ledger.settlements) == len(ledger.intents) == len(outcomes)


def test_an_exhausted_account_stops_the_run_once_everything_is_settled():
    ledger = Notebook()
    answers = iter([an_answer()] * 20)

    def script(_request):
        answer = next(answers, None)
        if answer is None:
            raise QuotaExhausted(provider="scripted")
        return answer

    with pytest.raises(QuotaExhausted):
        run(SlowLLM(script), 100, ledger=ledger)
    assert len(ledger.settlements) == len(ledger.intents) <= 28


def test_bad_requests_from_the_start_are_our_mistake_and_stop_the_run():
    def script(_request):
        raise ProviderRefused("unknown parameter", provider="scripted")

    llm = SlowLLM(script)
    with pytest.raises(ProviderRefused, match="unknown parameter"):
        run(llm, 1_000)
    assert len(llm.requests) <= 5 + 8


def test_a_few_bad_requests_among_many_are_those_creators_own():
    def script(request):
        if any(f'"Ann {number}"' in request.user for number in (7, 77, 150, 300)):
            raise ProviderRefused("too strange", provider="scripted")
        return an_answer()

    done, outcomes = run(SlowLLM(script), 400)
    assert (done.ended, len([outcome for outcome in outcomes if outcome.failure])) == (400, 4)
