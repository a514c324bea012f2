"""From which score the offline classifier may have the last word, by what stands in the store."""

import pytest
from sqlmodel import SQLModel

from base.errors import SourceError
from enrich.enricher import Enricher
from enrich.taxonomy import load_taxonomy
from jobs.calibrate_cascade import calibrate_cascade
from jobs.cascade import cascade_of
from jobs.context import Context
from jobs.enrich_creators import PROMPT
from prompts.catalog import load_prompt
from providers.hashing import HashingEmbedder
from store.session import Store
from store.tables import Creator, CreatorMember
from tests.conftest import NewStore
from tests.factories import AS_OF, a_context, an_account, an_item

CREATORS = 400


def rows_of(number: int) -> list[SQLModel]:
    """Every other creator bakes, and says so; the rest say a word that is about nothing."""
    name, creator_id = f"c{number:03d}", f"cr_{number:03d}"
    key = f"youtube:id-{name}"
    text = "Sourdough bread recipe" if number % 2 == 0 else "hello"
    return [
        an_account(name, bio=text),
        an_item(key, f"v{number}", title_or_caption=text),
        Creator(
            creator_id=creator_id, name=name, anchor_account_key=key, platforms="[]", account_count=1,
            followers_by_platform="{}", first_seen=AS_OF, updated_at=AS_OF,
        ),
        CreatorMember(account_key=key, creator_id=creator_id, since=AS_OF),
    ]  # fmt: skip


def bake(store: Store) -> None:
    with store.writing() as session:
        session.add_all([row for number in range(CREATORS) for row in rows_of(number)])


@pytest.fixture
def bakers(new_store: NewStore) -> Context:
    context = a_context(new_store(bake))
    context.embedder = HashingEmbedder()
    return context


def labels_file(folder, baker="food", other="pets"):
    path = folder / "labels.csv"
    lines = [f"cr_{number:03d},{baker if number % 2 == 0 else other}" for number in range(CREATORS)]
    path.write_text("\n".join(["creator_id,primary_niche", *lines, "cr_unknown,food"]))
    return path


def test_clear_cases_that_agree_give_a_score_to_set(bakers, tmp_path):
    report = calibrate_cascade(bakers, 0.95, labels_file(tmp_path))
    (chosen,) = report["chosen"]
    assert report["creators"] == CREATORS
    assert report["holds"]
    assert report["cascade_min_score"] > 0
    assert 0.4 < chosen["share"] < 0.6
    assert chosen["low"] >= 0.95


def test_clear_cases_that_disagree_give_none(bakers, tmp_path):
    report = calibrate_cascade(bakers, 0.95, labels_file(tmp_path, baker="music"))
    assert (report["cascade_min_score"], report["holds"]) == (None, False)


def test_without_answers_of_models_there_is_nothing_to_compare_with(bakers):
    assert calibrate_cascade(bakers, 0.95)["creators"] == 0


def test_a_file_without_niches_is_refused(bakers, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("creator_id\ncr_001\n")
    with pytest.raises(SourceError, match="primary_niche"):
        calibrate_cascade(bakers, 0.95, path)


def test_the_cascade_is_off_until_a_score_is_set_and_when_nobody_is_paid(store):
    def off(**llm):
        context = a_context(store, llm=llm)
        context.embedder = HashingEmbedder()
        return context

    asked = Enricher("scripted/1", load_prompt(*PROMPT), load_taxonomy())
    assert cascade_of(off(), asked) is None
    on = off(cascade_min_score=2.0)
    assert cascade_of(on, on.offline_classifier) is None
    cascade = cascade_of(on, asked)
    assert cascade is not None
    assert cascade.recipe.options["min_score"] == 2.0
