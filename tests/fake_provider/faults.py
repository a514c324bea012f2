"""What can go wrong, by name: scripted for the next requests, or by rate, the same for the same request each time."""

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that is an error: nothing is done and nothing is billed."""

    status: int
    code: str | None
    kind: str
    message: str


REFUSALS: Mapping[str, Refused] = {
    "rate_limit": Refused(429, "rate_limit_exceeded", "requests", "Rate limit reached for requests per min (RPM)."),
    "token_rate_limit": Refused(429, "rate_limit_exceeded", "tokens", "Rate limit reached for tokens per min (TPM)."),
    "quota": Refused(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    "server": Refused(500, None, "server_error", "The server had an error while processing your request."),
    "bad_gateway": Refused(502, None, "server_error", "Bad gateway."),
    "overloaded": Refused(503, None, "server_error", "The engine is currently overloaded, please try again later."),
    "unauthorized": Refused(401, "invalid_api_key", "invalid_request_error", "Incorrect API key provided."),
    "forbidden": Refused(403, "unsupported_country_region_territory", "request_forbidden", "Not supported."),
    "not_found": Refused(404, "model_not_found", "invalid_request_error", "The model does not exist."),
    "too_long": Refused(
        400, "context_length_exceeded", "invalid_request_error", "This model's maximum context length is 128000 tokens."
    ),
    "bad_request": Refused(400, "invalid_value", "invalid_request_error", "Invalid value."),
    "unprocessable": Refused(422, None, "invalid_request_error", "Unprocessable."),
    "blocked": Refused(400, "content_policy_violation", "invalid_request_error", "Your request was rejected."),
}
#: the line breaks. hang: never answered, never billed · lost: done and billed, and not a byte comes back ·
#: cut: half of the answer comes back · not_json: a page of some proxy comes back, with status 200
BROKEN_LINES = ("hang", "lost", "cut", "not_json")
#: billed answers that are none
BAD_ANSWERS = ("malformed", "invalid", "refusal", "truncation", "content_filter", "empty")
FAULTS = frozenset({*REFUSALS, *BROKEN_LINES, *BAD_ANSWERS})


class Faults:
    """Decides what each request meets: the script first, then the rates."""

    def __init__(self, rates: Mapping[str, float] | None = None, seed: int = 0) -> None:
        """rates: fault → share of requests, for chat, embeddings and the lines of a batch."""
        self.seed = seed
        self.set_rates(rates or {})
        self._scripts: dict[str, deque[str]] = {}
        self._attempts: Counter[str] = Counter()

    def set_rates(self, rates: Mapping[str, float]) -> None:
        unknown = set(rates) - FAULTS
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(sorted(FAULTS))}")
        self.rates = dict(sorted(rates.items()))

    def script(self, endpoint: str, faults: Iterable[str]) -> None:
        """What the next requests of an endpoint meet, one after another; "" is: nothing."""
        for fault in faults:
            if fault and fault not in FAULTS:
                raise ValueError(f"no such fault: {fault}")
            self._scripts.setdefault(endpoint, deque()).append(fault)

    def next(self, endpoint: str, request_key: str) -> str:
        """The fault of this request, or "". By rate it depends on the request and on how often it was made, only."""
        scripted = self._scripts.get(endpoint)
        if scripted:
            return scripted.popleft()
        if not self.rates or endpoint not in ("chat", "embeddings", "batch"):
            return ""
        self._attempts[request_key] += 1
        throw = _share(f"{self.seed} {request_key} {self._attempts[request_key]}")
        for name, rate in self.rates.items():
            throw -= rate
            if throw < 0:
                return name
        return ""


def _share(text: str) -> float:
    """In [0, 1)."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") / 2**64
