"""A language model that follows a script: the deterministic double for tests and dry runs, on this machine alone."""

from collections.abc import Callable, Iterable

from base.usage import LLMUsage
from providers.llm import LLMAnswer, LLMRequest

Script = Callable[[LLMRequest], str]


class ScriptedLLM:
    """Answers with `script(request)`, or with the given texts one after another; an exception among them is raised."""

    def __init__(self, script: Script | Iterable[str | Exception], id: str = "scripted/1") -> None:  # noqa: A002
        self.id = id
        self.model = id.partition("/")[0]
        #: every question so far, in order
        self.requests: list[LLMRequest] = []
        self._script = script if callable(script) else None
        self._lines = iter(() if callable(script) else script)

    async def complete(self, request: LLMRequest) -> LLMAnswer:
        """See `LLM.complete`. Raises IndexError when the script has run out."""
        self.requests.append(request)
        text = self._script(request) if self._script else self._next_line()
        length = len(request.system + request.user) // 4
        return LLMAnswer(text, LLMUsage(length, output_tokens=len(text) // 4), request_id=request.request_hash[:12])

    async def close(self) -> None:
        """See `LLM.close`."""

    def _next_line(self) -> str:
        line = next(self._lines, None)
        if line is None:
            raise IndexError(f"the script has no answer number {len(self.requests)}")
        if isinstance(line, Exception):
            raise line
        return line
