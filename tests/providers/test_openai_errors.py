"""What a vendor's failure means: one test per row of the table, and every class of the vendor's library."""

import asyncio

import aiohttp
import httpx2
import openai
import pytest

from base.errors import (
    AnswerFiltered,
    ErrorClass,
    InputTooLong,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)
from providers.openai_errors import RULES, as_provider_errors, failure, wait_seconds

REQUEST = httpx2.Request("POST", "https://api.example/v1/chat/completions")

#: row of the table, in its order → a response that only this row is for
ROWS = [
    ("no credit", 429, {"code": "insufficient_quota", "type": "insufficient_quota"}, QuotaExhausted, False),
    ("closed account", 401, {"code": "account_deactivated"}, QuotaExhausted, False),
    ("too long, by code", 400, {"code": "context_length_exceeded"}, InputTooLong, False),
    ("too long, by word", 400, {"message": "This model's maximum context length is 8192 tokens"}, InputTooLong, False),
    (
        "too long for a minute",
        429,
        {"code": "rate_limit_exceeded", "message": "Request too large for gpt-5.4-nano on tokens per min"},
        InputTooLong,
        False,
    ),
    ("filtered", 400, {"code": "content_filter"}, AnswerFiltered, False),
    ("slow down, by code", 400, {"code": "rate_limit_exceeded"}, RateLimited, False),
    ("no leave", 403, {}, QuotaExhausted, False),
    ("gateway gave up", 504, {}, ProviderUnavailable, True),
    ("conflict", 409, {}, ProviderUnavailable, False),
    ("body too large", 413, {}, InputTooLong, False),
    ("slow down, by status", 429, {"message": "Too many requests"}, RateLimited, False),
    ("broken", 500, {"type": "server_error"}, ProviderUnavailable, False),
    ("anything else", 404, {"code": "model_not_found"}, ProviderRefused, False),
]


@pytest.mark.parametrize(("status", "error", "kind", "unknown"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_a_failure_is_told_from_its_body_first(status, error, kind, unknown):
    made = failure(status, error, {"x-request-id": "req_1"}, provider="openai", model="m")
    assert type(made) is kind
    assert made.is_outcome_unknown is unknown
    assert (made.request_id, made.model, made.usage) == ("req_1", "m", None)


def test_every_row_of_the_table_is_tested():
    """The first row that fits each response, in order: all rows but the second billing row are hit, each once."""
    hit = []
    for _, status, error, *_ in ROWS:
        words = frozenset(error[name] for name in ("code", "type") if name in error)
        hit.append(next(n for n, rule in enumerate(RULES) if rule.fits(status, words, error.get("message", ""))))
    assert hit == list(range(len(RULES)))


def test_every_class_of_error_has_a_kind_of_its_own():
    kinds = ProviderError.__subclasses__()
    assert sorted(kind.error_class for kind in kinds) == sorted(ErrorClass)


def every_subclass(kind):
    return {kind}.union(*(every_subclass(sub) for sub in kind.__subclasses__()))


def made(kind):
    """An instance of one of the vendor's error classes."""
    if issubclass(kind, openai.APIStatusError):
        status = getattr(kind, "status_code", 500)
        response = httpx2.Response(status, request=REQUEST)
        return kind(response=response, body={}) if kind is openai.OAuthError else kind("x", response=response, body={})
    if issubclass(kind, openai.APIConnectionError):
        return kind(request=REQUEST)
    error = kind.__new__(kind)
    Exception.__init__(error, "x")
    return error


@pytest.mark.parametrize("kind", sorted(every_subclass(openai.OpenAIError), key=str), ids=lambda kind: kind.__name__)
def test_every_error_of_the_library_is_mapped(kind):
    with pytest.raises(ProviderError) as caught, as_provider_errors("openai", "m"):
        raise made(kind)
    assert type(caught.value) is not ProviderError


def test_our_own_time_limit_is_an_unknown_outcome():
    async def slow():
        with as_provider_errors("openai", "m"):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(5)

    with pytest.raises(ProviderUnavailable) as caught:
        asyncio.run(slow())
    assert caught.value.is_outcome_unknown


@pytest.mark.parametrize(
    ("cause", "unknown"),
    [
        (httpx2.ConnectError("refused"), False),
        (httpx2.ReadTimeout("slow"), True),
        (httpx2.RemoteProtocolError("gone"), True),
        # What the aiohttp transport makes of a server that hangs up: a connect timeout by name, and no such thing.
        (aiohttp.ServerDisconnectedError(), True),
        (aiohttp.ConnectionTimeoutError(), False),
        (aiohttp.SocketTimeoutError(), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_line_that_never_stood_cannot_have_cost_anything(cause, unknown):
    error = openai.APITimeoutError(request=REQUEST)
    error.__cause__ = httpx2.ConnectTimeout("") if isinstance(cause, aiohttp.ClientError) else cause
    if isinstance(cause, aiohttp.ClientError):
        error.__cause__.__cause__ = cause
    with pytest.raises(ProviderUnavailable) as caught, as_provider_errors("openai", "m"):
        raise error
    assert caught.value.is_outcome_unknown is unknown


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after-ms": "250", "retry-after": "9"}, 0.25, id="milliseconds win"),
        pytest.param({"retry-after": "1.5"}, 1.5, id="seconds"),
        pytest.param(
            {"retry-after": "Sat, 21 Nov 2026 18:00:07 GMT", "date": "Sat, 21 Nov 2026 18:00:00 GMT"}, 7.0, id="a date"
        ),
        pytest.param({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m2s"}, 62.0, id="a bucket"),
        pytest.param({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "1m2s"}, None, id="not empty"),
        pytest.param({"retry-after": "soon", "date": "today"}, None, id="words"),
        pytest.param({"retry-after": "inf", "retry-after-ms": "nan"}, None, id="numbers that nobody can wait for"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_how_long_to_wait(headers, seconds):
    assert wait_seconds(headers) == seconds


def test_a_message_is_quoted_without_keys_and_not_whole():
    """SEC-10: no secret in an error, and no whole bio."""
    error = failure(400, {"message": f"Incorrect key sk-proj-abc123***xyz {'bio ' * 200}"}, {}, provider="p", model="m")
    assert "abc123" not in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    "said",
    [
        "Incorrect API key provided: abc123xyz. You can find yours in the console.",
        "invalid token: abc123xyz",
        "bad header Authorization: Bearer abc123xyz",
        "api-key=abc123xyz is not known here",
        "Bearer abc123xyz has expired",
    ],
)
def test_a_key_that_looks_like_any_word_is_not_quoted_either(said):
    """Servers that speak like OpenAI have keys of every shape, and some repeat them."""
    error = failure(401, {"message": said}, {}, provider="p", model="m")
    assert "abc123" not in str(error)


def test_a_message_about_tokens_stays_readable():
    said = "This model's maximum context length is 8192 tokens, your messages have 9000 tokens."
    assert said in str(failure(400, {"message": said}, {}, provider="p", model="m"))
