"""How fast one model may be asked: requests and tokens per minute, calls in flight, pauses when it says so.

Learns from what the provider tells with its answers. Pure: every instant comes in, in seconds of a clock that only runs
forward, and nothing here waits.
"""

import math
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from providers.llm import RateLimits

SECONDS_PER_MINUTE = 60.0
#: a bucket holds what this many seconds let in: a burst beyond it is what providers refuse
BURST_SECONDS = 5.0
ROUNDING = 1e-6
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


class PacingSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: openai: most questions under way at once
    concurrency: int = Field(default=64, ge=1, le=4096)
    #: openai: most requests a minute; what the provider says of its own limits is followed in any case
    requests_per_minute: int | None = Field(default=None, ge=1)
    #: openai: most tokens a minute, input and the longest answer together; likewise
    tokens_per_minute: int | None = Field(default=None, ge=1)


@dataclass(slots=True)
class Bucket:
    """What a rate per minute lets through; a rate of None lets everything through."""

    per_minute: float | None
    level: float = math.inf
    filled_at: float = 0.0

    def wait_seconds(self, amount: float, now: float) -> float:
        """Until `amount` may go; one larger than the bucket goes when it is full."""
        if self.per_minute is None:
            return 0.0
        self._fill(now)
        missing = min(amount, self._most()) - self.level
        # Rounding may leave a trace that no wait would ever fill.
        return missing * SECONDS_PER_MINUTE / self.per_minute if missing > ROUNDING else 0.0

    def take(self, amount: float, now: float) -> None:
        if self.per_minute is not None:
            self._fill(now)
            self.level -= amount

    def learn(self, limit: int | None, remaining: int | None, now: float, most: int | None) -> None:
        """Follow what the provider says, within what the settings allow."""
        if limit:
            self.per_minute = min(limit, most or limit)
        if remaining is not None and self.per_minute is not None:
            self._fill(now)
            self.level = min(self.level, remaining)

    def _most(self) -> float:
        assert self.per_minute is not None
        return max(1.0, self.per_minute * BURST_SECONDS / SECONDS_PER_MINUTE)

    def _fill(self, now: float) -> None:
        assert self.per_minute is not None
        gained = (now - self.filled_at) * self.per_minute / SECONDS_PER_MINUTE
        self.level, self.filled_at = min(self._most(), self.level + gained), now


@dataclass(slots=True)
class Pace:
    """The pace of one model: asked before a call leaves, told when it left and how it returned."""

    settings: PacingSettings
    #: calls that may be in flight at once now
    window: float = field(init=False)
    in_flight: int = 0
    #: nothing leaves before
    paused_until: float = -math.inf
    _pauses: int = 0
    _requests: Bucket = field(init=False)
    _tokens: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.window = float(self.settings.concurrency)
        self._requests = Bucket(self.settings.requests_per_minute)
        self._tokens = Bucket(self.settings.tokens_per_minute)

    def wait_seconds(self, tokens: int, now: float) -> float:
        """Until a call of so many tokens may leave: 0 means now, infinity when another one returns."""
        if self.in_flight >= int(self.window):
            return math.inf
        pause = max(0.0, self.paused_until - now)
        return max(pause, self._requests.wait_seconds(1, now), self._tokens.wait_seconds(tokens, now))

    def left(self, tokens: int, now: float) -> None:
        self.in_flight += 1
        self._requests.take(1, now)
        self._tokens.take(tokens, now)

    def answered(self, limits: RateLimits | None, now: float) -> None:
        """A call returned and was not refused for its rate: one more may fly per window of them."""
        self.in_flight -= 1
        self._pauses = 0
        self.window = min(self.settings.concurrency, self.window + 1 / self.window)
        if limits is not None:
            most = self.settings
            self._requests.learn(limits.limit_requests, limits.remaining_requests, now, most.requests_per_minute)
            self._tokens.learn(limits.limit_tokens, limits.remaining_tokens, now, most.tokens_per_minute)

    def refused(self, retry_after_seconds: float | None, now: float) -> None:
        """A call came too fast: all wait, and half as many fly afterwards. Those refused with it count as one."""
        self.in_flight -= 1
        if now >= self.paused_until:
            self.window = max(1.0, self.window / 2)
            self._pauses += 1
        longer = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (self._pauses - 1))
        pause = longer if retry_after_seconds is None else retry_after_seconds
        self.paused_until = max(self.paused_until, now + pause)
