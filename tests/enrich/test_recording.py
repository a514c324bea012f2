"""Answers recorded once and replayed for ever."""

import asyncio

import pytest

from base.errors import AnswerRefused, ProviderRefused, RateLimited, SourceError
from base.usage import LLMUsage
from enrich.dossier import build_dossier
from enrich.questions import Questions
from enrich.recording import Head, RecordedLLM, Recording, RecordingLLM
from enrich.taxonomy import load_taxonomy
from providers.scripted import ScriptedLLM
from tests.enrich.making import PROMPT, a_cook, an_answer

QUESTIONS = Questions("scripted/1", PROMPT, load_taxonomy())
REQUEST = QUESTIONS.ask(build_dossier(a_cook()))


def recorded(script):
    recording = Recording(Head("fake", "scripted/1", "scripted", PROMPT.version))
    llm = RecordingLLM(ScriptedLLM(script), recording)
    try:
        return recording, asyncio.run(llm.complete(REQUEST))
    except (AnswerRefused, RateLimited):
        return recording, None


def test_what_was_answered_is_answered_again_with_its_usage(tmp_path):
    recording, answer = recorded([an_answer()])
    recording.write(tmp_path / "answers.jsonl")
    again = asyncio.run(RecordedLLM(Recording.read(tmp_path / "answers.jsonl")).complete(REQUEST))
    assert (again.text, again.usage) == (answer.text, answer.usage)


def test_a_refusal_is_an_answer_and_keeps_what_was_paid(tmp_path):
    usage = LLMUsage(900, output_tokens=12)
    recording, _ = recorded([AnswerRefused(provider="scripted", usage=usage)])
    recording.write(tmp_path / "answers.jsonl")
    with pytest.raises(AnswerRefused) as refusal:
        asyncio.run(RecordedLLM(Recording.read(tmp_path / "answers.jsonl")).complete(REQUEST))
    assert refusal.value.usage == usage


def test_a_busy_moment_is_not_recorded():
    recording, _ = recorded([RateLimited(provider="scripted")])
    assert recording.answers == {}


def test_a_question_that_was_never_asked_has_no_answer():
    with pytest.raises(ProviderRefused, match="not in the recording"):
        asyncio.run(RecordedLLM(Recording(Head("fake", "m", "m", "1"))).complete(REQUEST))


@pytest.mark.parametrize("content", [None, "", "not json", '{"source": "live"}'])
def test_a_file_that_is_none_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "answers.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SourceError, match="holds no recorded answers"):
        Recording.read(path)
