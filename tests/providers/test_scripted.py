"""The language model that follows a script."""

import asyncio

import pytest

from base.errors import RateLimited
from providers.llm import LLMRequest
from providers.scripted import ScriptedLLM

REQUEST = LLMRequest(system="rules", user="data", schema={}, max_output_tokens=10, request_hash="abc")


def ask(llm):
    return asyncio.run(llm.complete(REQUEST))


def test_lines_come_one_after_another_and_errors_are_raised():
    llm = ScriptedLLM(["one", RateLimited(provider="scripted"), "two"])
    assert ask(llm).text == "one"
    with pytest.raises(RateLimited):
        ask(llm)
    assert ask(llm).text == "two"
    assert llm.requests == [REQUEST] * 3


def test_a_script_that_has_run_out_says_so():
    with pytest.raises(IndexError, match="number 1"):
        ask(ScriptedLLM([]))


def test_a_function_answers_from_the_question():
    answer = ask(ScriptedLLM(lambda request: request.user.upper()))
    assert answer.text == "DATA"
    assert answer.usage.output_tokens == 1
