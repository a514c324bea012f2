"""Who is labelled tonight, and why."""

import pyarrow as pa
import pytest

from enrich.plan import MICROS_PER_DAY, STATES, EnrichmentSettings, plan_enrichment

NOW = 1_000 * MICROS_PER_DAY
SETTINGS = EnrichmentSettings()
#: a paid answer that is old enough, on an input that has changed much: everything but drift would run it
PAID = {
    "input_fingerprint": "new",
    "bucket": "active",
    "answer_input_fingerprint": "old",
    "answer_recipe_fingerprint": "recipe",
    "answer_provenance": "llm",
    "answered_at": NOW - 30 * MICROS_PER_DAY,
    "is_identity_changed": False,
    "new_items": 20,
    "drift": 1.0,
}


def plan(*states, is_paid=True, settings=SETTINGS):
    rows = [{"creator_id": f"cr_{place:04}"} | state for place, state in enumerate(states)]
    frame = pa.Table.from_pylist(rows, STATES)
    planned = plan_enrichment(frame, recipe_fingerprint="recipe", is_paid=is_paid, as_of=NOW, settings=settings)
    return [(row["decision"], row["reason"]) for row in planned.to_pylist()]


def days_ago(days):
    return {"answered_at": NOW - days * MICROS_PER_DAY}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"answer_provenance": None}, ("run", "new"), id="LLM-07: never labelled"),
        pytest.param({"answer_provenance": "offline"}, ("run", "new"), id="an offline answer is provisional"),
        pytest.param(
            {"answer_recipe_fingerprint": "x"}, ("run", "recipe_changed"), id="DRF-03: prompt, model, taxonomy"
        ),
        pytest.param(
            {"input_fingerprint": "old"}, ("skip", "unchanged"), id="LLM-12: the same input is never paid twice"
        ),
        pytest.param(
            {"input_fingerprint": "old", **days_ago(900)},
            ("skip", "unchanged"),
            id="age alone never pays for the same answer",
        ),
        pytest.param(
            {"is_identity_changed": True, **days_ago(1)}, ("run", "identity_changed"), id="DRF-03: merged or split"
        ),
        pytest.param(days_ago(6), ("skip", "cooling_down"), id="LLM-13: asked lately"),
        pytest.param({"bucket": "long_tail", **days_ago(80)}, ("skip", "cooling_down"), id="LLM-13: seldom posts"),
        pytest.param(
            {"bucket": None, **days_ago(80)}, ("skip", "cooling_down"), id="LLM-13: an unknown bucket is the rarest"
        ),
        pytest.param({"new_items": 0, **days_ago(80)}, ("run", "aged"), id="DRF-02: aged and changed"),
        pytest.param({"new_items": 4, "drift": 9.0}, ("skip", "few_new_items"), id="too few new items to tell"),
        pytest.param({"drift": 2.5}, ("run", "drifted"), id="DRF-01, LLM-08: drifted"),
        pytest.param({"drift": 2.4}, ("skip", "not_drifted"), id="not far enough"),
        pytest.param({"drift": None}, ("skip", "not_drifted"), id="drift not measured"),
    ],
)
def test_the_first_rule_that_matches_decides_about_a_paid_answer(change, expected):
    assert plan(PAID | change) == [expected]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"answer_provenance": None}, ("run", "new"), id="never labelled"),
        pytest.param({}, ("skip", "final"), id="a paid answer is not replaced by a free one"),
        pytest.param({"answer_provenance": "offline"}, ("run", "input_changed"), id="a free answer follows its input"),
        pytest.param(
            {"answer_provenance": "offline", "is_identity_changed": True},
            ("run", "identity_changed"),
            id="merged or split",
        ),
        pytest.param(
            {"answer_provenance": "offline", "answer_recipe_fingerprint": "x"}, ("run", "recipe_changed"), id="recipe"
        ),
        pytest.param(
            {"answer_provenance": "offline", "input_fingerprint": "old"}, ("skip", "unchanged"), id="same input"
        ),
    ],
)
def test_without_a_provider_offline_answers_follow_their_input_and_nothing_else(change, expected):
    assert plan(PAID | change, is_paid=False) == [expected]


def test_a_budget_goes_to_the_most_urgent_then_the_most_followed_and_the_rest_is_named():
    """DRF-04: the plan says what it left out."""
    drifted, fresh = PAID | {"drift": 5.0}, {"input_fingerprint": "a"}
    states = [drifted | {"followers": 10**7}, fresh | {"followers": 5}, fresh | {"followers": 9}, fresh]
    planned = plan(*states, settings=EnrichmentSettings(max_creators=2))
    assert planned == [("defer", "drifted"), ("run", "new"), ("run", "new"), ("defer", "new")]


def test_a_changed_recipe_has_a_budget_of_its_own():
    changed = PAID | {"answer_recipe_fingerprint": "x"}
    planned = plan(changed, changed, {}, settings=EnrichmentSettings(max_creators=1, max_recipe_changes=1))
    assert planned == [("run", "recipe_changed"), ("defer", "recipe_changed"), ("run", "new")]


def test_creators_labelled_in_one_night_do_not_all_age_in_one_night():
    """DRF-02: a jitter of up to 15 days around the maximum age."""
    crowd = [PAID | {"new_items": 0, **days_ago(60)} for _ in range(200)]
    aged = plan(*crowd).count(("run", "aged"))
    assert 40 < aged < 160


def test_a_year_of_nights_asks_about_a_quiet_creator_less_often_than_a_busy_one():
    """LLM-13, CST-04: simulated with an input that changes every night and drifts all the time."""
    asked = dict.fromkeys(("active", "semi_active", "long_tail"), 0)
    for bucket in asked:
        last = None
        for night in range(365):
            state = PAID | {"bucket": bucket, "drift": 9.0}
            state |= {"answer_provenance": None} if last is None else days_ago(night - last)
            if plan(state)[0][0] == "run":
                asked[bucket], last = asked[bucket] + 1, night
    assert asked["active"] <= 365 // 7 + 1
    assert asked["semi_active"] <= 365 // 30 + 1
    assert asked["long_tail"] <= 365 // 90 + 1
    assert asked["active"] > asked["semi_active"] > asked["long_tail"] > 0


def test_no_creators_no_plan():
    assert plan() == []
