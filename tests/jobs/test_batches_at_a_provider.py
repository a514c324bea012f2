"""Batches over real sockets, as the settings select them: what the provider billed is what the ledger holds."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from base.clock import FixedClock
from base.errors import ConfigError
from enrich.ledger import BudgetSettings
from enrich.plan import EnrichmentSettings
from jobs.context import Context
from jobs.embed_accounts import embed_accounts
from jobs.enrich_creators import enrich_creators
from jobs.report import JobReport
from providers.hashing import HashingEmbedder
from store.session import Store
from store.tables import Creator, CreatorMember, Enrichment, EnrichmentFailure, LlmBatch, LlmCall
from tests.factories import AS_OF, a_context, an_account, an_item
from tests.fake_provider.server import FakeProvider, fake_provider
from tests.jobs.test_enrich_in_batches import rows, save

CREATORS = 24
TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


@pytest.fixture
def crowd(store: Store) -> Store:
    """Creators with a bio and an item each."""
    for number in range(CREATORS):
        name = f"c{number:02d}"
        key = f"youtube:id-{name}"
        creator = Creator(
            creator_id=f"cr_{name}",
            name=name,
            anchor_account_key=key,
            platforms="[]",
            account_count=1,
            followers_by_platform="{}",
            first_seen=AS_OF,
            updated_at=AS_OF,
        )
        save(store, an_account(name, bio=f"Bread of kind {number}"), an_item(key, f"v-{name}"), creator)
        save(store, CreatorMember(account_key=key, creator_id=f"cr_{name}", since=AS_OF))
    embed_accounts(a_night(store, 0, "http://127.0.0.1:1/v1"))
    return store


def a_night(store: Store, night: int, url: str, **llm: object) -> Context:
    knobs = {"provider": "openai", "mode": "batch", "base_url": url, "api_key": SecretStr("sk-test")} | llm
    context = a_context(store, budget=BudgetSettings(max_usd=1), llm=EnrichmentSettings(**knobs))
    context.as_of = AS_OF + timedelta(days=night)
    context.run_id, context.clock = f"run-{night}", FixedClock(context.as_of)
    context.embedder = HashingEmbedder(dim=64)
    return context


def nights(store: Store, fake: FakeProvider, first: int, last: int) -> list[JobReport]:
    """Nights, and days in which the provider works off what it has."""
    reports = []
    for night in range(first, last + 1):
        reports.append(enrich_creators(a_night(store, night, fake.url)))
        for batch_id in fake.desk.batches:
            fake.desk.finish(batch_id)
    return reports


def test_the_ledger_holds_what_was_billed_whatever_went_wrong(crowd):
    """One batch expires halfway, lines fail in every way there is, and each creator comes to an end."""
    rates = {"server": 0.1, "malformed": 0.1, "refusal": 0.1, "truncation": 0.1, "rate_limit": 0.1}
    with fake_provider() as fake:
        fake.faults.set_rates(rates)
        fake.desk.script("expired")
        nights(crowd, fake, 1, 6)
        billed = fake.books.tokens("batch")
    calls = rows(crowd, LlmCall)
    held = {name: sum(getattr(call, name) or 0 for call in calls) for name in TOKENS}
    assert held == {name: billed[name] for name in TOKENS}
    assert {call.state for call in calls} <= {"settled", "failed", "released"}
    ended = {row.creator_id for row in rows(crowd, Enrichment)} | {
        row.creator_id for row in rows(crowd, EnrichmentFailure) if row.is_final
    }
    assert len(ended) == CREATORS
    assert {batch.state for batch in rows(crowd, LlmBatch)} == {"harvested"}


def test_a_lost_answer_to_create_makes_no_second_batch(crowd):
    with fake_provider() as fake:
        fake.script("batches.create", "lost")
        (unsent,) = nights(crowd, fake, 1, 1)
        found, *_ = nights(crowd, fake, 2, 2)
        assert (unsent.counts["batches_unsent"], found.counts["batches_found"]) == (1, 1)
        assert len(fake.desk.batches) == 1
    assert len({row.creator_id for row in rows(crowd, Enrichment)}) == CREATORS


def test_nothing_paid_runs_without_a_cap(crowd):
    context = a_night(crowd, 1, "http://127.0.0.1:1/v1")
    object.__setattr__(context.settings, "budget", BudgetSettings())
    with pytest.raises(ConfigError, match="no budget is set"):
        enrich_creators(context)
