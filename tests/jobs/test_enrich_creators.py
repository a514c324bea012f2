"""Labels per creator: made once, kept as history, given back when a creator is what it once was."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel, col, delete, select, update

from base.errors import ProviderUnavailable
from enrich import retrying
from enrich.schema import CreatorLabels
from jobs.context import Context
from jobs.embed_accounts import embed_accounts
from jobs.enrich_creators import PROMPT, at_once, enrich_creators, enrich_plan
from providers.hashing import HashingEmbedder
from providers.llm import LLMRequest
from providers.scripted import ScriptedLLM
from store.session import Store
from store.tables import (
    ContentItem,
    Creator,
    CreatorAccount,
    CreatorChange,
    CreatorMember,
    Enrichment,
)
from tests.conftest import NewStore
from tests.factories import AS_OF, a_context, an_account, an_item

SUMMARY = "Makes things at home and shows each step plainly for people who like to watch."


def a_night(store: Store, nights: int = 0, **llm: Any) -> Context:
    context = a_context(store, llm=llm)
    context.as_of = AS_OF + timedelta(days=nights)
    context.embedder = HashingEmbedder(dim=1_024)  # few words share a dimension
    return context


def save(store: Store, *rows: SQLModel) -> None:
    with store.writing() as session:
        session.add_all(rows)


def change(store: Store, statement: Any) -> None:
    with store.writing() as session:
        session.exec(statement)


def a_creator(creator_id: str, *account_keys: str) -> list[SQLModel]:
    creator = Creator(
        creator_id=creator_id,
        name=creator_id,
        anchor_account_key=account_keys[0],
        platforms="[]",
        account_count=len(account_keys),
        followers_by_platform="{}",
        first_seen=AS_OF,
        updated_at=AS_OF,
    )
    return [creator, *(CreatorMember(account_key=key, creator_id=creator_id, since=AS_OF) for key in account_keys)]


def embedded(store: Store) -> None:
    """Ann bakes on two platforms, Bea plays guitar on one, Cy says nothing."""
    save(
        store,
        an_account("ann", bio="Sourdough bread and cakes for beginners", followers=10),
        an_account("ann", "instagram", bio="bread every day", followers=20),
        an_account("bea", bio="Guitar, piano and old songs"),
        an_account("cy", display_name=None),
        an_item("youtube:id-ann", "v1", title_or_caption="Baking rye bread"),
        an_item("instagram:id-ann", "p1", title_or_caption="Chocolate cake"),
        an_item("youtube:id-bea", "v2", title_or_caption="Guitar song"),
        *a_creator("cr_ann", "youtube:id-ann", "instagram:id-ann"),
        *a_creator("cr_bea", "youtube:id-bea"),
        *a_creator("cr_cy", "youtube:id-cy"),
    )
    embed_accounts(a_night(store))


@pytest.fixture
def three_creators(new_store: NewStore) -> Store:
    return new_store(embedded)


def rows(store: Store) -> list[dict[str, Any]]:
    with store.reading() as session:
        found = session.exec(select(Enrichment).order_by(col(Enrichment.creator_id), col(Enrichment.created_at))).all()
        return [row.model_dump() for row in found]


def in_force(store: Store) -> dict[str, dict[str, Any]]:
    return {row["creator_id"]: row for row in rows(store) if row["is_current"]}


def obedient(request: LLMRequest) -> str:
    """A well-behaved model: the niche of the first cue it finds, a summary that claims nothing."""
    niche = "music" if "uitar" in request.user else "food" if "bread" in request.user else "other"
    answer = {
        "evidence": [],
        "primary_niche": niche,
        "secondary_niches": [],
        "content_style": None,
        "llm_summary": SUMMARY,
        "account_kind": "unknown",
        "language": None,
        "confidence": "low",
    }
    return json.dumps(answer)


def test_each_creator_is_labelled_once_whatever_the_number_of_its_accounts(three_creators):
    """IDN-13, LLM-10: one row per creator, with the recipe that made it."""
    report = enrich_creators(a_night(three_creators))
    labels = in_force(three_creators)
    assert [row["creator_id"] for row in rows(three_creators)] == ["cr_ann", "cr_bea", "cr_cy"]
    assert (labels["cr_ann"]["primary_niche"], labels["cr_bea"]["primary_niche"]) == ("food", "music")
    assert (labels["cr_cy"]["primary_niche"], labels["cr_cy"]["confidence"]) == ("other", "low")
    assert {row["provenance"] for row in labels.values()} == {"offline"}
    assert {row["reason"] for row in labels.values()} == {"new"}
    assert {row["taxonomy_version"] for row in labels.values()} == {"1.0.0"}
    assert (report.counts["read"], report.counts["written"]) == (3, 3)
    assert report.details["abstain_rate"] == round(1 / 3, 4)


def test_stored_labels_keep_to_the_schema(three_creators):
    """LLM-02, LLM-03, LLM-04."""
    enrich_creators(a_night(three_creators))
    for row in rows(three_creators):
        fields = {name: row[name] for name in CreatorLabels.model_fields}
        lists = {name: json.loads(row[name]) for name in ("evidence", "secondary_niches")}
        assert CreatorLabels.model_validate(fields | lists)


def test_a_second_run_writes_nothing(three_creators):
    """LLM-12: the same input is never labelled twice, and age alone is no reason."""
    enrich_creators(a_night(three_creators))
    before = rows(three_creators)
    report = enrich_creators(a_night(three_creators, nights=400))
    assert rows(three_creators) == before
    assert report.counts["written"] == report.counts["due"] == 0
    assert report.details["plan"] == {"skip:unchanged": 3}


def test_a_changed_bio_is_followed_and_the_former_answer_is_kept(three_creators):
    """DRF-03: a bio change is a named reason."""
    enrich_creators(a_night(three_creators))
    change(
        three_creators, update(CreatorAccount).where(col(CreatorAccount.handle) == "bea").values(bio="Piano lessons")
    )
    enrich_creators(a_night(three_creators, nights=1))
    former, current = (row for row in rows(three_creators) if row["creator_id"] == "cr_bea")
    assert (former["is_current"], current["is_current"]) == (False, True)
    assert current["reason"] == "input_changed"
    assert "Piano" in current["llm_summary"]


def test_a_creator_that_is_what_it_was_gets_its_former_answer_back(three_creators):
    """IDN-15: an unmerge restores the enrichment from history."""
    enrich_creators(a_night(three_creators))
    before = in_force(three_creators)
    bea = update(CreatorMember).where(col(CreatorMember.account_key) == "youtube:id-bea")
    change(three_creators, bea.values(creator_id="cr_ann"))
    change(three_creators, delete(Creator).where(col(Creator.creator_id) == "cr_bea"))
    save(
        three_creators,
        CreatorChange(as_of=AS_OF + timedelta(days=1), creator_id="cr_ann", change="merge", other_id="cr_bea"),
    )
    enrich_creators(a_night(three_creators, nights=1))
    merged = in_force(three_creators)
    assert set(merged) == {"cr_ann", "cr_cy"}, "a creator that is no more has no label in force"
    assert merged["cr_ann"]["reason"] == "identity_changed"
    change(three_creators, bea.values(creator_id="cr_bea"))
    save(three_creators, *a_creator("cr_bea", "youtube:id-bea")[:1])
    report = enrich_creators(a_night(three_creators, nights=2))
    after = in_force(three_creators)
    back = {name for name, answer in after.items() if answer["in_force_since"] == AS_OF + timedelta(days=2)}
    assert back == {"cr_ann", "cr_bea"}, "an export since the night before has them"
    first = {"in_force_since": AS_OF}
    assert {name: answer | first for name, answer in after.items()} == before
    assert (report.counts["restored"], report.counts["labelled"]) == (2, 0)


def test_batches_and_order_do_not_matter(three_creators, monkeypatch):
    """One creator at a time or all at once, items inserted in any order: the same rows."""
    enrich_creators(a_night(three_creators))
    whole = rows(three_creators)
    change(three_creators, delete(Enrichment))
    with three_creators.reading() as session:
        items = [ContentItem(**item.model_dump()) for item in session.exec(select(ContentItem))]
    change(three_creators, delete(ContentItem))
    save(three_creators, *items[::-1])
    monkeypatch.setattr(at_once, "STRETCH", 1)
    enrich_creators(a_night(three_creators))
    assert rows(three_creators) == whole


@pytest.mark.parametrize("many", [0.2, 1.0], ids=["by stretches", "by name"])
def test_few_who_are_due_are_labelled_like_many(three_creators, monkeypatch, many):
    enrich_creators(a_night(three_creators))
    whole = rows(three_creators)
    change(three_creators, delete(Enrichment).where(col(Enrichment.creator_id) != "cr_bea"))
    monkeypatch.setattr(at_once, "MANY", many)
    report = enrich_creators(a_night(three_creators))
    assert rows(three_creators) == whole
    assert report.counts["labelled"] == report.counts["written"] == 2


def test_a_night_killed_between_batches_is_finished_by_the_next(three_creators, monkeypatch):
    enrich_creators(a_night(three_creators))
    whole = rows(three_creators)
    change(three_creators, delete(Enrichment))
    monkeypatch.setattr(at_once, "STRETCH", 1)
    killed = a_night(three_creators)

    def crash(_name: str) -> None:
        raise KeyboardInterrupt

    killed.crashpoint = crash
    with pytest.raises(KeyboardInterrupt):
        enrich_creators(killed)
    assert len(rows(three_creators)) == 1
    enrich_creators(a_night(three_creators))
    assert rows(three_creators) == whole


def test_no_contact_reaches_a_summary(three_creators):
    """LLM-05, LLM-14."""
    bio = "Guitar lessons, write to bea@studio.example or +44 20 7946 0000"
    change(three_creators, update(CreatorAccount).where(col(CreatorAccount.handle) == "bea").values(bio=bio))
    enrich_creators(a_night(three_creators))
    assert not re.search(r"@|\d", in_force(three_creators)["cr_bea"]["llm_summary"])


def test_the_plan_says_who_and_why_and_writes_nothing(three_creators):
    """LLM-07: a new creator appears in the next plan."""
    enrich_creators(a_night(three_creators))
    save(three_creators, an_account("dan"), *a_creator("cr_dan", "youtube:id-dan"))
    planned = {
        row["creator_id"]: (row["decision"], row["reason"]) for row in enrich_plan(a_night(three_creators)).to_pylist()
    }
    assert planned["cr_dan"] == ("run", "new")
    assert planned["cr_ann"] == ("skip", "unchanged")
    assert len(rows(three_creators)) == 3


def test_a_model_is_asked_once_per_creator_and_never_again(three_creators):
    """IDN-13, LLM-12: calls = creators; a second run makes none."""
    llm = ScriptedLLM(obedient)
    report = enrich_creators(a_night(three_creators), llm)
    assert len(llm.requests) == report.counts["labelled"] == 3
    assert {row["provenance"] for row in in_force(three_creators).values()} == {"llm"}
    assert {row["prompt_version"] for row in in_force(three_creators).values()} == {PROMPT[1]}
    enrich_creators(a_night(three_creators, nights=400), llm)
    assert len(llm.requests) == 3


def test_a_model_sees_no_contact_and_no_raw_payload(three_creators):
    """NRM-10, LLM-14."""
    change(
        three_creators, update(CreatorAccount).values(bio="bread: ann@studio.example", email="secret@studio.example")
    )
    llm = ScriptedLLM(obedient)
    enrich_creators(a_night(three_creators), llm)
    assert all("studio.example" not in request.user for request in llm.requests)
    assert all("[email]" in request.user for request in llm.requests)


def test_offline_labels_give_way_to_a_model_and_not_the_other_way_round(three_creators):
    enrich_creators(a_night(three_creators))
    enrich_creators(a_night(three_creators, nights=1), ScriptedLLM(obedient))
    paid = in_force(three_creators)
    assert {(row["provenance"], row["reason"]) for row in paid.values()} == {("llm", "new")}
    change(three_creators, update(CreatorAccount).values(bio="Something else"))
    report = enrich_creators(a_night(three_creators, nights=2))
    assert in_force(three_creators) == paid
    assert report.details["plan"] == {"skip:final": 3}


def test_a_failure_costs_one_creator_its_label_and_is_counted(three_creators, monkeypatch):
    """LLM-09, LLM-15: quarantined, counted by class; what the server failed at is asked again after a while."""
    monkeypatch.setattr(retrying, "FIRST_BACKOFF_SECONDS", 0)

    def flaky(request: LLMRequest) -> str:
        if "uitar" in request.user:
            return "no"
        if "bread" in request.user:
            raise ProviderUnavailable(provider="scripted")
        return obedient(request)

    report = enrich_creators(a_night(three_creators), ScriptedLLM(flaky))
    assert report.counts["quarantined"] == 2
    assert (report.counts["failed_SERVER"], report.counts["failed_INVALID"]) == (1, 1)
    assert len(rows(three_creators)) == 1
    llm = ScriptedLLM(obedient)
    assert enrich_creators(a_night(three_creators), llm).details["plan"]["skip:failed_before"] == 2
    assert enrich_creators(a_night(three_creators, nights=1), llm).counts["labelled"] == 1
    assert len(llm.requests) == 1


def test_what_failed_for_good_is_paid_for_again_only_when_it_changed(three_creators):
    """The same refusal is not bought twice; a changed bio and another recipe are other questions."""
    refusing = ScriptedLLM(lambda _request: "no")
    enrich_creators(a_night(three_creators), refusing)
    asked = len(refusing.requests)
    enrich_creators(a_night(three_creators, nights=400), refusing)
    assert len(refusing.requests) == asked
    change(three_creators, update(CreatorAccount).where(col(CreatorAccount.handle) == "bea").values(bio="Piano"))
    planned = enrich_plan(a_night(three_creators, nights=1), refusing).to_pylist()
    assert {row["creator_id"]: row["decision"] for row in planned} == {
        "cr_ann": "skip",
        "cr_bea": "run",
        "cr_cy": "skip",
    }
    other = ScriptedLLM(obedient, id="another/1")
    assert enrich_creators(a_night(three_creators, nights=2), other).counts["labelled"] == 3


def test_an_empty_store_is_no_error(store):
    report = enrich_creators(a_night(store))
    assert report.counts["read"] == 0
    assert enrich_plan(a_night(store)).num_rows == 0


def test_clear_cases_are_final_and_a_model_is_asked_about_the_rest(three_creators):
    """LLM-12: the words of a baker and of a guitarist are clear, silence is not; the next night asks about nobody."""
    llm = ScriptedLLM(obedient)
    report = enrich_creators(a_night(three_creators, cascade_min_score=0.5), llm)
    labels = in_force(three_creators)
    provenance = {creator_id: row["provenance"] for creator_id, row in labels.items()}
    assert provenance == {"cr_ann": "cascade", "cr_bea": "cascade", "cr_cy": "llm"}
    assert labels["cr_ann"]["recipe_fingerprint"] != labels["cr_cy"]["recipe_fingerprint"]
    assert (labels["cr_ann"]["cost_usd"], labels["cr_ann"]["primary_niche"]) == (0, "food")
    assert (report.counts["clear"], report.counts["labelled"], len(llm.requests)) == (2, 3, 1)
    before = rows(three_creators)
    again = enrich_creators(a_night(three_creators, nights=400, cascade_min_score=0.5), llm)
    assert (again.details["plan"], len(llm.requests)) == ({"skip:unchanged": 3}, 1)
    assert rows(three_creators) == before


def test_without_its_score_what_the_cascade_accepted_is_asked_about_and_comes_back_with_it(three_creators):
    """Another score is another recipe; the former answer of the same recipe is given back for nothing."""
    llm = ScriptedLLM(obedient)
    enrich_creators(a_night(three_creators, cascade_min_score=0.5), llm)
    plan = enrich_plan(a_night(three_creators, nights=1), llm).to_pylist()
    assert [row["reason"] for row in plan] == ["recipe_changed", "recipe_changed", "unchanged"]
    before = rows(three_creators)
    change(three_creators, update(Enrichment).values(is_current=False))
    report = enrich_creators(a_night(three_creators, nights=1, cascade_min_score=0.5), llm)
    assert (report.counts["restored"], report.counts["labelled"], len(llm.requests)) == (3, 0, 1)
    back = AS_OF + timedelta(days=1)
    assert rows(three_creators) == [answer | {"in_force_since": back} for answer in before]


def test_the_cascade_answers_nobody_when_no_model_is_selected(three_creators):
    enrich_creators(a_night(three_creators, cascade_min_score=0.5))
    assert {row["provenance"] for row in in_force(three_creators).values()} == {"offline"}
