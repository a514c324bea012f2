"""From stored posts to a decision: what is measured, what is remembered, and what costs nothing."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel, col, select, update

from base.errors import AnswerRefused
from enrich.plan import Bucket, EnrichmentSettings
from jobs.context import Context
from jobs.embed_accounts import embed_accounts
from jobs.enrich_creators import enrich_creators, enrich_plan
from providers.hashing import HashingEmbedder
from providers.llm import LLMRequest
from providers.scripted import ScriptedLLM
from store.session import Store
from store.tables import ContentItem, CreatorAccount, EnrichmentState, HandleSpan
from store.vectors import member_fingerprints
from tests.conftest import NewStore
from tests.factories import AS_OF, a_context, an_account, an_item
from tests.jobs.test_enrich_creators import a_creator, change, in_force, obedient, save

BREAD = ["rye", "bread", "dough", "oven", "crust", "flour", "loaf", "bake"]
MUSIC = ["guitar", "chords", "song", "band", "stage", "album", "drums", "piano"]


def posts(count: int, words: list[str], night: int, name: str = "ann") -> list[SQLModel]:
    """So many posts of a night about one subject, each in words of its own."""
    return [
        an_item(
            f"youtube:id-{name}",
            f"{name}-{night}-{place}-{words[0]}",
            title_or_caption=" ".join(words[(place + step) % len(words)] for step in range(3)) + f" {night}{place}",
            published_at=AS_OF + timedelta(days=night, minutes=-1 - place),
        )
        for place in range(count)
    ]


def a_night(store: Store, night: int, dim: int = 1_024, **llm: Any) -> Context:
    context = a_context(store, llm=EnrichmentSettings(cool_down_days=dict.fromkeys(get_args(Bucket), 2), **llm))
    context.as_of = AS_OF + timedelta(days=night)
    context.embedder = HashingEmbedder(dim=dim)
    embed_accounts(context)
    return context


def answers(store: Store) -> None:
    """Ann and Bea post about bread, and a model has answered about both."""
    for name in ("ann", "bea"):
        save(store, an_account(name, bio="Sourdough bread"), *a_creator(f"cr_{name}", f"youtube:id-{name}"))
        save(store, *posts(12, BREAD, 0, name))
    enrich_creators(a_night(store, 0), ScriptedLLM(obedient))


@pytest.fixture
def answered(new_store: NewStore) -> Store:
    return new_store(answers)


def decisions(context: Context) -> dict[str, tuple[str, str]]:
    planned = enrich_plan(context, ScriptedLLM(obedient)).to_pylist()
    return {row["creator_id"]: (row["decision"], row["reason"]) for row in planned}


def remembered(store: Store) -> dict[str, dict[str, Any]]:
    with store.reading() as session:
        return {row.creator_id: row.model_dump() for row in session.exec(select(EnrichmentState))}


def test_a_creator_that_turned_to_another_subject_is_asked_about_again(answered):
    """DRF-01: the posts since the answer against those it was given for; who goes on is left alone."""
    save(answered, *posts(8, MUSIC, 5), *posts(8, BREAD, 5, "bea"))
    night = a_night(answered, 6)
    assert decisions(night) == {"cr_ann": ("run", "drifted"), "cr_bea": ("skip", "not_drifted")}
    enrich_creators(night, ScriptedLLM(obedient))
    assert in_force(answered)["cr_ann"]["reason"] == "drifted"
    rows = remembered(answered)
    assert (rows["cr_ann"]["reference_posts"], rows["cr_ann"]["drift"]) == (20, None)
    assert rows["cr_bea"]["drift"] < 1.6
    assert decisions(night) == {"cr_ann": ("skip", "unchanged"), "cr_bea": ("skip", "not_drifted")}


def test_a_second_look_on_the_same_night_writes_nothing_and_asks_nobody(answered):
    save(answered, *posts(8, MUSIC, 5))
    night, llm = a_night(answered, 6), ScriptedLLM(obedient)
    enrich_creators(night, llm)
    asked, before = len(llm.requests), remembered(answered)
    report = enrich_creators(night, llm)
    assert (report.counts["due"], report.counts["remembered"], len(llm.requests)) == (0, 0, asked)
    assert remembered(answered) == before


def test_the_same_posts_again_are_no_second_evaluation(answered):
    """A streak grows with news only: a mild shift seen in one night's posts is seen once."""
    save(answered, *posts(5, MUSIC[:2] + BREAD[:6], 5))
    thresholds = {"hard_drift": 50.0, "soft_drift": 1.01}
    for night in (6, 7, 8):
        enrich_creators(a_night(answered, night, **thresholds), ScriptedLLM(obedient))
    assert remembered(answered)["cr_ann"]["streak"] == 1
    for night in (9, 10):
        save(answered, *posts(2, MUSIC, night))
        report = enrich_creators(a_night(answered, night, **thresholds), ScriptedLLM(obedient))
    assert report.details["plan"]["run:drifted"] == 1
    assert remembered(answered)["cr_ann"]["streak"] == 0, "answered: the count begins again"


@pytest.mark.parametrize(
    ("posted", "expected"),
    [(4, ("skip", "few_new_items")), (0, ("skip", "unchanged"))],
    ids=["four posts are too few to tell", "nothing posted"],
)
def test_too_little_is_no_ground(answered, posted, expected):
    save(answered, *posts(posted, MUSIC, 5))
    assert decisions(a_night(answered, 6))["cr_ann"] == expected


def test_reach_alone_moves_nothing(answered):
    """Views change every night, and what is sampled from may change with them: no ground for a new answer."""
    change(answered, update(ContentItem).values(views=10_000))
    change(answered, update(CreatorAccount).values(followers=10_000))
    assert set(decisions(a_night(answered, 300)).values()) == {("skip", "unchanged")}


def test_what_the_model_is_not_shown_is_not_paid_for(answered):
    """A description is embedded and not shown: old enough to be asked about, and the same question all the same."""
    change(answered, update(ContentItem).values(description="more words than before"))
    night = a_night(answered, 200)
    assert set(decisions(night).values()) == {("skip", "unchanged")}
    enrich_creators(night, ScriptedLLM(obedient))
    assert enrich_creators(night, ScriptedLLM(obedient)).counts["remembered"] == 0


def test_another_embedding_model_makes_references_anew_and_decides_nothing_that_night(answered):
    """DRF-01: vectors of two models are never compared."""
    save(answered, *posts(8, MUSIC, 5))
    night = a_night(answered, 6, dim=512)
    assert decisions(night)["cr_ann"] == ("skip", "not_drifted")
    enrich_creators(night, ScriptedLLM(obedient))
    state = remembered(answered)["cr_ann"]
    assert state["reference_recipe"] == night.embedding_recipe.fingerprint
    assert (state["reference_posts"], state["reference_until"]) == (20, night.as_of)


def test_a_new_handle_is_an_identity_change(answered):
    """DRF-03: at once, whatever the cool-down; a handle that was always there is none."""
    save(answered, HandleSpan(account_key="youtube:id-bea", handle="bea", first_seen=AS_OF, last_seen=AS_OF))
    for handle, day in (("ann", 0), ("ann.bakes", 1)):
        seen = AS_OF + timedelta(days=day)
        save(answered, HandleSpan(account_key="youtube:id-ann", handle=handle, first_seen=seen, last_seen=seen))
    change(answered, update(CreatorAccount).where(col(CreatorAccount.handle) == "ann").values(handle="ann.bakes"))
    assert decisions(a_night(answered, 1)) == {
        "cr_ann": ("run", "identity_changed"),
        "cr_bea": ("skip", "unchanged"),
    }


def test_who_cannot_be_afforded_waits_and_is_remembered(store):
    for name in ("ann", "bea"):
        save(store, an_account(name), *a_creator(f"cr_{name}", f"youtube:id-{name}"), *posts(6, BREAD, 0, name))
    enrich_creators(a_night(store, 0, max_creators=1), ScriptedLLM(obedient))
    assert remembered(store)["cr_bea"]["deferred_since"] == AS_OF
    enrich_creators(a_night(store, 1, max_creators=0), ScriptedLLM(obedient))
    assert remembered(store)["cr_bea"]["deferred_since"] == AS_OF, "since the first night"
    enrich_creators(a_night(store, 2, max_creators=1), ScriptedLLM(obedient))
    assert remembered(store)["cr_bea"]["deferred_since"] is None


def test_who_was_asked_about_and_not_answered_waits_too(store):
    save(store, an_account("ann"), *a_creator("cr_ann", "youtube:id-ann"))

    def refuses(_request: LLMRequest) -> str:
        raise AnswerRefused(provider="scripted")

    enrich_creators(a_night(store, 0), ScriptedLLM(refuses))
    assert remembered(store)["cr_ann"]["deferred_since"] == AS_OF
    assert decisions(a_night(store, 1)) == {"cr_ann": ("skip", "failed_before")}


def test_an_offline_answer_is_no_reference(store):
    save(store, an_account("ann"), *a_creator("cr_ann", "youtube:id-ann"), *posts(12, BREAD, 0))
    enrich_creators(a_night(store, 0))
    assert remembered(store)["cr_ann"]["reference_posts"] is None


def test_a_creator_that_is_no_more_is_forgotten(answered):
    with answered.writing() as session:
        session.execute(text("DELETE FROM members WHERE creator_id = 'cr_bea'"))
        session.execute(text("DELETE FROM creators WHERE creator_id = 'cr_bea'"))
    enrich_creators(a_night(answered, 1), ScriptedLLM(obedient))
    assert set(remembered(answered)) == {"cr_ann"}


def test_without_its_memory_the_plan_looks_closer_and_decides_the_same(answered):
    """Derived: what is lost is found again, and nothing is paid for."""
    night = a_night(answered, 1)
    before = remembered(answered)
    change(answered, text("DELETE FROM enrichment_states"))
    llm = ScriptedLLM(obedient)
    enrich_creators(night, llm)
    assert llm.requests == []
    after = remembered(answered)
    assert {name: row["reference_posts"] for name, row in after.items()} == dict.fromkeys(before, 12)


@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
def test_a_stretch_of_creators_is_read_from_the_creators(answered):
    """Not from the recipe, of which every vector there is has the same."""
    sql = str(member_fingerprints("a", "z", "r").compile(answered.engine, compile_kwargs={"literal_binds": True}))
    with answered.engine.connect() as connection:
        steps = [row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    assert not any("recipe_fingerprint" in step for step in steps), steps
