"""What a failure of an OpenAI-compatible server means, told from its body, and from its status where the body is mute.

Vendors agree on few things: 429 is both "slow down" and "no credit left". So the body's code is asked first.
"""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx2
import openai

from base.errors import (
    AnswerFiltered,
    InputTooLong,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)

MOST_QUOTED = 200  # characters of a vendor's message: it may repeat what we sent
# What is named as a key, and what looks like one.
_KEY = re.compile(
    r"(?i:(?:\bkey|\btoken|authorization)\b[^:=]{0,20}[:=]\s*)(?:Bearer\s+)?\S+|\b(?:sk|key|Bearer)[-_ ][\w*.-]{4,}"
)
_DURATION = re.compile(r"([\d.]+)(ms|h|m|s)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Rule:
    """A failure is of this kind when every condition that is given holds."""

    error: type[ProviderError]
    #: the body's `code` or `type` is one of these
    words: frozenset[str] = frozenset()
    #: the body's message says this
    says: str = ""
    statuses: frozenset[int] = frozenset()
    #: somebody between us and the vendor gave up: the vendor may have answered, and billed
    is_outcome_unknown: bool = False

    def fits(self, status: int, words: frozenset[str], message: str) -> bool:
        return (
            (not self.words or bool(self.words & words))
            and self.says in message.lower()
            and (not self.statuses or status in self.statuses)
        )


def _words(*words: str) -> frozenset[str]:
    return frozenset(words)


#: first that fits wins
RULES = (
    Rule(QuotaExhausted, words=_words("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")),
    Rule(QuotaExhausted, words=_words("account_deactivated", "access_terminated", "quota_exceeded")),
    Rule(InputTooLong, words=_words("context_length_exceeded", "string_above_max_length", "max_tokens_per_request")),
    Rule(InputTooLong, says="maximum context length"),
    Rule(InputTooLong, says="request too large"),  # a 429 that no waiting cures: more tokens than a minute has
    Rule(AnswerFiltered, words=_words("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation")),
    Rule(RateLimited, words=_words("rate_limit_exceeded")),
    Rule(QuotaExhausted, statuses=frozenset({401, 402, 403})),
    Rule(ProviderUnavailable, statuses=frozenset({408, 502, 504, 520, 522, 524}), is_outcome_unknown=True),
    Rule(ProviderUnavailable, statuses=frozenset({409, 425})),
    Rule(InputTooLong, statuses=frozenset({413})),
    Rule(RateLimited, statuses=frozenset({429})),
    Rule(ProviderUnavailable, statuses=frozenset(range(500, 600))),
    Rule(ProviderRefused),
)


def failure(
    status: int, error: Mapping[str, Any], headers: Mapping[str, str], *, provider: str, model: str
) -> ProviderError:
    """The error that a response of this status, error object and headers stands for."""
    message = str(error.get("message") or "")
    words = frozenset(str(error[name]) for name in ("code", "type") if error.get(name))
    rule = next(rule for rule in RULES if rule.fits(status, words, message))
    said = f"{provider} answered {status} {' '.join(sorted(words))}: {_quoted(message)}".rstrip(": ")
    told: dict[str, Any] = {"provider": provider, "model": model, "request_id": headers.get("x-request-id")}
    if rule.error is RateLimited:
        return RateLimited(said, **told, retry_after_seconds=wait_seconds(headers))
    hint = "check the key and its credit; llm.api_key_file or the environment holds it" if status == 401 else None
    return rule.error(said, **told, hint=hint, is_outcome_unknown=rule.is_outcome_unknown)


@contextmanager
def as_provider_errors(provider: str, model: str) -> Iterator[None]:
    """Everything the vendor's library raises comes out as a ProviderError."""
    try:
        yield
    except openai.APIStatusError as error:
        body = error.body if isinstance(error.body, Mapping) else {"message": error.message}
        raise failure(error.status_code, body, error.response.headers, provider=provider, model=model) from error
    # While a body is streamed the transport's own errors come through.
    except (openai.APIConnectionError, httpx2.HTTPError, aiohttp.ClientError, TimeoutError) as error:
        unsent = _never_left(error)
        said = f"{provider} was not reached" if unsent else f"{provider}: the line broke before the answer was whole"
        raise ProviderUnavailable(said, provider=provider, model=model, is_outcome_unknown=not unsent) from error
    except openai.OpenAIError as error:
        said = f"{provider}: {type(error).__name__}"
        raise ProviderRefused(said, provider=provider, model=model, is_outcome_unknown=True) from error


def wait_seconds(headers: Mapping[str, str]) -> float | None:
    """How long the vendor asks us to wait: what it says, else until the bucket that is empty is full again."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (number := _number(headers.get(name))) is not None:
            return number * unit
    if (date := _instant(headers.get("retry-after"))) and (now := _instant(headers.get("date"))):
        return max(0.0, (date - now).total_seconds())
    resets = [
        seconds
        for kind in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{kind}") == "0"
        and (seconds := duration_seconds(headers.get(f"x-ratelimit-reset-{kind}"))) is not None
    ]
    return max(resets, default=None)


def duration_seconds(text: str | None) -> float | None:
    """A span of time as the vendor writes it; None when it is none.

    >>> duration_seconds("1m30.5s"), duration_seconds("12ms"), duration_seconds("soon")
    (90.5, 0.012, None)
    """
    parts = _DURATION.findall(text or "")
    if "".join(f"{number}{unit}" for number, unit in parts) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _instant(text: str | None) -> datetime | None:
    """A date of a header, in UTC; None when it is none."""
    try:
        return parsedate_to_datetime(text or "").replace(tzinfo=UTC)
    except ValueError:
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None


def _never_left(error: BaseException) -> bool:
    """Whether no connection was made, so that nothing can have been billed."""
    chain = list(_causes(error))
    # The aiohttp transport calls a connection lost in mid-answer a connect timeout, so aiohttp is asked first.
    theirs = [cause for cause in chain if isinstance(cause, aiohttp.ClientError)]
    if theirs:
        return isinstance(theirs[-1], aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    unsent = httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.UnsupportedProtocol
    return any(isinstance(cause, unsent) for cause in chain)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _quoted(message: str) -> str:
    """A vendor's words, without anything that looks like a key."""
    return _KEY.sub("[key]", " ".join(message.split()))[:MOST_QUOTED]
