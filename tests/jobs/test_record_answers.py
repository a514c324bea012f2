"""A model's answers to all trials, paid for once."""

import pytest
from sqlmodel import select

from base.errors import AnswerRefused, BudgetExhausted, ConfigError
from base.usage import LLMUsage
from enrich.golden import load_golden
from enrich.recording import Recording
from jobs.record_answers import record_answers
from providers.llm import LLMAnswer
from providers.prices import Price
from providers.scripted import ScriptedLLM
from store.tables import LlmCall
from tests.enrich.making import an_answer
from tests.factories import a_context

#: some of them, one of which the model refuses
TRIALS = [creator.subject for creator in load_golden() if creator.primary_niche in {"gaming", "food"}]
PRICE = Price.model_validate({"input": "0.2", "output": "1.2"})
SUMMARY = "Shows quiet work in short pieces, made for people who like to watch and learn."
ANSWER = an_answer(secondary_niches=[], evidence=[], llm_summary=SUMMARY)


def a_model():
    """Answers everything alike, and refuses one creator; what it bills is known."""
    llm = ScriptedLLM(lambda _: ANSWER)
    billed = []
    inner = llm.complete

    async def complete(request):
        usage = LLMUsage(3_000, output_tokens=60)
        billed.append(usage)
        if "mossplays" in request.user:
            raise AnswerRefused(provider="scripted", usage=usage)
        return LLMAnswer((await inner(request)).text, usage)

    llm.complete = complete
    return llm, billed


def calls(store):
    with store.reading() as session:
        return [row.model_dump() for row in session.exec(select(LlmCall)).all()]


def with_budget(store, max_usd):
    return a_context(store, budget={"max_usd": max_usd})


def test_every_trial_is_asked_once_and_the_ledger_has_every_token(store, tmp_path):
    llm, billed = a_model()
    report = record_answers(with_budget(store, 5), llm, PRICE, tmp_path / "a.jsonl", "2", TRIALS)
    assert len(billed) == len(TRIALS)
    assert report.effort["cost_nano_usd"] == sum(map(PRICE.cost_nano_usd, billed))
    booked = calls(store)
    assert sum(call["input_tokens"] for call in booked) == sum(usage.input_tokens for usage in billed)
    assert sum(call["cost_nano_usd"] for call in booked) == report.effort["cost_nano_usd"]
    kept = Recording.read(tmp_path / "a.jsonl").answers.values()
    assert [row["error_class"] for row in kept if "error_class" in row] == ["REFUSAL"]


def test_a_file_of_another_prompt_is_not_written_over(store, tmp_path):
    path = tmp_path / "a.jsonl"
    record_answers(with_budget(store, 5), a_model()[0], PRICE, path, "1", TRIALS[:1])
    with pytest.raises(ConfigError, match="holds the answers of"):
        record_answers(with_budget(store, 5), a_model()[0], PRICE, path, "2", TRIALS[:1])


def test_what_was_answered_is_not_paid_for_again(store, tmp_path):
    path = tmp_path / "a.jsonl"
    record_answers(with_budget(store, 5), a_model()[0], PRICE, path, "2", TRIALS)
    before = path.read_bytes()
    llm, billed = a_model()
    report = record_answers(with_budget(store, 5), llm, PRICE, path, "2", TRIALS)
    assert billed == []
    assert report.effort == {"paid_calls": 0, "cost_nano_usd": 0}
    assert path.read_bytes() == before


def test_a_cap_ends_it_with_what_was_paid_for_in_the_file(store, tmp_path):
    path = tmp_path / "a.jsonl"
    llm, billed = a_model()
    with pytest.raises(BudgetExhausted):
        record_answers(with_budget(store, 0.01), llm, PRICE, path, "2", TRIALS)
    assert 0 < len(billed) < len(TRIALS)
    assert sum(map(PRICE.cost_nano_usd, billed)) <= 10_000_000
    kept = Recording.read(path)
    assert len(kept.answers) == len(billed)
    more, billed_later = a_model()
    record_answers(with_budget(store, 5), more, PRICE, path, "2", TRIALS)
    assert len(billed) + len(billed_later) == len(TRIALS)
