"""What a night would cost before it costs anything, and what does not fit under its cap."""

import json

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from enrich.ledger import NANO
from jobs.context import Context
from jobs.embed_accounts import embed_accounts
from jobs.enrich_creators import enrich_creators, enrich_forecast
from jobs.expected_costs import forecast_lines
from jobs.paid_llm import paid_llm, planned_model
from jobs.settings import read_settings
from providers.hashing import HashingEmbedder
from store.enrichment_states import load_states
from store.enrichments import Stretch
from store.llm_calls import load_costs
from store.session import Store
from tests.factories import AS_OF, an_account, an_item, home_of
from tests.fake_provider.server import fake_provider
from tests.jobs.test_enrich_creators import a_creator, in_force, save

NAMES = ("ann", "bea", "cyd")


@pytest.fixture
def three_creators(store: Store) -> Store:
    """All new; Bea has the most to lose, and so comes first."""
    for name in NAMES:
        followers = 900_000 if name == "bea" else 10
        save(store, an_account(name, bio="Sourdough bread", followers=followers))
        save(store, an_item(f"youtube:id-{name}", name, title_or_caption="Baking rye bread"))
        save(store, *a_creator(f"cr_{name}", f"youtube:id-{name}"))
    return store


def a_night(store: Store, budget: dict[str, float] | None = None, **llm: object) -> Context:
    settings = read_settings(home=home_of(store), llm={"provider": "openai"} | llm, budget=budget or {})
    context = Context(settings=settings, store=store, run_id="run-1", as_of=AS_OF)
    context.embedder = HashingEmbedder(dim=256)
    embed_accounts(context)
    return context


def test_the_plan_is_of_the_model_selected_and_needs_neither_key_nor_cap(three_creators, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    plan, rows = enrich_forecast(a_night(three_creators))
    (row,) = rows
    assert (row["decision"], row["reason"], row["creators"], len(plan)) == ("run", "new", 3, 3)
    assert 0 < row["low_usd"] < row["high_usd"] < 1
    assert row["input_tokens"] > 3 * 1_000
    (batched,) = enrich_forecast(a_night(three_creators, mode="batch"))[1]
    assert batched["high_usd"] == pytest.approx(row["high_usd"] / 2, rel=1e-6)


def test_a_key_alone_plans_for_nobody_who_is_paid(three_creators, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-selected")
    _, rows = enrich_forecast(a_night(three_creators, provider="offline"))
    assert rows == [{"decision": "run", "reason": "new", "creators": 3}]
    enrich_creators(a_night(three_creators, provider="offline"))
    with three_creators.reading_frames() as frames:
        assert load_costs(frames, ("model",)).num_rows == 0


def test_what_does_not_fit_under_the_cap_waits_and_the_most_worthy_come_first(three_creators):
    each = enrich_forecast(a_night(three_creators))[1][0]["low_usd"] / 3
    plan, rows = enrich_forecast(a_night(three_creators, {"max_usd": 1.5 * each}))
    assert {row["decision"]: row["creators"] for row in rows} == {"run": 1, "defer": 2}
    decided = dict(zip(plan["creator_id"].to_pylist(), plan["decision"].to_pylist(), strict=True))
    assert decided == {"cr_ann": "defer", "cr_bea": "run", "cr_cyd": "defer"}
    assert "tonight" in forecast_lines(rows)[-1]


def test_a_night_asks_whom_its_cap_affords_in_their_turn_and_the_others_wait(three_creators):
    """There is room for one question at its worst price and not for two after it."""
    each = enrich_forecast(a_night(three_creators))[1][0]["high_usd"] / 3
    with fake_provider() as fake:
        night = a_night(three_creators, {"max_usd": 1.02 * each}, base_url=fake.url, api_key="sk-mine")
        report = enrich_creators(night)
        assert fake.books.seen["chat"] == report.counts["labelled"] == 1
    assert (report.counts["due"], report.counts["deferred"]) == (3, 2)
    assert list(in_force(three_creators)) == ["cr_bea"]
    with three_creators.reading_frames() as frames:
        (spent,) = load_costs(frames, ("reason",)).to_pylist()
        states = load_states(frames, Stretch("cr_ann", "cr_cyd")).to_pylist()
    assert 0 < spent["nano_usd"] <= each * NANO
    assert {row["creator_id"] for row in states if row["deferred_since"] is not None} == {"cr_ann", "cr_cyd"}


@pytest.mark.parametrize("mode", ["online", "batch"])
def test_what_the_cascade_settles_is_planned_to_cost_nothing(three_creators, mode):
    """Three bakers are clear and one who says nothing is not: that one is all that tonight costs."""
    (row,) = enrich_forecast(a_night(three_creators, mode=mode))[1]
    (less,) = enrich_forecast(a_night(three_creators, mode=mode, cascade_min_score=0.5))[1]
    assert (less["low_usd"], less["high_usd"]) == (0, 0)
    save(three_creators, an_account("dan"), *a_creator("cr_dan", "youtube:id-dan"))
    (some,) = enrich_forecast(a_night(three_creators, mode=mode, cascade_min_score=0.5))[1]
    assert 0 < some["low_usd"] < row["low_usd"] / 2
    assert 0 < some["high_usd"] < row["high_usd"] / 2


def test_the_plan_typed(three_creators, tmp_path, monkeypatch):
    from cli import night

    context = a_night(three_creators)

    class Looking:
        def __enter__(self):
            return context

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(night, "inspecting", lambda *_: Looking())
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["enrich", "--plan", "--json", "--out", "plan.parquet"])
    assert done.exit_code == 0, done.output
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row["creators"] == pq.read_metadata("plan.parquet").num_rows == 3
    table = CliRunner().invoke(app, ["enrich", "--plan"]).stdout
    assert f"${row['high_usd']:,.4f}" in table


@pytest.mark.parametrize("provider", ["openai", "compatible"])
def test_the_model_planned_for_is_the_model_that_is_asked(tmp_path, provider):
    """Else every creator would be due again: the recipe names the model."""
    knobs = {"provider": provider, "base_url": "http://127.0.0.1:9/v1", "api_key": "sk-mine"}
    settings = read_settings(home=tmp_path, llm=knobs, budget={"max_usd": 1})
    assert planned_model(settings) == paid_llm(settings)[0].id
