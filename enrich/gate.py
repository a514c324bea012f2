"""The one door through which calls leave: in order, at the model's pace, until somebody closes it."""

import asyncio
from typing import Protocol

from base.errors import ProviderError, RateLimited
from enrich.pacing import Pace
from providers.llm import LLMAnswer


class Timer(Protocol):
    """A clock that only runs forward, and waiting by it."""

    def now(self) -> float:
        """Seconds."""
        ...

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until the event is set, at most so long; infinity is no limit."""
        ...


class Gate:
    def __init__(self, pace: Pace, timer: Timer) -> None:
        self._pace, self._timer = pace, timer
        self._door = asyncio.Lock()
        self._returned = asyncio.Event()
        self._closed = asyncio.Event()

    @property
    def is_open(self) -> bool:
        return not self._closed.is_set()

    def close(self) -> None:
        """Nothing leaves any more; what is under way comes back."""
        self._closed.set()
        self._returned.set()

    async def enter(self, tokens: int) -> bool:
        """Wait for the turn and for the pace; false when the gate was closed meanwhile."""
        async with self._door:  # first come, first served
            while self.is_open:
                seconds = self._pace.wait_seconds(tokens, self._timer.now())
                if seconds == 0:
                    self._pace.left(tokens, self._timer.now())
                    return True
                self._returned.clear()
                await self._timer.wait(self._returned, seconds)
        return False

    def hear(self, returned: LLMAnswer | ProviderError) -> None:
        """A call came back, well or not."""
        now = self._timer.now()
        if isinstance(returned, RateLimited):
            self._pace.refused(returned.retry_after_seconds, now)
        else:
            self._pace.answered(returned.limits if isinstance(returned, LLMAnswer) else None, now)
        self._returned.set()

    def leave(self) -> None:
        """A call that entered never left."""
        self._pace.answered(None, self._timer.now())
        self._returned.set()

    async def rest(self, seconds: float) -> None:
        """Wait before another try, unless the gate closes."""
        await self._timer.wait(self._closed, seconds)
