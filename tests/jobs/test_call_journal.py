"""Who waits for the room of another call is told when that call ends, well or not."""

import asyncio
import random
from collections.abc import Iterator, Sequence

from base.clock import FixedClock
from base.errors import BudgetExhausted, StoreError
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


def afforded(prices: Sequence[tuple[int, int]], room: int) -> Iterator[int]:
    """One call after the other, until the next one may cost more than there is left."""
    for place, (worst, cost) in enumerate(prices):
        if worst > room:
            return
        room -= cost
        yield place


async def spend(calls: CallJournal, prices: Sequence[tuple[int, int]], dice: random.Random) -> list[int]:
    """All at once, coming back in any order. Who left."""
    left = []

    async def one(place: int) -> None:
        worst, cost = prices[place]
        call_id = await calls.reserve(CallIntent(f"cr_{place}", "model/none", "hash", 1, worst))
        left.append(place)
        for _ in range(dice.randrange(20)):
            await asyncio.sleep(0)
        await calls.settle(Settlement(call_id, "settled", cost, LLMUsage(1)))

    async with asyncio.timeout(LONGEST_SECONDS):
        ends = await asyncio.gather(*map(one, range(len(prices))), return_exceptions=True)
    assert all(end is None or isinstance(end, BudgetExhausted) for end in ends)
    return sorted(left)


def test_who_is_asked_while_money_lasts_follows_from_order_and_cost_alone(store: Store):
    """Nobody overtakes, the cap is not passed by a nano-dollar, and less is left than the next one needs."""
    for seed in range(10):
        dice = random.Random(seed)
        worst = [dice.randrange(1, 1_000) for _ in range(25)]
        prices = [(most, dice.randrange(most + 1)) for most in worst]
        cap = dice.randrange(5_000)
        ledger = SpendLedger(store, f"run-{seed}", "2026-03-01", FixedClock(AS_OF), BudgetSettings(max_usd=cap / NANO))
        with store.journal() as journal:
            calls = CallJournal(ledger, journal, lambda *_: None)
            try:
                left = asyncio.run(spend(calls, prices, dice))
            finally:
                calls.close()
        assert left == list(afforded(prices, cap)), seed
        assert ledger.room_nano_usd == cap - sum(prices[place][1] for place in left) >= 0
