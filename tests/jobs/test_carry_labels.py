"""A changed taxonomy and the answers that are there: what holds is not paid for again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from enrich.taxonomy import TAXONOMY_PATH
from jobs.context import Context
from jobs.embed_accounts import embed_accounts
from jobs.enrich_creators import enrich_creators, enrich_plan
from jobs.explain_labels import explain_labels
from providers.hashing import HashingEmbedder
from providers.scripted import ScriptedLLM
from store.session import Store
from tests.conftest import NewStore
from tests.factories import AS_OF, a_context, an_account
from tests.jobs.test_enrich_creators import a_creator, in_force, obedient, rows, save


def a_night(store: Store, night: int, taxonomy: Path | None = None) -> Context:
    context = a_context(store, llm={"taxonomy": taxonomy})
    context.as_of = AS_OF + timedelta(days=night)
    context.embedder = HashingEmbedder(dim=64)
    return context


def answers(store: Store) -> None:
    """A model calls Ann a cook and Bea a musician."""
    for name, bio in (("ann", "Sourdough bread"), ("bea", "Guitar")):
        save(store, an_account(name, bio=bio), *a_creator(f"cr_{name}", f"youtube:id-{name}"))
    embed_accounts(a_night(store, 0))
    enrich_creators(a_night(store, 0), ScriptedLLM(obedient))


@pytest.fixture
def answered(new_store: NewStore) -> Store:
    return new_store(answers)


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A copy of the shipped taxonomy after `edit(niches by id, content)`, under a version."""

    def write(edit: Any, version: str = "1.1.0") -> Path:
        content = yaml.safe_load(TAXONOMY_PATH.read_text(encoding="utf-8")) | {"taxonomy_version": version}
        edit({niche["id"]: niche for niche in content["niches"]}, content)
        path = tmp_path / f"taxonomy-{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return path

    return write


def retire_food(niches: dict[str, Any], _content: Any) -> None:
    niches["food"]["replaced_by"] = "home"


def reword(niches: dict[str, Any], _content: Any) -> None:
    niches["food"]["definition"] = "Cooking, and eating."


def drop_food(niches: dict[str, Any], content: Any) -> None:
    content["niches"].remove(niches["food"])


def test_creators_of_a_retired_niche_are_relabelled_and_nobody_is_asked(answered, own):
    """DRF-03: a new row, which says so; instant, model and provenance stay, and it cost nothing."""
    before, path, llm = in_force(answered), own(retire_food), ScriptedLLM(obedient)
    report = enrich_creators(a_night(answered, 1, path), llm)
    after = in_force(answered)
    assert (len(llm.requests), report.counts["relabelled"], report.counts["due"]) == (0, 1, 0)
    kept = ("model", "prompt_version", "provenance", "created_at", "input_fingerprint", "llm_summary")
    assert {name: after["cr_ann"][name] for name in kept} == {name: before["cr_ann"][name] for name in kept}
    told = ("primary_niche", "reason", "taxonomy_version", "cost_usd")
    assert tuple(after["cr_ann"][name] for name in told) == ("home", "relabelled", "1.1.0", 0.0)
    assert "relabelled" in after["cr_ann"]["flags"]
    assert after["cr_ann"]["in_force_since"] > before["cr_ann"]["in_force_since"], "an export since then has it"
    assert after["cr_bea"] == before["cr_bea"], "who has no retired label keeps its row"
    assert [row["primary_niche"] for row in rows(answered) if row["creator_id"] == "cr_ann"].count("food") == 1


def test_a_relabelled_night_is_followed_by_one_that_writes_nothing(answered, own):
    path, llm = own(retire_food), ScriptedLLM(obedient)
    for night in (1, 2):
        before = rows(answered)
        report = enrich_creators(a_night(answered, night, path), llm)
    assert rows(answered) == before
    assert (report.counts["relabelled"], report.counts["remembered"], len(llm.requests)) == (0, 0, 0)


def test_without_a_model_a_paid_answer_is_relabelled_all_the_same(answered, own):
    path = own(retire_food)
    enrich_creators(a_night(answered, 1, path))
    assert (in_force(answered)["cr_ann"]["primary_niche"], in_force(answered)["cr_ann"]["provenance"]) == (
        "home",
        "llm",
    )
    llm = ScriptedLLM(obedient)
    enrich_creators(a_night(answered, 2, path), llm)
    assert not llm.requests, "the relabelled row is of the recipe that the model has now"


def test_the_plan_of_a_relabelling_forecasts_no_call_and_writes_nothing(answered, own):
    before = rows(answered)
    planned = enrich_plan(a_night(answered, 1, own(retire_food)), ScriptedLLM(obedient))
    assert set(planned["reason"].to_pylist()) == {"unchanged"}
    assert rows(answered) == before


def test_explain_says_that_a_label_was_replaced(answered, own):
    context = a_night(answered, 1, own(retire_food))
    enrich_creators(context, ScriptedLLM(obedient))
    with context.reading() as session:
        said = " ".join(explain_labels(session, "cr_ann", context.settings.llm))
    assert "retired and replaced" in said
    assert "without asking" in said


@pytest.mark.parametrize(
    ("edit", "version", "due"),
    [
        pytest.param(reword, "1.1.0", set(), id="a reworded definition holds"),
        pytest.param(reword, "1.0.0", set(), id="so it does under the same version"),
        pytest.param(drop_food, "1.1.0", {"cr_ann"}, id="a label that is gone and was not replaced is asked for"),
        pytest.param(reword, "2.0.0", {"cr_ann", "cr_bea"}, id="a new major version asks about all"),
        pytest.param(retire_food, "2.0.0", {"cr_ann", "cr_bea"}, id="the retired ones with them"),
    ],
)
def test_a_changed_taxonomy_asks_only_where_labels_do_not_hold(answered, own, edit, version, due):
    """DRF-03."""
    planned = enrich_plan(a_night(answered, 1, own(edit, version)), ScriptedLLM(obedient)).to_pylist()
    assert {row["creator_id"] for row in planned if row["reason"] == "recipe_changed"} == due
    llm = ScriptedLLM(obedient)
    enrich_creators(a_night(answered, 1, own(edit, version)), llm)
    assert (len(llm.requests) > 0) == bool(due)


def test_another_model_or_prompt_is_another_recipe_whatever_the_taxonomy(answered, own):
    planned = enrich_plan(a_night(answered, 1, own(reword)), ScriptedLLM(obedient, id="another/1"))
    assert set(planned["reason"].to_pylist()) == {"recipe_changed"}


def test_a_creator_is_asked_by_the_niches_of_ones_own(answered, own):
    """Prompt, schema and check of the answer go by the same file."""

    def rename(niches: dict[str, Any], content: Any) -> None:
        drop_food(niches, content)
        chess = {"id": "chess", "label": "Chess", "definition": "Chess.", "not": "Games.", "sub": [
            {"id": "chess.openings", "label": "Openings", "definition": "Openings."}]}  # fmt: skip
        content["niches"].append(chess)

    llm = ScriptedLLM(lambda request: obedient(request).replace('"food"', '"chess"'))
    enrich_creators(a_night(answered, 1, own(rename)), llm)
    assert in_force(answered)["cr_ann"]["primary_niche"] == "chess"
    assert "chess.openings" in llm.requests[0].schema["properties"]["secondary_niches"]["items"]["enum"]
    assert "food" not in llm.requests[0].schema["properties"]["primary_niche"]["enum"]


def test_who_waited_too_long_is_counted(answered):
    """DRF-04: more nights than `max_deferred_nights` without a turn are reported."""
    save(answered, an_account("cy", bio="Chess"), *a_creator("cr_cy", "youtube:id-cy"))
    counts = []
    for night in (1, 3, 4):
        context = a_night(answered, night)
        llm = context.settings.llm.model_copy(update={"max_creators": 0, "max_deferred_nights": 2})
        context.settings = context.settings.model_copy(update={"llm": llm})
        counts.append(enrich_creators(context, ScriptedLLM(obedient)).counts["overdue"])
    assert counts == [0, 0, 1]
