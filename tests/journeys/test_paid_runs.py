"""No dollar wasted and no answer lost: paid runs that are killed, stopped, capped and met by every kind of failure."""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from base.errors import ErrorClass
from enrich import retrying
from jobs.enrich_creators import enrich_creators
from providers.hashing import HashingEmbedder
from providers.openai_client import Endpoint
from providers.openai_llm import OpenAILLM
from store.session import Store
from tests.factories import a_context
from tests.fake_provider.faults import Faults
from tests.fake_provider.server import FakeProvider, fake_provider
from tests.journeys.paid_runs import (
    MODEL,
    PRICE,
    PaidRuns,
    add_creators,
    answers_per_creator,
    billed_nano_usd,
    calls_in,
    failures_in,
    labelled_in,
    make_home,
    tokens_of,
)

pytestmark = pytest.mark.slow

#: random moments at which a run is killed; 50 in the battery
KILLS = int(os.environ.get("CREATORDEX_TEST_PAID_KILLS", "1"))
CREATORS = 40 + 20 * KILLS
RATES = {"rate_limit": 0.1, "server": 0.05, "malformed": 0.05, "refusal": 0.02, "truncation": 0.02}
#: what a client is to make of each fault
CLASSES = {
    "rate_limit": ErrorClass.RATE,
    "server": ErrorClass.SERVER,
    "malformed": ErrorClass.INVALID,
    "refusal": ErrorClass.REFUSAL,
    "truncation": ErrorClass.LENGTH,
}


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with fake_provider(latency_seconds=0.1) as provider:
        yield provider


def test_every_creator_ends_as_it_must_and_every_paid_token_is_in_the_ledger(store: Store, monkeypatch):
    """LLM-09: each kind of failure, at the rate of a bad night; the provider's own books are the judge."""
    monkeypatch.setattr(retrying, "FIRST_BACKOFF_SECONDS", 0.01)
    count = 150
    add_creators(store, range(count))
    context = a_context(store)
    context.embedder = HashingEmbedder(dim=64)
    with fake_provider(faults=Faults(RATES, seed=1), retry_after_seconds=0.01) as fake:
        llm = OpenAILLM(Endpoint(fake.url, SecretStr("none")), MODEL, "none")
        report = enrich_creators(context, llm, PRICE)
    calls, failures, labelled = calls_in(store), failures_in(store), labelled_in(store)
    assert report.counts["deferred"] == 0
    assert sorted([*labelled, *failures]) == [f"cr_{number:06d}" for number in range(count)], "each ends once"
    met = Counter({of.value: fake.books.seen[f"chat:{fault}"] for fault, of in CLASSES.items()})
    assert Counter(call.error_class for call in calls if call.error_class) == met, "as what was injected"
    last = {call.subject: call.error_class for call in calls}
    assert failures == {creator: last[creator] for creator in failures}
    assert tokens_of(calls) == fake.books.tokens(), "to the token"
    assert sum(call.cost_nano_usd or 0 for call in calls) == billed_nano_usd(fake.books.calls)


def test_a_run_killed_at_any_moment_is_finished_by_the_next_and_nothing_is_paid_twice(
    tmp_path: Path, fake: FakeProvider
):
    """LLM-09: kill -9; only what was under way may be asked again, and it counts as if it had cost its most."""
    make_home(tmp_path / "home", CREATORS)
    runs = PaidRuns(tmp_path / "home", fake.url, max_usd=0.05 * CREATORS)
    dice = random.Random(KILLS)
    under_way = kills = 0
    for _ in range(KILLS):
        moment = fake.books.seen["chat"] + dice.randrange(1, 2 * runs.concurrency)
        kills += runs.interrupt(signal.SIGKILL, lambda at=moment: fake.books.seen["chat"] >= at) == -signal.SIGKILL
        assert runs.open_calls() <= runs.concurrency
        under_way += runs.open_calls()
        assert billed_nano_usd(fake.books.calls) <= runs.spent_nano_usd() <= runs.cap_nano_usd
    assert runs.finish().exit_code == 0
    assert kills, "a run that nobody killed proves nothing"
    assert len(set(runs.labelled())) == len(runs.labelled()) == CREATORS, "nobody lost, nothing stored twice"
    assert set(answers_per_creator(runs.calls()).values()) == {1}
    assert fake.books.seen["chat"] - CREATORS <= under_way
    assert runs.open_calls() == 0
    assert billed_nano_usd(fake.books.calls) <= runs.spent_nano_usd() <= runs.cap_nano_usd
    asked = fake.books.seen["chat"]
    add_creators(runs.store, range(CREATORS, CREATORS + 1))
    assert runs.finish().exit_code == 0
    assert fake.books.seen["chat"] - asked == 1, "one creator more is one request more"


def test_a_run_told_to_stop_brings_home_what_is_under_way(tmp_path: Path, fake: FakeProvider):
    make_home(tmp_path / "home", 60)
    runs = PaidRuns(tmp_path / "home", fake.url)
    assert runs.interrupt(signal.SIGTERM, lambda: fake.books.seen["chat"] >= 10) == 75
    assert runs.open_calls() == 0
    assert 10 <= len(runs.labelled()) == fake.books.seen["chat"] < 60
    assert runs.finish().exit_code == 0
    assert len(runs.labelled()) == fake.books.seen["chat"] == 60, "nobody was asked twice"


def test_a_cap_is_never_passed_however_many_calls_are_under_way(tmp_path: Path, fake: FakeProvider):
    make_home(tmp_path / "home", 80)
    runs = PaidRuns(tmp_path / "home", fake.url, max_usd=0.012)
    done = runs.finish()
    assert done.exit_code == 0, "a spent budget is a planned stop"
    assert 0 < len(runs.labelled()) < 80
    (report,) = done.reports
    assert report.counts["deferred"] == 80 - len(runs.labelled())
    assert "left under the cap" in report.details["stopped"]
    assert billed_nano_usd(fake.books.calls) == runs.spent_nano_usd() <= runs.cap_nano_usd
    asked = fake.books.seen["chat"]
    most = max(call.reserved_nano_usd for call in runs.calls())
    assert runs.cap_nano_usd - runs.spent_nano_usd() < 1.1 * most, "what a call gives back is spent on the next"
    assert runs.spent_nano_usd() > 0.85 * runs.cap_nano_usd
    assert runs.finish().exit_code == 0
    assert fake.books.seen["chat"] == asked, "the same night buys nothing more"
