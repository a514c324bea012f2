"""What a night cost, typed; and what is refused before it can cost anything."""

import json

import pytest
from typer.testing import CliRunner

from base.clock import FixedClock
from base.usage import LLMUsage
from cli.main import app
from enrich.ledger import NANO, BudgetSettings, CallIntent
from jobs.runner import open_store, run_jobs
from jobs.settings import read_settings
from jobs.spend_ledger import SpendLedger
from providers.prices import Price
from store.session import Store
from tests.factories import AS_OF

PRICE = Price.model_validate({"input": 1, "output": 2})


def spend(store: Store, run_id: str, night: str) -> None:
    """One answered call, one that broke off with nobody to tell, one that is under way."""
    ledger = SpendLedger(store, run_id, night, FixedClock(AS_OF), BudgetSettings())
    for subject, reason in (("cr_ann", "new"), ("cr_bea", "drifted")):
        intent = CallIntent(subject, "m+none", "hash", 1, NANO // 100, prompt_version="2", reason=reason)
        call_id = ledger.open_call(intent)
        if reason == "new":
            ledger.close_call(call_id, LLMUsage(1_000, output_tokens=100), PRICE)


@pytest.fixture
def typed(tmp_path, monkeypatch):
    for name in ("OPENAI_API_KEY", "CREATORDEX_BUDGET__MAX_USD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path / "home"))
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def spent(typed):
    """Two nights of spending; the second finds the first one's open call dead, which counts in full."""
    run_jobs("enrich", {}, read_settings(), as_of=AS_OF)
    store = open_store(read_settings())
    spend(store, "20260301T020000Z-enrich-1", "2026-03-01")
    spend(store, "another", "2026-03-02")
    store.close()
    return typed


def rows(result):
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_costs_are_told_apart_by_reason_and_how_calls_ended(spent):
    found = {(row["reason"], row["state"]): (row["calls"], row["nano_usd"]) for row in rows(spent("costs", "--json"))}
    assert found == {
        ("new", "settled"): (2, 2 * 1_200_000),
        ("drifted", "unknown"): (1, NANO // 100),
        ("drifted", "intent"): (1, NANO // 100),
    }
    table = spent("costs").stdout
    assert "unknown, in full" in table
    assert "still reserved" in table
    assert "$0.0224" in table.splitlines()[-1]


def test_the_status_says_what_the_last_nights_cost(spent):
    (facts,) = rows(spent("status", "--json"))
    assert facts["spent_usd_by_night"] == {"2026-03-01": 0.0112, "2026-03-02": 0.0112}


def test_a_run_and_a_night_and_an_instant_limit_what_is_told(spent):
    of_run = rows(spent("costs", "--run", "20260301T020000Z-enrich-1", "--json"))
    assert of_run == rows(spent("costs", "--night", "2026-03-01", "--json"))
    assert sum(row["calls"] for row in of_run) == 2
    assert len(rows(spent("costs", "--since", "2026-03-01T02:00:00", "--json"))) == 3
    assert rows(spent("costs", "--since", "2026-03-01T02:00:01", "--json")) == []
    assert spent("costs", "--run", "nobody").exit_code == spent("costs", "--night", "March").exit_code == 2


PAID = {"CREATORDEX_LLM__PROVIDER": "openai", "CREATORDEX_LLM__API_KEY": "sk-secret-of-mine"}


@pytest.mark.parametrize(
    ("environment", "words", "said"),
    [
        pytest.param(PAID, (), "no budget is set", id="no cap"),
        pytest.param(
            PAID | {"CREATORDEX_LLM__MODEL": "nobody-knows-it"}, ("--max-usd", "1"), "no price", id="no price"
        ),
        pytest.param({"CREATORDEX_LLM__PROVIDER": "openai"}, ("--max-usd", "1"), "no key", id="no key"),
        pytest.param({"CREATORDEX_EMBEDDINGS__PROVIDER": "openai"}, (), "no budget is set", id="embeddings"),
    ],
)
def test_a_night_that_could_not_pay_is_refused_before_it_takes_anything_in(
    typed, tmp_path, monkeypatch, environment, words, said
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "rows.csv").write_text("platform,handle\nyoutube,ann\n")
    refused = typed("nightly", "rows.csv", *words)
    assert refused.exit_code == 2
    assert said in refused.output
    assert "sk-secret" not in refused.output
    assert not (tmp_path / "home").exists()


def test_a_typed_cap_wins_over_the_settings_and_leaves_the_cap_of_the_night(typed, monkeypatch):
    from cli import night

    monkeypatch.setenv("CREATORDEX_BUDGET__MAX_USD", "5")
    monkeypatch.setenv("CREATORDEX_BUDGET__MAX_USD_PER_NIGHT", "7")
    seen = []
    monkeypatch.setattr(night, "run_and_show", lambda *arguments, **_: seen.append(arguments[2].budget))
    assert typed("enrich").exit_code == typed("enrich", "--max-usd", "0.25").exit_code == 0
    assert seen == [
        BudgetSettings(max_usd=5, max_usd_per_night=7),
        BudgetSettings(max_usd=0.25, max_usd_per_night=7),
    ]
    assert typed("enrich", "--max-usd", "-1").exit_code == 2
