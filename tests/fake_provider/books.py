"""What the vendor would bill for: one entry per answered request, the oracle that a ledger is held against."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class BilledCall:
    #: chat · embeddings · batch
    endpoint: str
    #: sha256 of the request's body: the same question has the same key
    request_key: str
    model: str
    input_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    #: what went wrong with the answer that was billed; empty: nothing
    fault: str = ""


TOKENS = tuple(field.name for field in fields(BilledCall) if field.name.endswith("_tokens"))


class Books:
    """Every billed call, and how many requests of each endpoint came in, billed or not."""

    def __init__(self) -> None:
        self.calls: list[BilledCall] = []
        #: endpoint → requests, and endpoint:fault → requests that met it
        self.seen: Counter[str] = Counter()
        #: requests that are being worked on, and the most there ever were
        self.in_flight = self.most_in_flight = 0
        self._lock = threading.Lock()

    def bill(self, calls: Iterable[BilledCall]) -> None:
        with self._lock:
            self.calls.extend(calls)

    def tokens(self, endpoint: str | None = None, faults: Iterable[str] | None = None) -> dict[str, int]:
        """Billed tokens of each kind: all, or of one endpoint, or of the given faults ("" is: no fault)."""
        wanted = None if faults is None else set(faults)
        calls = [
            call
            for call in self.calls
            if endpoint in (None, call.endpoint) and (wanted is None or call.fault in wanted)
        ]
        return {kind: sum(getattr(call, kind) for call in calls) for kind in TOKENS}

    def repeats(self) -> int:
        """Billed calls beyond the first of each question."""
        return len(self.calls) - len({call.request_key for call in self.calls})

    def summary(self) -> dict[str, Any]:
        """For another process: everything but the calls themselves."""
        return {
            "calls": len(self.calls),
            "repeats": self.repeats(),
            "tokens": self.tokens(),
            "seen": dict(sorted(self.seen.items())),
            "most_in_flight": self.most_in_flight,
        }

    def entries(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self.calls]
