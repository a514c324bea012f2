"""Who waits for the room of another call is told when that call ends, well or not."""

import asyncio
from collections.abc import Sequence

from base.clock import FixedClock
from base.errors import StoreError
from base.usage import LLMUsage
from enrich.labeller import Outcome
from enrich.ledger import NANO, BudgetSettings, CallIntent, Settlement
from jobs.call_journal import CallJournal
from jobs.spend_ledger import SpendLedger
from store.bulk import FrameWriter
from store.session import Store
from tests.factories import AS_OF

#: a second call has room only when the first one has ended
INTENT = CallIntent("cr_ann", "model/none", "hash", 1, NANO * 3 // 4)
OUTCOME = Outcome(creator_id="cr_ann", input_fingerprint="f", labels=None)
LONGEST_SECONDS = 30


async def two_calls(calls: CallJournal) -> list[str | BaseException | None]:
    """The first call ends while the second waits for its room."""

    async def settle(call_id: str) -> None:
        await calls.settle(Settlement(call_id, "settled", 0, LLMUsage(1)), OUTCOME)

    first = await calls.reserve(INTENT)
    async with asyncio.timeout(LONGEST_SECONDS):
        return await asyncio.gather(calls.reserve(INTENT), settle(first), return_exceptions=True)


def run(store: Store, disk_is_full: bool) -> list[str | BaseException | None]:
    def save(_frames: FrameWriter, _outcomes: Sequence[Outcome]) -> None:
        if disk_is_full:
            raise StoreError("the disk is full")

    ledger = SpendLedger(store, "run-1", "2026-03-01", FixedClock(AS_OF), BudgetSettings(max_usd=1))
    with store.journal() as journal:
        calls = CallJournal(ledger, journal, save)
        try:
            return asyncio.run(two_calls(calls))
        finally:
            calls.close()


def room_by_disk(store: Store) -> int:
    return SpendLedger(store, "run-1", "2026-03-01", FixedClock(AS_OF), BudgetSettings(max_usd=1)).room_nano_usd


def test_room_is_waited_for(store: Store):
    assert run(store, disk_is_full=False) == ["run-1/0000002", None]


def test_no_call_leaves_once_an_end_could_not_be_written(store: Store):
    """Neither does one wait for ever: what memory freed, the disk still counts."""
    second, first = run(store, disk_is_full=True)
    assert isinstance(first, StoreError)
    assert second is first
    assert room_by_disk(store) < INTENT.reserved_nano_usd
