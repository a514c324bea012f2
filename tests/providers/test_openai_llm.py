"""The language model at OpenAI: what is sent, what comes of every way to answer, and that nothing paid is lost."""

import asyncio
import json

import httpx2
import pytest
from pydantic import SecretStr

from base.errors import (
    AnswerFiltered,
    AnswerInvalid,
    AnswerRefused,
    AnswerTruncated,
    ConfigError,
    ErrorClass,
    InputTooLong,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)
from base.usage import LLMUsage
from enrich.dossier import build_dossier
from enrich.questions import Questions
from enrich.taxonomy import load_taxonomy
from providers.openai_client import OPENAI_URL, Endpoint
from providers.openai_completions import Completions
from providers.openai_llm import OpenAILLM
from tests.enrich.making import PROMPT, a_cook
from tests.fake_provider.limits import Bucket, Limits
from tests.fake_provider.server import fake_provider

KEY = SecretStr("sk-test-secret-key")
QUESTIONS = Questions("gpt-5.4-nano", PROMPT, load_taxonomy())
QUESTION = QUESTIONS.ask(build_dossier(a_cook()))
TOKENS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


@pytest.fixture
def fake():
    with fake_provider() as running:
        yield running


def ask(fake, question=QUESTION, *, model="gpt-5.4-nano", timeout_seconds=5, **options):
    async def once():
        endpoint = Endpoint(fake.url, KEY, timeout_seconds)
        llm = OpenAILLM(endpoint, model, **options)
        try:
            return await llm.complete(question)
        finally:
            await llm.close()

    return asyncio.run(once())


def used(usage):
    return {name: getattr(usage, name) for name in TOKENS}


def test_an_answer_comes_with_exactly_what_was_billed(fake):
    answer = ask(fake, effort="none")
    assert QUESTIONS.judge(answer.text, build_dossier(a_cook())).mistakes == ()
    assert used(answer.usage) == fake.books.tokens()
    assert answer.usage.cached_tokens > 0
    assert answer.request_id.startswith("req_")
    assert answer.limits is None


def test_thoughts_are_told_apart(fake):
    answer = ask(fake, effort="low")
    assert answer.usage.reasoning_tokens == 64
    assert used(answer.usage) == fake.books.tokens()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("refusal", AnswerRefused),
        ("truncation", AnswerTruncated),
        ("content_filter", AnswerFiltered),
        ("empty", AnswerInvalid),
    ],
)
def test_an_answer_that_is_none_still_says_what_it_cost(fake, fault, kind):
    """Every paid token reaches the ledger."""
    fake.script("chat", fault)
    with pytest.raises(kind) as caught:
        ask(fake)
    assert used(caught.value.usage) == fake.books.tokens()
    assert not caught.value.is_outcome_unknown


@pytest.mark.parametrize("fault", ["malformed", "invalid"])
def test_a_text_that_is_no_answer_is_the_callers_to_judge(fake, fault):
    fake.script("chat", fault)
    answer = ask(fake)
    assert used(answer.usage) == fake.books.tokens()
    assert QUESTIONS.judge(answer.text, build_dossier(a_cook())).labels is None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limit", RateLimited),
        ("token_rate_limit", RateLimited),
        ("quota", QuotaExhausted),
        ("server", ProviderUnavailable),
        ("overloaded", ProviderUnavailable),
        ("unauthorized", QuotaExhausted),
        ("forbidden", QuotaExhausted),
        ("not_found", ProviderRefused),
        ("bad_request", ProviderRefused),
        ("unprocessable", ProviderRefused),
        ("blocked", AnswerFiltered),
        ("too_long", InputTooLong),
    ],
)
def test_a_refused_request_is_one_attempt_and_costs_nothing(fake, fault, kind):
    fake.script("chat", fault)
    with pytest.raises(kind) as caught:
        ask(fake)
    assert (caught.value.usage, caught.value.is_outcome_unknown) == (None, False)
    assert fake.books.seen["chat"] == 1
    assert fake.books.calls == []
    assert KEY.get_secret_value() not in str(caught.value)


def test_a_rate_limit_says_how_long_to_wait(fake):
    fake.retry_after_seconds = 0.4
    fake.script("chat", "rate_limit")
    with pytest.raises(RateLimited) as caught:
        ask(fake)
    assert caught.value.retry_after_seconds == pytest.approx(0.4)
    assert caught.value.error_class is ErrorClass.RATE


@pytest.mark.parametrize("fault", ["lost", "cut", "not_json", "hang"])
def test_a_line_that_breaks_after_sending_may_have_cost_something(fake, fault):
    fake.script("chat", fault)
    with pytest.raises(ProviderUnavailable) as caught:
        ask(fake, timeout_seconds=1)
    assert caught.value.is_outcome_unknown
    assert fake.books.seen["chat"] == 1


def test_a_server_that_is_not_there_cannot_have_cost_anything(fake):
    class Nowhere:
        url = "http://127.0.0.1:1/v1"

    with pytest.raises(ProviderUnavailable, match="not reached") as caught:
        ask(Nowhere)
    assert not caught.value.is_outcome_unknown


def test_limits_are_read_from_the_headers():
    with fake_provider(limits=Limits(Bucket(100), Bucket(1_000_000))) as fake:
        limits = ask(fake).limits
    assert (limits.limit_requests, limits.remaining_requests, limits.limit_tokens) == (100, 99, 1_000_000)
    assert 0 < limits.reset_requests_seconds < 1


# --- what is sent: over a mocked transport ----------------------------------------------------------------------


def mocked(router, body=None, status=200, headers=None, **options):
    """What the model makes of a mocked response, and the request that asked for it."""
    url = options.pop("url", OPENAI_URL)
    route = router.post(f"{url}/chat/completions").respond(status, json=body, headers=headers)

    async def once():
        endpoint = Endpoint(url, KEY)
        client = httpx2.AsyncClient(follow_redirects=False)
        llm = OpenAILLM(endpoint, "gpt-5.6-luna", client=client, **options)
        try:
            return await llm.complete(QUESTION)
        finally:
            await llm.close()

    try:
        return asyncio.run(once()), json.loads(route.calls.last.request.content)
    finally:
        assert route.call_count == 1


def a_completion(text="{}", finish="stop", usage=True, **message):
    spent = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    return {"id": "chatcmpl-1", "choices": [choice]} | ({"usage": spent} if usage else {})


def test_the_question_goes_out_strict_and_whole(httpx2_mock):
    answer, sent = mocked(httpx2_mock, a_completion())
    assert answer.usage == LLMUsage(10, cached_tokens=4, output_tokens=5)
    assert sent["messages"] == [
        {"role": "system", "content": QUESTION.system},
        {"role": "user", "content": QUESTION.user},
    ]
    assert sent["response_format"]["json_schema"] == {"name": "answer", "strict": True, "schema": QUESTION.schema}
    assert sent["max_completion_tokens"] == QUESTION.max_output_tokens
    assert set(sent) == {"model", "messages", "response_format", "max_completion_tokens"}


def test_effort_is_sent_when_it_is_set_and_is_part_of_the_id(httpx2_mock):
    _, sent = mocked(httpx2_mock, a_completion(), effort="none")
    assert sent["reasoning_effort"] == "none"
    ids = [OpenAILLM(Endpoint(api_key=KEY), "m", effort).id for effort in (None, "none", "low")]
    assert ids == ["m", "m+none", "m+low"]


def test_a_model_that_bills_for_its_cache_is_told_where_the_static_part_ends(httpx2_mock):
    _, sent = mocked(httpx2_mock, a_completion(), has_cache_breakpoint=True)
    assert sent["prompt_cache_options"] == {"mode": "explicit", "ttl": "30m"}
    (part,) = sent["messages"][0]["content"]
    assert (part["text"], part["prompt_cache_breakpoint"]) == (QUESTION.system, {"mode": "explicit"})
    assert sent["messages"][1]["content"] == QUESTION.user


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing in it"),
        pytest.param({"choices": [], "usage": {"prompt_tokens": 3}}, id="no choice"),
        pytest.param({"choices": [None], "usage": {"prompt_tokens": 3}}, id="an empty choice"),
        pytest.param(a_completion(text=None), id="no text"),
        pytest.param(a_completion(text=[{"type": "text"}]), id="a text that is none"),
    ],
)
def test_a_strange_body_is_an_invalid_answer(httpx2_mock, body):
    with pytest.raises(AnswerInvalid):
        mocked(httpx2_mock, body)


def test_an_answer_that_hides_its_usage_is_an_unknown_outcome(httpx2_mock):
    with pytest.raises(AnswerInvalid, match="does not say") as caught:
        mocked(httpx2_mock, a_completion(usage=False))
    assert caught.value.is_outcome_unknown


def test_a_redirect_is_not_followed(httpx2_mock):
    """SEC-08: nobody chose the address it points to."""
    with pytest.raises(ProviderRefused):
        mocked(httpx2_mock, {}, status=307, headers={"location": "http://evil.example/"})
    assert httpx2_mock.calls.call_count == 1


def test_the_mock_lets_nothing_through(httpx2_mock):
    """A guard for the tests above: a request that nobody mocked fails, and reaches no network."""

    async def once():
        endpoint = Endpoint("https://elsewhere.example/v1", KEY)
        llm = OpenAILLM(endpoint, "m", client=httpx2.AsyncClient())
        await llm.complete(QUESTION)

    with pytest.raises((ProviderError, AssertionError)):
        asyncio.run(once())
    assert httpx2_mock.calls.call_count <= 1


@pytest.mark.parametrize("url", ["http://api.example/v1", "ftp://x/v1", "api.example", "http://127.0.0.1.evil.example"])
def test_an_address_in_the_clear_is_refused(url):
    """SEC-08."""
    with pytest.raises(ConfigError, match="https"):
        Endpoint(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://localhost:11/v1", "http://[::1]:1/v1", OPENAI_URL])
def test_a_server_on_this_machine_may_be_asked_in_the_clear(url):
    assert Endpoint(url).base_url == url


def test_a_key_shows_nowhere():
    assert KEY.get_secret_value() not in repr(Endpoint(api_key=KEY))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"usage": 7, "choices": "none"}, id="other kinds"),
        pytest.param({"usage": {"prompt_tokens": "many"}}, id="words"),
        pytest.param({"usage": {"prompt_tokens": -5}}, id="less than nothing"),
        pytest.param(
            {"usage": {"prompt_tokens": 5, "prompt_tokens_details": [1]}, "choices": [{"message": "x"}]}, id="x"
        ),
    ],
)
def test_an_answer_of_any_shape_is_an_error_of_the_provider(body):
    """Any other error would leave the call unsettled and stop the night."""
    with pytest.raises(AnswerInvalid) as caught:
        Completions("p", "m").read(200, body)
    assert caught.value.is_outcome_unknown or caught.value.usage == LLMUsage(5)
