"""The language model that follows a script."""

import pytest

from base.errors import RateLimited
from providers.llm import LLMRequest
from providers.scripted import ScriptedLLM

REQUEST = LLMRequest(system="rules", user="data", schema={}, max_output_tokens=10, request_hash="abc")


def test_lines_come_one_after_another_and_errors_are_raised():
    llm = ScriptedLLM(["one", RateLimited(provider="scripted"), "two"])
    assert llm.complete(REQUEST).text == "one"
    with pytest.raises(RateLimited):
        llm.complete(REQUEST)
    assert llm.complete(REQUEST).text == "two"
    assert llm.requests == [REQUEST] * 3


def test_a_script_that_has_run_out_says_so():
    with pytest.raises(IndexError, match="number 1"):
        ScriptedLLM([]).complete(REQUEST)


def test_a_function_answers_from_the_question():
    answer = ScriptedLLM(lambda request: request.user.upper()).complete(REQUEST)
    assert answer.text == "DATA"
    assert answer.usage.output_tokens == 1
