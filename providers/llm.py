"""The port every language model stands behind: one structured question, one answer, its exact usage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


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
class LLMUsage:
    input_tokens: int
    cached_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class LLMAnswer:
    #: the raw text of the answer; the caller parses and checks it
    text: str
    usage: LLMUsage
    request_id: str | None = None


class LLM(Protocol):
    #: model id with effort, part of the recipe
    id: str

    def complete(self, request: LLMRequest) -> LLMAnswer:
        """One attempt. Raises a ProviderError subclass; never retries by itself."""
        ...
