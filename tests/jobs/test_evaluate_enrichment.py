"""A labeller on trial: offline, recorded, and at the gate."""

import asyncio
import json

import pytest

from base.errors import AnswerRefused, GateRefused
from enrich.golden import load_golden
from enrich.recording import Head, Recording, RecordingLLM
from jobs.evaluate_enrichment import ask_all, compare_trials, report_on, try_offline, try_recorded
from providers.hashing import HashingEmbedder
from providers.prices import Prices
from providers.scripted import ScriptedLLM
from tests.enrich.making import an_answer

PRICES = Prices.load()
NICHES = {creator.subject.handles[0]: creator for creator in load_golden()}


def model(wrong_every=0):
    """A model that knows the golden set, but for every n-th; one creator it refuses, one it answers badly at first."""
    seen = []

    def script(request):
        data = json.loads(request.user.splitlines()[1])
        handle = data["accounts"][0]["handle"]
        seen.append(handle)
        if handle == "mossplays":
            raise AnswerRefused(provider="scripted")
        if handle == "orbitnotes" and seen.count(handle) == 1:
            return "I would rather not"
        creator = NICHES.get(handle)
        niche = creator.primary_niche if creator else "food"
        is_wrong = wrong_every and creator and int(creator.subject.creator_id[1:]) % wrong_every == 0
        summary = "Shows quiet work in short pieces, made for people who like to watch and learn."
        return an_answer(
            primary_niche="society" if is_wrong else niche, secondary_niches=[], evidence=[1], llm_summary=summary
        )

    return ScriptedLLM(script)


def recorded(llm):
    recording = Recording(Head("fake", llm.id, llm.model, "1"))
    asyncio.run(ask_all(RecordingLLM(llm, recording), "1"))
    return recording


@pytest.fixture(scope="module")
def good():
    return recorded(model())


def test_the_offline_classifier_is_on_trial_without_a_store_or_a_key():
    report = report_on(try_offline(HashingEmbedder()), PRICES)
    assert report["answers"] == "offline"
    assert report["creators"] == len(load_golden())
    assert report["macro_f1"] > 0.6  # by words alone, for these vectors mean nothing
    assert report["tokens_per_creator"] == {}
    assert report["injection"][-1]["language"] == "all"


def test_recorded_answers_are_judged_and_repairs_are_counted(good):
    report = report_on(try_recorded(good), PRICES)
    assert report["answers"] == "fake"
    assert report["refusal_rate"] == pytest.approx(1 / len(load_golden()))
    assert report["invalid_rate"] == 0
    assert report["macro_f1"] > 0.98
    assert report["injection"][-1]["flip_rate"] == 0
    repaired = try_recorded(good).answers[NICHES["orbitnotes"].subject.creator_id]
    assert repaired.usage.input_tokens > 1.5 * report["tokens_per_creator"]["input_tokens"]


def test_the_same_recording_gives_the_same_report(good):
    assert report_on(try_recorded(good), PRICES) == report_on(try_recorded(good), PRICES)


def test_worse_answers_are_refused_at_the_gate_and_better_ones_are_not(good):
    worse = try_recorded(recorded(model(wrong_every=8)))
    with pytest.raises(GateRefused, match="macro-F1 changed by -"):
        compare_trials(worse, try_recorded(good))
    assert compare_trials(try_recorded(good), worse).low > 0
