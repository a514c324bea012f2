"""Chat completions, without a line: what a question's body is, and what an answer's body means.

The same for a single call and for a line of a batch. Every paid token comes out, in the answer or on the error: the
vendor's own parsers lose the usage of an answer that was cut off, filtered or refused.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from base.errors import AnswerFiltered, AnswerInvalid, AnswerRefused, AnswerTruncated, ProviderError
from base.usage import LLMUsage
from providers.llm import LLMAnswer, LLMRequest, RateLimits
from providers.openai_errors import duration_seconds, failure

PATH = "/chat/completions"


@dataclass(frozen=True, slots=True)
class Completions:
    """One model's questions and answers."""

    provider: str
    model: str
    #: none, minimal, low, medium, high …; None: not sent, the model does as it likes
    effort: str | None = None
    #: mark the end of the static part: for models that bill for writing their cache, and else guess where it ends
    has_cache_breakpoint: bool = False

    @property
    def id(self) -> str:
        """Model and effort: what an answer's wording depends on."""
        return f"{self.model}+{self.effort}" if self.effort else self.model

    def body(self, request: LLMRequest) -> dict[str, Any]:
        """What is sent. The user's text is one plain string, last among the messages."""
        schema = {"name": "answer", "strict": True, "schema": request.schema}
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": self._system(request.system)},
                {"role": "user", "content": request.user},
            ],
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_completion_tokens": request.max_output_tokens,
        }
        if self.effort:
            body["reasoning_effort"] = self.effort
        if self.has_cache_breakpoint:
            body["prompt_cache_options"] = {"mode": "explicit", "ttl": "30m"}
        return body

    def read(self, status_code: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> LLMAnswer:
        """The answer in a response. Raises a ProviderError with the usage that was paid, where there is one."""
        headers = headers or {}
        if status_code != 200:
            error = body.get("error")
            error = error if isinstance(error, Mapping) else {"message": str(error or "")}
            raise failure(status_code, error, headers, provider=self.provider, model=self.model)
        usage = _usage(body)
        choice = _first(body.get("choices"))
        message = _object(choice.get("message"))
        text, refusal, finish = message.get("content"), message.get("refusal"), choice.get("finish_reason")
        request_id: str | None = headers.get("x-request-id") or body.get("id")
        told: dict[str, Any] = {"request_id": request_id, "usage": usage}
        if usage is None:
            raise self._error(AnswerInvalid, "does not say what the answer used", told, is_outcome_unknown=True)
        if refusal:
            raise self._error(AnswerRefused, "declined", told)
        if finish == "content_filter":
            raise self._error(AnswerFiltered, "filtered the answer", told)
        if finish == "length":
            raise self._error(AnswerTruncated, f"wrote {usage.output_tokens} tokens and was cut off", told)
        if not isinstance(text, str) or not text:
            raise self._error(AnswerInvalid, f"gave no text (finish_reason {finish!r})", told)
        return LLMAnswer(text, usage, request_id, rate_limits(headers))

    def _system(self, text: str) -> Any:
        if not self.has_cache_breakpoint:
            return text
        return [{"type": "text", "text": text, "prompt_cache_breakpoint": {"mode": "explicit"}}]

    def _error(
        self, kind: type[ProviderError], said: str, told: dict[str, Any], *, is_outcome_unknown: bool = False
    ) -> ProviderError:
        return kind(
            f"{self.model} {said}",
            provider=self.provider,
            model=self.model,
            is_outcome_unknown=is_outcome_unknown,
            **told,
        )


def rate_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """What the headers tell of the running minute; None: nothing."""
    told: dict[str, Any] = {}
    for kind in ("requests", "tokens"):
        told[f"limit_{kind}"] = _count(headers.get(f"x-ratelimit-limit-{kind}"))
        told[f"remaining_{kind}"] = _count(headers.get(f"x-ratelimit-remaining-{kind}"))
        told[f"reset_{kind}_seconds"] = duration_seconds(headers.get(f"x-ratelimit-reset-{kind}"))
    return RateLimits(**told) if any(value is not None for value in told.values()) else None


def _usage(body: Mapping[str, Any]) -> LLMUsage | None:
    """The tokens by kind; None when they are not told, or not in whole numbers."""
    usage = _object(body.get("usage"))
    prompt, completion = (_object(usage.get(f"{kind}_tokens_details")) for kind in ("prompt", "completion"))
    told = LLMUsage(
        input_tokens=usage.get("prompt_tokens", -1),
        cached_tokens=prompt.get("cached_tokens") or 0,
        cache_write_tokens=prompt.get("cache_write_tokens") or 0,
        output_tokens=usage.get("completion_tokens") or 0,
        reasoning_tokens=completion.get("reasoning_tokens") or 0,
    )
    is_counted = all(isinstance(count, int) and count >= 0 for count in astuple(told))
    return told if is_counted else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _first(choices: Any) -> Mapping[str, Any]:
    return _object(choices[0]) if isinstance(choices, list) and choices else {}


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
