"""evaluate enrichment, typed."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from base.usage import LLMUsage
from cli.main import app
from enrich.golden import load_golden
from enrich.ledger import usd
from enrich.recording import Head, Recording, RecordingLLM
from jobs.evaluate_enrichment import ask_all
from providers.prices import Prices
from providers.scripted import ScriptedLLM
from tests.enrich.making import an_answer
from tests.fake_provider.books import TOKENS
from tests.fake_provider.server import fake_provider

NICHES = {creator.subject.handles[0]: creator.primary_niche for creator in load_golden()}


def recorded(path, is_right):
    """The answers of a model that knows the golden set, or calls everybody a cook."""

    def script(request):
        handle = json.loads(request.user.splitlines()[1])["accounts"][0]["handle"]
        niche = NICHES.get(handle, "food") if is_right else "food"
        summary = "Shows quiet work in short pieces, made for people who like to watch and learn."
        return an_answer(primary_niche=niche, secondary_niches=[], evidence=[], llm_summary=summary)

    recording = Recording(Head("fake", "scripted/1", "scripted", "2"))
    asyncio.run(ask_all(RecordingLLM(ScriptedLLM(script), recording), "2"))
    recording.write(path)
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    return recorded(folder / "good.jsonl", True), recorded(folder / "bad.jsonl", False)


@pytest.fixture
def typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["evaluate", "enrichment", *words])


def test_recorded_answers_are_scored_without_a_store(typed, files):
    good, _ = files
    done = typed("--recorded", good, "--json")
    assert done.exit_code == 0, done.output
    (report,) = map(json.loads, done.stdout.splitlines())
    assert (report["answers"], report["macro_f1"]) == ("fake", 1.0)
    assert report["usd_per_1000_creators"] is None


def test_the_price_that_the_settings_give_is_the_one_that_counts(typed, files, monkeypatch):
    monkeypatch.setenv("CREATORDEX_PRICES", json.dumps({"scripted": {"input": "2"}}))
    (report,) = map(json.loads, typed("--recorded", files[0], "--json").stdout.splitlines())
    once = report["usd_per_1000_creators"]
    monkeypatch.setenv("CREATORDEX_PRICES", json.dumps({"scripted": {"input": "4"}}))
    (report,) = map(json.loads, typed("--recorded", files[0], "--json").stdout.splitlines())
    assert once > 0
    assert report["usd_per_1000_creators"] == pytest.approx(2 * once)


def test_a_table_says_where_the_answers_come_from(typed, files):
    done = typed("--recorded", files[0])
    assert done.stdout.startswith("answers fake\n")
    assert "injection" in done.stdout


def test_a_worse_model_is_refused_with_4_and_the_other_way_round_it_is_not(typed, files):
    good, bad = files
    refused = typed("--recorded", bad, "--against", good)
    assert refused.exit_code == 4
    assert "macro-F1 changed by -" in refused.output
    assert typed("--recorded", good, "--against", bad).exit_code == 0


def test_a_file_that_holds_no_answers_is_named(typed, tmp_path):
    assert typed("--recorded", "nowhere.jsonl").exit_code == 1


@pytest.mark.slow
def test_live_records_the_selected_model_under_the_budget_and_says_what_it_cost(typed, tmp_path, monkeypatch):
    """To the nano-dollar what the vendor billed."""
    with fake_provider() as fake:
        for name, value in {
            "LLM__PROVIDER": "openai", "LLM__BASE_URL": fake.url, "LLM__API_KEY": "sk-of-mine", "BUDGET__MAX_USD": "5",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"CREATORDEX_{name}", value)
        done = typed("--live", "--record", "new.jsonl")
        assert done.exit_code == 0, done.output
        price = Prices.load().of("gpt-5.4-nano")
        cost = sum(
            price.cost_nano_usd(LLMUsage(**{name: getattr(call, name) for name in TOKENS})) for call in fake.books.calls
        )
        assert f"cost {usd(cost)}, answers in new.jsonl" in done.stderr
        assert done.stdout.startswith("answers live\n")
    assert "sk-of-mine" not in done.output + (tmp_path / "new.jsonl").read_text()


def test_live_asks_nobody_unless_a_model_is_selected(typed, tmp_path):
    done = typed("--live", "--record", "new.jsonl")
    assert done.exit_code == 2
    assert "no model is selected" in done.output
    assert not (tmp_path / "new.jsonl").exists()


def test_live_without_a_file_for_the_answers_is_a_usage_error(typed):
    assert typed("--live").exit_code == 2


def test_live_is_paid_for_and_wants_a_cap(typed, tmp_path, monkeypatch):
    """No cap, no question; a cap that is typed is one, and nothing leaves that does not fit under it."""
    with fake_provider() as fake:
        for name, value in {"PROVIDER": "openai", "BASE_URL": fake.url, "API_KEY": "sk-of-mine"}.items():
            monkeypatch.setenv(f"CREATORDEX_LLM__{name}", value)
        done = typed("--live", "--record", "new.jsonl")
        assert (done.exit_code, "--max-usd" in done.output) == (2, True)
        done = typed("--live", "--record", "new.jsonl", "--max-usd", "0.0001")
        assert "left under the cap" in done.output
        assert not fake.books.seen["chat"]
