"""The port every language model stands behind: one structured question, one answer, its exact usage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from base.usage import LLMUsage


@dataclass(frozen=True, slots=True)
class LLMRequest:
    #: the part that is the same for every creator, byte for byte
    system: str
    #: the creator's data, fenced
    user: str
    #: strict JSON schema of the answer
    schema: Mapping[str, Any]
    max_output_tokens: int
    #: names the request in a batch and in the ledger
    request_hash: str


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What the provider says is left in the running minute; None: it did not say."""

    limit_requests: int | None = None
    remaining_requests: int | None = None
    #: until all requests are allowed again
    reset_requests_seconds: float | None = None
    limit_tokens: int | None = None
    remaining_tokens: int | None = None
    reset_tokens_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LLMAnswer:
    #: the raw text of the answer; the caller parses and checks it
    text: str
    usage: LLMUsage
    request_id: str | None = None
    #: None: the provider does not tell, or has no limits
    limits: RateLimits | None = None


class LLM(Protocol):
    #: model and effort, part of the recipe
    id: str
    #: the model's name in the table of prices
    model: str

    async def complete(self, request: LLMRequest) -> LLMAnswer:
        """One attempt. Raises a ProviderError subclass; never retries by itself."""
        ...

    async def close(self) -> None:
        """Let go of connections, in the event loop that `complete` was called in."""
        ...
