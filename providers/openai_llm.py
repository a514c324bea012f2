"""A language model at OpenAI, or at any server that speaks like it and knows strict schemas."""

import httpx2

from providers.llm import LLMAnswer, LLMRequest
from providers.openai_client import Endpoint, Line
from providers.openai_completions import PATH, Completions


class OpenAILLM:
    """Asks over one client, which belongs to the event loop it is first used in; close it there."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        effort: str | None = None,
        *,
        has_cache_breakpoint: bool = False,
        client: httpx2.AsyncClient | None = None,
    ) -> None:
        self.model = model
        self._line = Line(endpoint, model, client)
        self._completions = Completions(endpoint.provider, model, effort, has_cache_breakpoint)
        self.id = self._completions.id

    async def complete(self, request: LLMRequest) -> LLMAnswer:
        """See `LLM.complete`."""
        reply = await self._line.post(PATH, self._completions.body(request))
        return self._completions.read(200, reply.body, reply.headers)

    async def close(self) -> None:
        await self._line.close()
