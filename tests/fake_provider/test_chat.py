"""The fake provider's chat completions: valid, deterministic, billed once, and broken as asked."""

import asyncio
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from enrich.dossier import build_dossier
from enrich.questions import Questions
from enrich.taxonomy import load_taxonomy
from tests.enrich.making import PROMPT, a_cook, a_subject
from tests.fake_provider.faults import BAD_ANSWERS, FAULTS, REFUSALS, Faults
from tests.fake_provider.limits import Bucket, Limits
from tests.fake_provider.server import FakeProvider, fake_provider, serving

LOOSE = {"type": "object", "properties": {"a": {"type": "string"}}, "required": []}
QUESTIONS = Questions("gpt-5.4-nano", PROMPT, load_taxonomy())


@pytest.fixture
def fake():
    with fake_provider() as running:
        yield running


def question(subject=None, **changes):
    asked = QUESTIONS.ask(build_dossier(subject or a_cook()))
    schema = {"name": "labels", "strict": True, "schema": asked.schema}
    body = {
        "model": "gpt-5.4-nano",
        "messages": [{"role": "system", "content": asked.system}, {"role": "user", "content": asked.user}],
        "response_format": {"type": "json_schema", "json_schema": schema},
        "max_completion_tokens": asked.max_output_tokens,
        "reasoning_effort": "none",
    }
    return body | changes


def post(fake, body, path="/v1/chat/completions", key="sk-test"):
    """Status, headers and parsed body."""
    line = http.client.HTTPConnection(urlsplit(fake.url).netloc, timeout=2)
    try:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        line.request("POST", path, json.dumps(body), headers)
        response = line.getresponse()
        return response.status, response.headers, json.loads(response.read())
    finally:
        line.close()


@pytest.mark.parametrize("number", range(20))
def test_an_answer_passes_every_check_of_ours(fake, number):
    subject = a_subject(f"Bio number {number}", [f"Item {number}.{item}" for item in range(3)])
    _, _, completion = post(fake, question(subject))
    verdict = QUESTIONS.judge(completion["choices"][0]["message"]["content"], build_dossier(subject))
    assert verdict.mistakes == ()
    assert verdict.labels is not None
    assert verdict.labels.evidence


def test_the_same_question_has_the_same_answer_and_is_billed_each_time(fake):
    first, second = post(fake, question()), post(fake, question())
    assert first[2] == second[2]
    assert len(fake.books.calls) == 2
    assert fake.books.repeats() == 1
    usage = first[2]["usage"]
    assert fake.books.tokens()["input_tokens"] == 2 * usage["prompt_tokens"]
    assert fake.books.tokens()["output_tokens"] == 2 * usage["completion_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] >= 1024


@pytest.mark.parametrize("fault", sorted(REFUSALS))
def test_a_refused_request_is_not_billed(fake, fault):
    fake.script("chat", fault)
    status, headers, body = post(fake, question())
    assert status == REFUSALS[fault].status
    assert body["error"]["code"] == REFUSALS[fault].code
    assert ("retry-after-ms" in headers) == ("rate_limit" in fault)
    assert fake.books.calls == []
    assert post(fake, question())[0] == 200


@pytest.mark.parametrize("fault", BAD_ANSWERS)
def test_a_bad_answer_is_billed(fake, fault):
    fake.script("chat", fault)
    status, _, body = post(fake, question())
    assert status == 200
    (call,) = fake.books.calls
    assert (call.fault, call.output_tokens) == (fault, body["usage"]["completion_tokens"])


@pytest.mark.parametrize(("fault", "billed"), [("lost", 1), ("cut", 1), ("not_json", 1), ("hang", 0)])
def test_a_line_breaks_before_or_after_the_work(fake, fault, billed):
    fake.script("chat", fault)
    with pytest.raises((OSError, http.client.HTTPException, ValueError)):
        post(fake, question())
    assert len(fake.books.calls) == billed


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"temperature": 0}, id="a parameter the model does not take"),
        pytest.param({"messages": []}, id="no messages"),
        pytest.param(
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": LOOSE}}},
            id="a schema that is not strict",
        ),
    ],
)
def test_a_wrong_request_is_told_so(fake, change):
    status, _, body = post(fake, question(**change))
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
    assert fake.books.calls == []


def test_no_key_no_answer(fake):
    assert post(fake, question(), key="")[0] == 401


def test_rates_hold_and_do_not_depend_on_the_order():
    faults = [Faults({"rate_limit": 0.1, "malformed": 0.05}, seed=3) for _ in range(2)]
    keys = [f"{number:x}" for number in range(4000)]
    forward = {key: faults[0].next("chat", key) for key in keys}
    backward = {key: faults[1].next("chat", key) for key in reversed(keys)}
    assert forward == backward
    met = list(forward.values())
    assert met.count("rate_limit") / 4000 == pytest.approx(0.1, abs=0.02)
    assert met.count("malformed") / 4000 == pytest.approx(0.05, abs=0.02)
    assert {faults[0].next("chat", keys[0]) for _ in range(100)} == {"", "rate_limit", "malformed"}


def test_an_unknown_fault_is_told_at_once():
    with pytest.raises(ValueError, match="no such fault: gremlin"):
        Faults({"gremlin": 0.1})
    assert "rate_limit" in FAULTS


def test_limits_are_kept_and_told():
    with fake_provider(limits=Limits(Bucket(3), Bucket(1_000_000))) as fake:
        answers = [post(fake, question()) for _ in range(5)]
    assert [status for status, _, _ in answers] == [200, 200, 200, 429, 429]
    assert answers[0][1]["x-ratelimit-remaining-requests"] == "2"
    assert int(answers[0][1]["x-ratelimit-remaining-tokens"]) < 1_000_000
    assert answers[0][1]["x-ratelimit-reset-requests"].endswith("s")


def test_many_at_once_wait_together():
    with fake_provider(latency_seconds=0.2) as fake, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: post(fake, question(a_subject(str(number)))), range(8)))
    assert fake.books.most_in_flight > 1
    assert fake.books.repeats() == 0


def test_another_process_can_read_the_books_and_set_the_scene(fake):
    post(fake, {"script": {"chat": ["server"]}, "rates": {}, "latency_seconds": 0}, path="/fake/settings")
    assert post(fake, question())[0] == 500
    post(fake, question())
    books = post(fake, {}, path="/fake/books")[2]
    assert (books["calls"], books["seen"]["chat:server"]) == (1, 1)


def test_it_runs_in_a_loop_of_the_caller_too():
    async def address() -> str:
        async with serving(FakeProvider()) as fake:
            return fake.url

    assert asyncio.run(address()).endswith("/v1")
