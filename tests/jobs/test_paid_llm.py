"""Which model is asked: what the settings select, under a budget and at a known price."""

import asyncio

import pytest

from base.errors import ConfigError
from enrich.dossier import build_dossier
from enrich.questions import Questions
from enrich.taxonomy import load_taxonomy
from jobs.paid_llm import paid_batches, paid_llm
from jobs.settings import Settings, read_settings
from providers.llm import LLMAnswer
from tests.enrich.making import PROMPT, a_cook
from tests.fake_provider.server import FakeProvider, fake_provider

QUESTIONS = Questions("any", PROMPT, load_taxonomy())
FREE = {"llama": {"input": "0"}}
REQUEST = QUESTIONS.ask(build_dossier(a_cook()))


@pytest.fixture
def fake():
    with fake_provider() as running:
        yield running


def settings(fake: FakeProvider, provider: str, model: str, **llm) -> Settings:
    knobs = {"provider": provider, "model": model, "base_url": fake.url, "api_key": "sk-of-mine"} | llm
    return read_settings(llm=knobs, budget={"max_usd": 1}, prices=FREE)


def asked(chosen: Settings) -> LLMAnswer:
    async def once() -> LLMAnswer:
        llm, _ = paid_llm(chosen)
        try:
            return await llm.complete(REQUEST)
        finally:
            await llm.close()

    return asyncio.run(once())


def test_a_compatible_server_needs_no_strict_schema(fake):
    """The fake answers in prose around fenced JSON unless a format is asked for, as such servers do."""
    chosen = settings(fake, "compatible", "llama")
    answer = asked(chosen)
    assert QUESTIONS.judge(answer.text, build_dossier(a_cook())).mistakes == ()
    assert answer.usage.input_tokens == fake.books.tokens()["input_tokens"]
    assert "instructor" in paid_llm(chosen)[0].id


def test_an_effort_of_none_is_not_told_to_a_compatible_server(fake):
    assert "none" not in paid_llm(settings(fake, "compatible", "llama"))[0].id
    assert "high" in paid_llm(settings(fake, "compatible", "llama", effort="high"))[0].id


@pytest.mark.parametrize(
    ("wrong", "said"), [({"base_url": None}, "base_url"), ({"mode": "batch"}, "online")], ids=["address", "batches"]
)
def test_a_compatible_server_has_an_address_and_takes_no_batches(fake, wrong, said):
    with pytest.raises(ConfigError, match=said):
        settings(fake, "compatible", "llama", **wrong)


def test_a_model_without_a_price_is_not_asked(fake):
    with pytest.raises(ConfigError, match="no price is known"):
        paid_llm(settings(fake, "compatible", "unheard-of"))
    assert not fake.books.seen


@pytest.mark.parametrize(("model", "is_marked"), [("gpt-5.6-luna", True), ("gpt-5.4-nano", False)])
def test_the_static_part_is_marked_where_writing_to_the_cache_is_billed(fake, model, is_marked):
    body = paid_batches(settings(fake, "openai", model))[0].body(REQUEST)
    assert ("prompt_cache_options" in body) is is_marked
