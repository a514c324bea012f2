"""The port a vendor's batch service stands behind: a file of requests goes up, a file of answers comes down later.

What a line's body looks like and what an answer's body means are the vendor's, the same as in a single call.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from providers.llm import LLMAnswer, LLMRequest

BatchStatus = Literal[
    "validating", "in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled"
]
#: nothing more will come of these; what was answered until then is in their files, and was paid for
ENDED: frozenset[BatchStatus] = frozenset({"completed", "failed", "expired", "cancelled"})


@dataclass(frozen=True, slots=True)
class BatchFault:
    """Why a file was not taken."""

    #: the vendor's word, e.g. token_limit_exceeded
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the vendor tells of it."""

    batch_id: str
    status: BatchStatus
    #: as given to `create`
    metadata: Mapping[str, str]
    input_file_id: str
    #: answers, one JSON line each, in any order; None: there are none (yet)
    output_file_id: str | None = None
    #: requests without an answer, and why
    error_file_id: str | None = None
    faults: tuple[BatchFault, ...] = ()
    completed: int = 0
    failed: int = 0
    #: 0 until the file is validated
    total: int = 0
    #: seconds since 1970, when it was created
    created_at: int = field(default=0, compare=False)


class BatchApi(Protocol):
    """Every method is one attempt and raises a ProviderError; none retries by itself.

    A `create` that fails with `is_outcome_unknown` may have made a batch: look for its metadata before trying again.
    """

    #: model and effort, as `LLM.id`
    id: str
    #: the model's name in the table of prices
    model: str
    #: what each line asks for, e.g. /v1/chat/completions
    endpoint: str

    def body(self, request: LLMRequest) -> dict[str, Any]:
        """What `LLM.complete` would send; a line of a batch carries it as its body."""
        ...

    def read(self, status_code: int, body: Mapping[str, Any]) -> LLMAnswer:
        """What `LLM.complete` would make of this response. Raises the same ProviderErrors."""
        ...

    async def upload(self, path: Path) -> str:
        """Id of the uploaded file."""
        ...

    async def create(self, file_id: str, metadata: Mapping[str, str]) -> Batch: ...

    async def retrieve(self, batch_id: str) -> Batch: ...

    def list(self) -> AsyncIterator[Batch]:
        """Every batch of the account, newest first."""
        ...

    async def download(self, file_id: str, path: Path) -> None:
        """Write a file's bytes to `path`, without holding them all."""
        ...

    async def cancel(self, batch_id: str) -> Batch: ...

    async def close(self) -> None:
        """Let go of its connections, in the event loop it was used in."""
        ...
