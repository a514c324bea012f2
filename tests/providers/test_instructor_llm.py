"""A model that nobody holds to a format: the schema is told, the JSON is dug out, and every token is accounted for."""

import asyncio

import pytest
from pydantic import SecretStr

from base.errors import (
    AnswerFiltered,
    AnswerInvalid,
    AnswerRefused,
    AnswerTruncated,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)
from enrich.dossier import build_dossier
from enrich.questions import Questions
from enrich.taxonomy import load_taxonomy
from providers.instructor_llm import InstructorLLM
from providers.openai_client import Endpoint
from tests.enrich.making import PROMPT, a_cook
from tests.fake_provider.server import fake_provider

QUESTIONS = Questions("llama", PROMPT, load_taxonomy())
TOKENS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


@pytest.fixture
def fake():
    with fake_provider() as running:
        yield running


def ask(fake, timeout_seconds=5):
    async def once():
        llm = InstructorLLM(Endpoint(fake.url, SecretStr("none"), timeout_seconds), "llama")
        try:
            return await llm.complete(QUESTIONS.ask(build_dossier(a_cook())))
        finally:
            await llm.close()

    return asyncio.run(once())


def used(usage):
    return {name: getattr(usage, name) for name in TOKENS}


def test_an_answer_wrapped_in_talk_passes_every_check_of_ours(fake):
    answer = ask(fake)
    assert QUESTIONS.judge(answer.text, build_dossier(a_cook())).mistakes == ()
    assert used(answer.usage) == fake.books.tokens()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("refusal", AnswerRefused),
        ("truncation", AnswerTruncated),
        ("content_filter", AnswerFiltered),
        ("empty", AnswerInvalid),
        ("malformed", AnswerInvalid),
    ],
)
def test_a_bad_answer_is_asked_once_and_says_what_it_cost(fake, fault, kind):
    fake.script("chat", fault)
    with pytest.raises(kind) as caught:
        ask(fake)
    assert type(caught.value) is kind
    assert used(caught.value.usage) == fake.books.tokens()
    assert fake.books.seen["chat"] == 1


def test_a_word_outside_the_taxonomy_is_the_callers_to_judge(fake):
    fake.script("chat", "invalid")
    assert QUESTIONS.judge(ask(fake).text, build_dossier(a_cook())).labels is None


@pytest.mark.parametrize(
    ("fault", "kind"), [("rate_limit", RateLimited), ("quota", QuotaExhausted), ("server", ProviderUnavailable)]
)
def test_a_refused_request_is_one_attempt(fake, fault, kind):
    fake.script("chat", fault)
    with pytest.raises(kind):
        ask(fake)
    assert fake.books.seen["chat"] == 1
    assert fake.books.calls == []


def test_a_line_that_breaks_may_have_cost_something(fake):
    fake.script("chat", "lost")
    with pytest.raises(ProviderUnavailable) as caught:
        ask(fake)
    assert caught.value.is_outcome_unknown
