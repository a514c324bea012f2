"""Embedding with a paid provider: in the ledger to the token, under the cap, selected and never slipped in."""

import json

import pytest
from sqlmodel import select

from base.errors import BudgetExhausted, ConfigError, ProviderUnavailable
from jobs.context import Context
from jobs.doctor import examine
from jobs.embed_accounts import embed_accounts, expected_texts
from jobs.prices import likely_usd
from jobs.query_encoder import query_encoder
from jobs.settings import read_settings
from providers.minilm import MiniLM
from store.session import Store
from store.tables import AccountVector, ContentVector, LlmCall
from tests.factories import AS_OF, an_account, an_item, home_of
from tests.fake_provider.server import FakeProvider, fake_provider

NANO = 10**9


@pytest.fixture
def fake():
    with fake_provider() as running:
        yield running


@pytest.fixture
def three_accounts(store: Store) -> Store:
    with store.writing() as session:
        for name in ("ann", "bea", "cyd"):
            session.add(an_account(name, bio=f"Bread by {name}"))
            session.add_all(
                an_item(f"youtube:id-{name}", f"{name}{n}", title_or_caption=f"{name} loaf {n}") for n in range(4)
            )
    return store


def a_night(store: Store, fake: FakeProvider, run_id: str = "run-1", **settings) -> Context:
    knobs = {"provider": "openai", "base_url": fake.url, "api_key": "sk-secret-of-mine", "dimensions": 16}
    budget = settings.pop("budget", {"max_usd": 1.0})
    chosen = read_settings(home=home_of(store), embeddings=knobs | settings, budget=budget)
    return Context(settings=chosen, store=store, run_id=run_id, as_of=AS_OF)


def ledger(store: Store) -> list[LlmCall]:
    with store.reading() as session:
        rows = list(session.exec(select(LlmCall).order_by(LlmCall.call_id)).all())
        session.expunge_all()
    return rows


def vectors(store: Store) -> int:
    with store.reading() as session:
        return len(session.exec(select(ContentVector.content_key)).all()) + len(
            session.exec(select(AccountVector.account_key)).all()
        )


def test_every_token_of_a_night_is_in_the_ledger(three_accounts: Store, fake: FakeProvider):
    fake.faults.set_rates({"rate_limit": 0.2, "server": 0.1})
    fake.retry_after_seconds = 0.01
    report = embed_accounts(a_night(three_accounts, fake))
    calls = ledger(three_accounts)
    assert vectors(three_accounts) == 12 + 6
    assert sum(call.input_tokens or 0 for call in calls) == fake.books.tokens()["input_tokens"] > 0
    assert len(calls) == fake.books.seen["embeddings"]
    assert {call.purpose for call in calls} == {"embedding"}
    assert sum(call.cost_nano_usd for call in calls) == 20 * fake.books.tokens()["input_tokens"]
    assert report.details["estimated_usd"] > 0


def test_a_second_night_asks_nothing(three_accounts: Store, fake: FakeProvider):
    embed_accounts(a_night(three_accounts, fake))
    asked = fake.books.seen["embeddings"]
    assert embed_accounts(a_night(three_accounts, fake, "run-2")).counts["embedded"] == 0
    assert fake.books.seen["embeddings"] == asked


def test_a_spent_budget_ends_the_work_and_not_the_night(three_accounts: Store, fake: FakeProvider, monkeypatch):
    """Nothing is sent past the cap; the next night, with a budget, does the rest and nothing twice."""
    monkeypatch.setattr("jobs.embed_accounts.TEXTS_AT_ONCE", 4)
    cap = {"max_usd": 70 * 20 / NANO}  # of 20 nano-dollars a token: room for the items, not for the bios
    report = embed_accounts(a_night(three_accounts, fake, budget=cap))
    assert "left under the cap" in report.details["stopped"]
    assert report.details["left"] == 15 - report.counts["embedded"] > 0
    assert sum(call.cost_nano_usd for call in ledger(three_accounts)) <= 70 * 20
    embed_accounts(a_night(three_accounts, fake, "run-2"))
    assert vectors(three_accounts) == 12 + 6
    assert fake.books.repeats() == 0


def test_an_unknown_outcome_counts_in_full(three_accounts: Store, fake: FakeProvider):
    fake.faults.set_rates({"lost": 1.0})
    with pytest.raises(ProviderUnavailable):
        night = a_night(three_accounts, fake)
        night.embedder._sleep = _no_sleep
        embed_accounts(night)
    calls = ledger(three_accounts)
    assert {call.state for call in calls} == {"unknown"}
    assert all(call.cost_nano_usd == call.reserved_nano_usd > 0 for call in calls)
    assert sum(call.cost_nano_usd for call in calls) >= 20 * fake.books.tokens()["input_tokens"]


async def _no_sleep(_seconds: float) -> None:
    return None


def test_without_a_finite_budget_nothing_is_asked(three_accounts: Store, fake: FakeProvider):
    with pytest.raises(ConfigError, match="no budget"):
        embed_accounts(a_night(three_accounts, fake, budget={}))
    assert fake.books.seen["embeddings"] == 0


def test_a_budget_of_nothing_buys_nothing(three_accounts: Store, fake: FakeProvider):
    report = embed_accounts(a_night(three_accounts, fake, budget={"max_usd": 0.0}))
    assert report.counts["embedded"] == 0
    assert fake.books.seen["embeddings"] == 0
    with pytest.raises(BudgetExhausted):
        a_night(three_accounts, fake, budget={"max_usd": 0.0}).embedder.embed(["bread"])


def test_a_model_without_a_price_is_refused_until_it_is_given(three_accounts: Store, fake: FakeProvider, monkeypatch):
    with pytest.raises(ConfigError, match="no price is known for 'bge-m3'"):
        assert a_night(three_accounts, fake, model="bge-m3").embedder
    monkeypatch.setenv("CREATORDEX_PRICES", json.dumps({"bge-m3": {"input": "0.01"}}))
    assert a_night(three_accounts, fake, model="bge-m3").embedder.dim == 16


def test_a_key_in_the_environment_changes_nothing(store: Store, monkeypatch):
    """A paid provider is used when it is selected, never because it could be."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-lying-around")
    settings = read_settings(home=home_of(store), budget={"max_usd": 5.0})
    context = Context(settings=settings, store=store, run_id="run-1", as_of=AS_OF)
    assert isinstance(context.embedder, MiniLM)


def test_a_key_for_openai_is_shown_to_nobody_else(store: Store, fake: FakeProvider, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-lying-around")
    assert a_night(store, fake, api_key=None).embedder._endpoint.api_key is None
    assert a_night(store, fake, api_key=None, base_url=None).embedder._endpoint.api_key is not None


def test_the_doctor_says_what_is_missing_and_asks_nothing(store: Store, fake: FakeProvider, tmp_path):
    def verdict(**settings):
        return next(each for each in examine(a_night(store, fake, **settings).settings) if each.check == "embedder")

    assert verdict().ok
    assert "no budget" in verdict(budget={}).detail
    assert "cannot read the key" in verdict(api_key=None, api_key_file=tmp_path / "nothing").detail
    assert fake.books.seen["embeddings"] == 0


def test_the_key_shows_nowhere(three_accounts: Store, fake: FakeProvider):
    night = a_night(three_accounts, fake)
    report = embed_accounts(night)
    shown = [repr(night.settings), night.settings.model_dump_json(), repr(report), repr(ledger(three_accounts))]
    assert not any("sk-secret-of-mine" in text for text in shown)


def test_a_plan_says_what_it_would_cost_and_asks_nothing(three_accounts: Store, fake: FakeProvider):
    night = a_night(three_accounts, fake)
    assert expected_texts(night) == 15
    assert likely_usd(night.settings, 15) == pytest.approx(15 * 125 * 20 / NANO)
    assert fake.books.seen["embeddings"] == 0
    embed_accounts(night)
    assert expected_texts(night) == 0
    assert sum(call.cost_nano_usd for call in ledger(three_accounts)) / NANO < likely_usd(night.settings, 15)


def test_a_question_is_encoded_as_the_texts_were_and_under_the_cap(store: Store, fake: FakeProvider):
    encoder = query_encoder(a_night(store, fake, budget={"max_usd": 30 * 20 / NANO}).settings)
    assert encoder is not None
    assert encoder.id == a_night(store, fake).embedder.id
    (vector,) = encoder.embed(["sourdough bread"], kind="query")
    assert vector @ encoder.embed(["sourdough bread"])[0] == pytest.approx(1, abs=1e-6)
    with pytest.raises(BudgetExhausted):
        encoder.embed(["a question that is longer than what is left of thirty tokens"])
    assert ledger(store) == []


def test_a_local_model_needs_no_encoder_of_a_vendor(store: Store):
    assert query_encoder(read_settings(home=home_of(store))) is None
