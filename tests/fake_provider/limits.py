"""Requests and tokens per minute, as buckets that fill all the time; and the headers that tell of them."""

import time
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass
class Bucket:
    """Holds up to `per_minute`, full at first; None: no limit."""

    per_minute: int | None = None
    _taken: float = 0.0
    _at: float = field(default_factory=time.monotonic)

    def has(self, amount: float) -> bool:
        self._refill()
        return self.per_minute is None or self._taken + amount <= self.per_minute

    def take(self, amount: float) -> None:
        self._taken += amount

    def left(self) -> int:
        return int((self.per_minute or 0) - self._taken)

    def full_in_seconds(self) -> float:
        return self._taken / (self.per_minute or 1) * MINUTE

    def _refill(self) -> None:
        now = time.monotonic()
        self._taken = max(0.0, self._taken - (now - self._at) / MINUTE * (self.per_minute or 0))
        self._at = now


@dataclass
class Limits:
    """The account's limits for one model."""

    requests: Bucket = field(default_factory=Bucket)
    tokens: Bucket = field(default_factory=Bucket)

    def take(self, tokens: int) -> bool:
        """Whether a request of so many tokens may pass; it then counts."""
        if not (self.requests.has(1) and self.tokens.has(tokens)):
            return False
        self.requests.take(1)
        self.tokens.take(tokens)
        return True

    def headers(self) -> dict[str, str]:
        """What is left, for each limit there is."""
        told: dict[str, str] = {}
        for name, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            if bucket.per_minute is not None:
                told |= {
                    f"x-ratelimit-limit-{name}": str(bucket.per_minute),
                    f"x-ratelimit-remaining-{name}": str(bucket.left()),
                    f"x-ratelimit-reset-{name}": f"{bucket.full_in_seconds():.3f}s",
                }
        return told
