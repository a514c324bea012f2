"""The ledger of a run that asks hundreds of questions at once: what waits is written together, in one transaction.

While a transaction is on its way to the disk the next group gathers, so the busier the run the larger the groups; and
still no call leaves before its own row is on the disk.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from base.errors import BudgetExhausted
from enrich.labeller import Outcome
from enrich.ledger import CallIntent, Settlement
from jobs.spend_ledger import SpendLedger, intents_frame, settlements_frame
from store.bulk import FrameWriter
from store.session import Transactions

SaveOutcomes = Callable[[FrameWriter, Sequence[Outcome]], None]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What waits to be written: a call that is about to leave, or one that ended."""

    intent: tuple[str, CallIntent] | None = None
    settlement: Settlement | None = None
    outcome: Outcome | None = None


class CallJournal:
    """A `Ledger`, over one journal of the store; used within one event loop."""

    def __init__(self, ledger: SpendLedger, journal: Transactions, save_outcomes: SaveOutcomes) -> None:
        self._ledger, self._journal, self._save_outcomes = ledger, journal, save_outcomes
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="call-journal")
        self._waiting: list[tuple[_Entry, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._open = 0
        #: calls that left
        self.count = 0
        self._settled = asyncio.Event()
        #: reservations are served in the order in which they are asked for: it is that of the plan
        self._turn = asyncio.Lock()
        #: why no call leaves any more: something could not be written, or there is no room for whose turn it is
        self._failure: Exception | None = None

    async def reserve(self, intent: CallIntent) -> str:
        """See `Ledger.reserve`. While other calls are under way it waits for the room that they may free.

        Once there was no room, or something could not be written, no call leaves any more: that error is raised again.
        So who is asked while money lasts follows from costs and order alone, whatever is under way at once.
        """
        async with self._turn:
            await self._take(intent.reserved_nano_usd)
            self._open += 1
            self.count += 1
        call_id = self._ledger.next_call_id()
        try:
            await self._written(_Entry(intent=(call_id, intent)))
        except BaseException:
            self._end()
            raise
        return call_id

    async def settle(self, settlement: Settlement, outcome: Outcome | None = None) -> None:
        """See `Ledger.settle`."""
        try:
            await self._written(_Entry(settlement=settlement, outcome=outcome))
        finally:
            self._end()

    def close(self) -> None:
        self._thread.shutdown()

    async def _take(self, nano_usd: int) -> None:
        while self._failure is None:
            try:
                self._ledger.budget.take(nano_usd)
            except BudgetExhausted as error:
                if self._open == 0:
                    self._failure = error
                    break
            else:
                return
            self._settled.clear()
            await self._settled.wait()
        raise self._failure

    def _end(self) -> None:
        """A call is under way no more, written down or not: who waits for its room must not wait for ever."""
        self._open -= 1
        self._settled.set()

    async def _written(self, entry: _Entry) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await loop.run_in_executor(self._thread, self._commit, [entry for entry, _ in group])
            except Exception as error:  # whoever waits for its row is told that it is not there
                self._failure = error
                _tell(group, error)
            else:
                _tell(group, None)
        self._writer = None

    def _commit(self, entries: Sequence[_Entry]) -> None:
        intents = [entry.intent for entry in entries if entry.intent]
        settlements = [entry.settlement for entry in entries if entry.settlement]
        outcomes = [entry.outcome for entry in entries if entry.outcome]
        with self._journal.writing_frames() as frames:
            if intents:
                self._ledger.write(frames, intents_frame(intents))
            settled = self._ledger.settle(frames, settlements_frame(settlements)) if settlements else None
            if outcomes:
                self._save_outcomes(frames, outcomes)
        if settled is not None:
            self._ledger.free(settled)


def _tell(group: Sequence[tuple[_Entry, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, done in group:
        if done.cancelled():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
