"""OpenAI's batch service behind `BatchApi`: files up, batches made and watched, files down."""

import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI
from openai.types import Batch as TheirBatch

from providers.llm import LLMAnswer, LLMRequest
from providers.llm_batches import Batch, BatchFault
from providers.openai_client import Endpoint, connect
from providers.openai_completions import PATH, Completions
from providers.openai_errors import as_provider_errors

PAGE = 100  # batches; the most the vendor gives at once


class OpenAIBatches:
    """See `BatchApi`. Its client belongs to the event loop it is first used in; close it there."""

    endpoint = f"/v1{PATH}"

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        effort: str | None = None,
        *,
        has_cache_breakpoint: bool = False,
        client: AsyncOpenAI | None = None,
    ) -> None:
        self.model = model
        self._completions = Completions(endpoint.provider, model, effort, has_cache_breakpoint)
        self._told = endpoint.provider, model
        self._client = client or connect(endpoint)
        self.id = self._completions.id

    def body(self, request: LLMRequest) -> dict[str, Any]:
        """See `BatchApi.body`."""
        return self._completions.body(request)

    def read(self, status_code: int, body: Mapping[str, Any]) -> LLMAnswer:
        """See `BatchApi.read`."""
        return self._completions.read(status_code, body)

    async def upload(self, path: Path) -> str:
        with as_provider_errors(*self._told), path.open("rb") as stream:
            uploaded = await self._client.files.create(file=stream, purpose="batch")
        return uploaded.id

    async def create(self, file_id: str, metadata: Mapping[str, str]) -> Batch:
        with as_provider_errors(*self._told):
            made = await self._client.batches.create(
                input_file_id=file_id,
                endpoint="/v1/chat/completions",
                completion_window="24h",  # the only one there is
                metadata=dict(metadata),
            )
        return _batch(made)

    async def retrieve(self, batch_id: str) -> Batch:
        with as_provider_errors(*self._told):
            return _batch(await self._client.batches.retrieve(batch_id))

    async def list(self) -> AsyncIterator[Batch]:
        with as_provider_errors(*self._told):
            async for found in self._client.batches.list(limit=PAGE):
                yield _batch(found)

    async def download(self, file_id: str, path: Path) -> None:
        """Whole or not at all: a broken line leaves no half file under this name."""
        part = path.with_name(f"{path.name}.part")
        with as_provider_errors(*self._told):
            async with self._client.files.with_streaming_response.content(file_id) as response:
                await response.stream_to_file(part)
        os.replace(part, path)  # noqa: PTH105

    async def cancel(self, batch_id: str) -> Batch:
        with as_provider_errors(*self._told):
            return _batch(await self._client.batches.cancel(batch_id))

    async def close(self) -> None:
        await self._client.close()


def _batch(theirs: TheirBatch) -> Batch:
    counts = theirs.request_counts
    faults = (theirs.errors.data if theirs.errors else None) or []
    return Batch(
        batch_id=theirs.id,
        status=theirs.status,
        metadata=dict(theirs.metadata or {}),
        input_file_id=theirs.input_file_id,
        output_file_id=theirs.output_file_id,
        error_file_id=theirs.error_file_id,
        faults=tuple(BatchFault(fault.code or "", fault.message or "") for fault in faults),
        completed=counts.completed if counts else 0,
        failed=counts.failed if counts else 0,
        total=counts.total if counts else 0,
        created_at=theirs.created_at,
    )
