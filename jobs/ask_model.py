"""Ask a model about those who are due, many at once: event loop, signals and the store's journal around `enrich`."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from base.errors import BudgetExhausted, RunStopped
from enrich.conversation import Desk, Due, converse
from enrich.dispatch import Dispatched, dispatch
from enrich.enricher import Enricher
from enrich.gate import Gate
from enrich.labeller import Outcome
from enrich.ledger import Price
from enrich.pacing import Pace
from jobs.call_journal import CallJournal, SaveOutcomes
from jobs.context import Context
from jobs.report import JobReport
from providers.llm import LLM

#: a batch of those who are due, read when its turn comes
LoadDue = Callable[[], Sequence[Due]]


def ask_model(
    context: Context,
    llm: LLM,
    price: Price,
    enricher: Enricher,
    batches: Iterable[LoadDue],
    *,
    save: SaveOutcomes,
    ended: Callable[[Outcome], None],
    report: JobReport,
) -> None:
    """Every outcome is saved with the settlement of its last call; `ended` is told of it then.

    A spent budget is a planned stop: the report says so. Raises QuotaExhausted, ProviderRefused when the requests
    themselves are wrong, and RunStopped after SIGTERM, each once everything under way has come back.
    """
    ledger = context.ledger
    room = ledger.room_nano_usd
    with context.store.journal() as journal:
        calls = CallJournal(ledger, journal, save)
        try:
            work = _ask(context, llm, price, enricher, calls, batches, ended)
            dispatched, is_stopped = asyncio.run(work)
        finally:
            calls.close()
            report.spent(calls=calls.count, nano_usd=room - ledger.room_nano_usd, lost_calls=ledger.lost_calls)
    if isinstance(dispatched.stopped_by, BudgetExhausted):
        report.details["stopped"] = str(dispatched.stopped_by)
    if is_stopped:
        raise RunStopped


async def _ask(
    context: Context,
    llm: LLM,
    price: Price,
    enricher: Enricher,
    calls: CallJournal,
    batches: Iterable[LoadDue],
    ended: Callable[[Outcome], None],
) -> tuple[Dispatched, bool]:
    pacing = context.settings.llm
    gate = Gate(Pace(pacing), LoopTimer())
    desk = Desk.of(llm, enricher.questions, enricher.prompt_version or "", price, calls, gate)
    try:
        with _closed_by_signals(gate) as received:
            done = await dispatch(_due(batches), partial(converse, desk), gate, at_once=pacing.concurrency, ended=ended)
            return done, received.is_set()
    finally:
        await llm.close()


async def _due(batches: Iterable[LoadDue]) -> AsyncIterator[Due]:
    """Those who are due; the next batch is read while the last one is being asked about."""
    loads = iter(batches)
    coming = _read(loads)
    while (batch := await coming) is not None:
        coming = _read(loads)
        for due in batch:
            yield due
    # Stopped early, the batch read ahead is asked nothing; what it was given back for nothing stays.


def _read(loads: Iterator[LoadDue]) -> "asyncio.Task[Sequence[Due] | None]":
    return asyncio.create_task(asyncio.to_thread(_next_batch, loads))


def _next_batch(loads: Iterator[LoadDue]) -> Sequence[Due] | None:
    load = next(loads, None)
    return None if load is None else load()


@contextmanager
def _closed_by_signals(gate: Gate) -> Iterator[asyncio.Event]:
    """The first SIGTERM or Ctrl-C closes the gate and lets what is under way come back; a second one is as ever."""
    received = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()

    def stop() -> None:
        received.set()
        gate.close()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        yield received
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


class LoopTimer:
    """See `enrich.gate.Timer`: the clock of the running event loop."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                await event.wait()
        except TimeoutError:
            pass
