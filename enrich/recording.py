"""A model's answers as a file: recorded once, replayed for ever, so that an evaluation costs nothing the second time.

JSON lines: one head that says where the answers come from, then one line per request, by its hash.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from base import errors
from base.errors import ErrorClass, ProviderError, SourceError
from base.usage import LLMUsage
from providers.llm import LLM, LLMAnswer, LLMRequest

Source = Literal["live", "fake"]

#: which error a recorded class is raised as again
_ERRORS: dict[str, type[ProviderError]] = {
    ErrorClass.TOO_LONG: errors.InputTooLong,
    ErrorClass.REFUSAL: errors.AnswerRefused,
    ErrorClass.FILTER: errors.AnswerFiltered,
    ErrorClass.LENGTH: errors.AnswerTruncated,
    ErrorClass.INVALID: errors.AnswerInvalid,
    ErrorClass.BAD_REQUEST: errors.ProviderRefused,
    ErrorClass.SERVER: errors.ProviderUnavailable,
}


@dataclass(frozen=True, slots=True)
class Head:
    #: fake: no model was asked, the figures say nothing about one
    source: Source
    #: id with effort
    model: str
    #: its name in the table of prices
    price_model: str
    prompt_version: str


@dataclass(slots=True)
class Recording:
    """Answers by request hash; a failure that belongs to the request is an answer too."""

    head: Head
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises SourceError when the file is absent or is none."""
        try:
            first, *rest = path.read_text(encoding="utf-8").splitlines()
            recording = cls(Head(**json.loads(first)))
            for line in rest:
                row = json.loads(line)
                recording.answers[row.pop("request_hash")] = row
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"{path} holds no recorded answers", hint="creatordex evaluate enrichment --live --record FILE"
            ) from error
        return recording

    def write(self, path: Path) -> None:
        """In order of hash: the same answers give the same bytes."""
        rows = [asdict(self.head), *({"request_hash": key} | self.answers[key] for key in sorted(self.answers))]
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


class RecordingLLM:
    """Passes new questions on and keeps what comes back. What concerns the moment, not the question, is not kept."""

    def __init__(self, llm: LLM, recording: Recording) -> None:
        self._llm, self._recording = llm, recording
        self._known = RecordedLLM(recording)
        self.id, self.model = llm.id, llm.model

    async def complete(self, request: LLMRequest) -> LLMAnswer:
        """See `LLM.complete`. A question that the recording knows is answered from there."""
        if request.request_hash in self._recording.answers:
            return await self._known.complete(request)
        try:
            answer = await self._llm.complete(request)
        except ProviderError as error:
            if error.error_class in {ErrorClass.REFUSAL, ErrorClass.FILTER, ErrorClass.LENGTH, ErrorClass.INVALID}:
                self._keep(request, error.usage, error_class=error.error_class.value)
            raise
        self._keep(request, answer.usage, text=answer.text)
        return answer

    async def close(self) -> None:
        await self._llm.close()

    def _keep(self, request: LLMRequest, usage: LLMUsage | None, **what: str) -> None:
        self._recording.answers[request.request_hash] = what | {"usage": asdict(usage) if usage else None}


class RecordedLLM:
    """Answers from a recording, and asks nobody."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.id, self.model = recording.head.model, recording.head.price_model

    async def complete(self, request: LLMRequest) -> LLMAnswer:
        """See `LLM.complete`. Raises ProviderRefused for a question that was never asked."""
        row = self._recording.answers.get(request.request_hash)
        if row is None:
            raise errors.ProviderRefused("not in the recording", provider="recording", model=self.model)
        usage = LLMUsage(**row["usage"]) if row["usage"] else None
        if "error_class" in row:
            raise _ERRORS[row["error_class"]](provider="recording", model=self.model, usage=usage)
        return LLMAnswer(row["text"], usage or LLMUsage(0))

    async def close(self) -> None:
        """Nothing is open."""
