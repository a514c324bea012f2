"""Labels that come in with a later run: the same rows as online, from the same questions."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import SQLModel, col, delete, select, update

from base.clock import FixedClock
from base.errors import GateRefused
from enrich.ledger import NANO, BudgetSettings
from enrich.plan import EnrichmentSettings
from jobs import asked_again, paid_llm
from jobs.context import Context
from jobs.embed_accounts import embed_accounts
from jobs.enrich_creators import PROMPT, enrich_creators, enrich_in_batches
from jobs.report import JobReport
from providers.hashing import HashingEmbedder
from providers.prices import Price
from providers.scripted import ScriptedLLM
from store.health import count_batches_under_way
from store.session import Store
from store.tables import ContentItem, Creator, CreatorAccount, CreatorMember, Enrichment, EnrichmentFailure, LlmCall
from tests.conftest import NewStore
from tests.factories import AS_OF, a_context, an_account, an_item
from tests.jobs.batch_service import INPUT_TOKENS, OUTPUT_TOKENS, BatchService
from tests.jobs.test_asked_again import after_nights

#: USD per million tokens, half of it in a batch
PRICE = Price(input=Decimal(1), output=Decimal(10), batch=Decimal("0.5"))
COST_USD = 0.5 * (INPUT_TOKENS + 10 * OUTPUT_TOKENS) / 1_000_000
SUMMARY = "Makes things at home and shows each step plainly for people who like to watch."


def a_night(store: Store, night: int, **llm: Any) -> Context:
    context = a_context(store, budget=BudgetSettings(max_usd=1), llm=llm)
    context.as_of = AS_OF + timedelta(days=night)
    context.run_id, context.clock = f"run-{night}", FixedClock(context.as_of)
    context.embedder = HashingEmbedder(dim=64)
    return context


def a_run(store: Store, service: BatchService, night: int, **llm: Any) -> JobReport:
    """A night, and a day in which the vendor works."""
    report = enrich_in_batches(a_night(store, night, **llm), service, PRICE)
    service.run()
    return report


def save(store: Store, *rows: SQLModel) -> None:
    with store.writing() as session:
        session.add_all(rows)


def change(store: Store, statement: Any) -> None:
    with store.writing() as session:
        session.exec(statement)


def rows(store: Store, model: Any) -> list[Any]:
    with store.reading() as session:
        return list(session.exec(select(model)).all())


def in_force(store: Store) -> dict[str, Enrichment]:
    return {row.creator_id: row for row in rows(store, Enrichment) if row.is_current}


def obedient(user: str) -> str:
    answer = {
        "evidence": [],
        "primary_niche": "music" if "uitar" in user else "food" if "bread" in user else "other",
        "secondary_niches": [],
        "content_style": None,
        "llm_summary": SUMMARY,
        "account_kind": "unknown",
        "language": None,
        "confidence": "low",
    }
    return json.dumps(answer)


def provisional_labels(store: Store) -> None:
    """Ann bakes, Bea plays the guitar; both have provisional labels."""
    for name, bio, title in (("ann", "Sourdough bread", "Baking rye bread"), ("bea", "Guitar", "Guitar song")):
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
        save(
            store,
            an_account(name, bio=bio),
            an_item(key, f"v-{name}", title_or_caption=title),
            creator,
            CreatorMember(account_key=key, creator_id=f"cr_{name}", since=AS_OF),
        )
    embed_accounts(a_night(store, 0))
    enrich_creators(a_night(store, 0))


@pytest.fixture
def two_creators(new_store: NewStore) -> Store:
    return new_store(provisional_labels)


def test_labels_come_in_with_the_next_run_and_cost_half(two_creators):
    """LLM-09, contracts: provisional labels stand until then."""
    service = BatchService(obedient)
    sent = a_run(two_creators, service, 1).counts
    assert (sent["batched"], sent["labelled"]) == (2, 0)
    assert {row.provenance for row in in_force(two_creators).values()} == {"offline"}
    fetched = a_run(two_creators, service, 2)
    assert (fetched.counts["labelled"], fetched.counts["due"]) == (2, 0)
    labels = in_force(two_creators)
    assert {name: row.primary_niche for name, row in labels.items()} == {"cr_ann": "food", "cr_bea": "music"}
    assert {(row.provenance, row.model, row.prompt_version, row.reason) for row in labels.values()} == {
        ("llm", BatchService.id, PROMPT[1], "new")
    }
    assert [row.cost_usd for row in labels.values()] == [pytest.approx(COST_USD)] * 2
    assert sum(call.cost_nano_usd for call in rows(two_creators, LlmCall)) == round(2 * COST_USD * NANO)


def test_a_jump_stops_a_night_of_batches_until_somebody_says_why(two_creators, monkeypatch):
    monkeypatch.setattr(asked_again, "LEAST_CREATORS", 1)
    service = BatchService(obedient)
    for night in (1, 2):
        a_run(two_creators, service, night)
    after_nights(two_creators, 0.01, 0.01, 0.01)
    change(two_creators, update(CreatorAccount).values(bio="Something else"))
    with pytest.raises(GateRefused, match="became due"):
        enrich_in_batches(a_night(two_creators, 400), service, PRICE)
    report = enrich_in_batches(a_night(two_creators, 400), service, PRICE, force="new bios")
    assert report.counts["batched"] == 2


def test_a_night_after_that_asks_nothing_and_writes_nothing(two_creators):
    service = BatchService(obedient)
    for night in (1, 2):
        a_run(two_creators, service, night)
    before = [row.model_dump() for row in rows(two_creators, Enrichment)]
    counts = a_run(two_creators, service, 3).counts
    assert (counts["due"], counts["written"], counts.get("batched", 0)) == (0, 0, 0)
    assert [row.model_dump() for row in rows(two_creators, Enrichment)] == before


def test_whoever_waits_is_not_planned(two_creators):
    service = BatchService(obedient)
    enrich_in_batches(a_night(two_creators, 1), service, PRICE)
    counts = enrich_in_batches(a_night(two_creators, 2), service, PRICE).counts
    assert (counts["pending"], counts["due"]) == (2, 0)


def test_whoever_waits_is_not_asked_online_either_and_its_answer_is_fetched(two_creators, monkeypatch):
    service = BatchService(obedient)
    enrich_in_batches(a_night(two_creators, 1), service, PRICE)
    online = ScriptedLLM(iter([]), id=service.id)
    monkeypatch.setattr(paid_llm, "paid_llm", lambda _settings: (online, PRICE))
    monkeypatch.setattr(paid_llm, "paid_batches", lambda _settings: (service, PRICE))

    context = a_night(two_creators, 2)
    context.settings = context.settings.model_copy(update={"llm": EnrichmentSettings(provider="openai")})
    waiting = enrich_creators(context)
    with context.reading() as session:
        assert count_batches_under_way(session) == {"batches": 1, "requests": 2}
    service.run()
    context.as_of += timedelta(days=1)
    fetched = enrich_creators(context)

    assert (waiting.counts["due"], waiting.counts["labelled"]) == (0, 0)
    assert waiting.details["plan"] == {"skip:awaited": 2}
    assert (fetched.counts["due"], fetched.counts["labelled"]) == (0, 2)
    assert online.requests == []


def test_a_creator_that_went_while_it_waited_gets_no_row(two_creators):
    service = BatchService(obedient)
    a_run(two_creators, service, 1)
    for model in (Creator, CreatorMember):
        change(two_creators, delete(model).where(col(model.creator_id) == "cr_ann"))
    a_run(two_creators, service, 2)
    assert [row.creator_id for row in rows(two_creators, Enrichment) if row.provenance == "llm"] == ["cr_bea"]
    assert {call.state for call in rows(two_creators, LlmCall)} == {"settled"}


def test_an_answer_stands_for_what_was_shown_and_not_for_what_came_since(two_creators):
    service = BatchService(obedient)
    a_run(two_creators, service, 1)
    change(two_creators, update(ContentItem).values(title_or_caption="Something else"))
    counts = a_run(two_creators, service, 2).counts
    assert counts["labelled"] == 2
    assert counts.get("batched", 0) == 0  # changed since, but it is too early to pay again
    change(two_creators, update(ContentItem).where(col(ContentItem.account_key) == "youtube:id-bea").values(
        title_or_caption="Guitar song"
    ))  # fmt: skip
    assert a_run(two_creators, service, 3).counts["due"] == 0


def test_a_bad_answer_is_mended_once_and_then_held_back(two_creators):
    asked: list[str] = []

    def stubborn(user: str) -> str:
        asked.append(user)
        return "{}" if "uitar" in user else obedient(user)

    service = BatchService(stubborn)
    _, second, third, fourth = (a_run(two_creators, service, night).counts for night in (1, 2, 3, 4))
    assert (second["asked_again"], second["batched"]) == (1, 1)
    assert "was refused" in asked[-1]
    assert (third["quarantined"], third.get("batched", 0), fourth["due"]) == (1, 0, 0)
    (failure,) = rows(two_creators, EnrichmentFailure)
    assert (failure.creator_id, failure.error_class, failure.is_final) == ("cr_bea", "INVALID", True)
    assert in_force(two_creators)["cr_bea"].provenance == "offline"


def test_an_answer_that_was_cut_off_gets_twice_the_room(two_creators):
    rooms: list[int] = []
    service = BatchService(obedient)
    spoken = service.body

    def body(request):
        rooms.append(request.max_output_tokens)
        return spoken(request)

    service.body = body
    answers = iter([None, None])
    service._script = lambda user: next(answers, obedient(user))
    for night in (1, 2, 3):
        a_run(two_creators, service, night)
    assert rooms == [300, 600]  # turned into JSON once per length
    assert {row.provenance for row in in_force(two_creators).values()} == {"llm"}


def test_who_is_what_it_once_was_gets_the_former_answer_for_nothing(two_creators):
    service = BatchService(obedient)
    for night in (1, 2):
        a_run(two_creators, service, night)
    change(two_creators, update(Enrichment).where(col(Enrichment.provenance) == "llm").values(is_current=False))
    counts = a_run(two_creators, service, 3).counts
    assert (counts["restored"], counts.get("batched", 0)) == (2, 0)
    assert set(service.paid.values()) == {1}


def test_clear_cases_are_in_no_batch(two_creators):
    """What the offline classifier is sure of is final at once; the model is asked about the other."""
    change(two_creators, update(CreatorAccount).where(col(CreatorAccount.handle) == "bea").values(bio="hello"))
    change(two_creators, delete(ContentItem).where(col(ContentItem.account_key) == "youtube:id-bea"))
    embed_accounts(a_night(two_creators, 1))
    service = BatchService(obedient)
    sent = a_run(two_creators, service, 1, cascade_min_score=0.5).counts
    assert (sent["clear"], sent["batched"]) == (1, 1)
    fetched = a_run(two_creators, service, 2, cascade_min_score=0.5).counts
    assert (fetched["labelled"], fetched["due"]) == (1, 0)
    provenance = {name: row.provenance for name, row in in_force(two_creators).items()}
    assert provenance == {"cr_ann": "cascade", "cr_bea": "llm"}
