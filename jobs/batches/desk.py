"""What sending and fetching batches work with: the vendor, the ledger, the files, and each batch's row."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from base.clock import to_micros
from base.errors import ProviderError, ProviderUnavailable, RateLimited
from base.usage import LLMUsage
from enrich import ledger
from enrich.enricher import Enricher
from enrich.questions import Questions
from enrich.shards import BatchSettings
from jobs.context import Context
from jobs.spend_ledger import SpendLedger
from providers.llm_batches import BatchApi
from providers.prices import Price
from store.bulk import FrameWriter
from store.llm_batches import save_batch

Row = dict[str, Any]
Pause = Callable[[float], Awaitable[None]]
_Given = TypeVar("_Given")

#: seconds before the second and the third attempt at a call that may be made twice
WAITS = (2.0, 10.0)


@dataclass(frozen=True, slots=True)
class BatchPrice:
    """The price of a model's tokens within a batch."""

    price: Price

    def cost_nano_usd(self, usage: LLMUsage) -> int:
        return self.price.cost_nano_usd(usage, batch=True)

    def worst_nano_usd(self, input_tokens: int, output_tokens: int) -> int:
        return self.price.worst_nano_usd(input_tokens, output_tokens, batch=True)


@dataclass(frozen=True)
class BatchDesk:
    """pause: waits so many seconds."""

    context: Context
    api: BatchApi
    labeller: Enricher
    price: ledger.Price
    settings: BatchSettings
    pause: Pause = asyncio.sleep

    @property
    def questions(self) -> Questions:
        return self.labeller.questions

    @cached_property
    def folder(self) -> Path:
        """Where requests wait until their answers are in."""
        folder = self.context.home / "batches"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def ledger(self) -> SpendLedger:
        return self.context.ledger

    def file(self, batch_key: str, kind: Literal["requests", "answers", "errors"] = "requests") -> Path:
        return self.folder / f"{batch_key}.{kind}.jsonl"

    @contextmanager
    def transaction(self) -> Iterator[FrameWriter]:
        """On the disk when it ends, also after a power cut; open it with no session or frames at hand."""
        with self.context.store.journal() as journal, journal.writing_frames() as frames:
            yield frames

    def advance(self, row: Row, **changes: Any) -> Row:
        """The row with its changes, on the disk."""
        changed = row | changes
        with self.transaction() as frames:
            save_batch(frames, changed)
        self.context.crashpoint("batches")
        return changed

    def discard_files(self, batch_key: str) -> None:
        """The answers are in: nothing of this is needed any more."""
        for path in self.folder.glob(f"{batch_key}.*"):
            path.unlink()

    def now(self) -> int:
        return to_micros(self.context.clock.now())

    async def patiently(self, call: Callable[[], Awaitable[_Given]]) -> _Given:
        """Up to three attempts at a call that does no harm when it is made twice."""
        for seconds in WAITS:
            try:
                return await call()
            except (RateLimited, ProviderUnavailable) as error:
                await self.pause(_wait(error, seconds))
        return await call()


def _wait(error: ProviderError, seconds: float) -> float:
    return (isinstance(error, RateLimited) and error.retry_after_seconds) or seconds
