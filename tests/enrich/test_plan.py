"""Who is labelled tonight, and why."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.columns import hashed
from enrich.plan import MICROS_PER_DAY, STATES, EnrichmentSettings, decide, plan_enrichment

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
    "is_drift_news": True,
    "streak": 0,
}


def planned(*states, is_paid=True, settings=SETTINGS, now=NOW):
    rows = [{"creator_id": f"cr_{place:04}"} | state for place, state in enumerate(states)]
    frame = pa.Table.from_pylist(rows, STATES)
    return plan_enrichment(
        frame, recipe_fingerprint="recipe", is_paid=is_paid, as_of=now, settings=settings
    ).to_pylist()


def plan(*states, **options):
    return [(row["decision"], row["reason"]) for row in planned(*states, **options)]


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
    found = plan(*states, settings=EnrichmentSettings(max_creators=2))
    assert found == [("defer", "drifted"), ("run", "new"), ("run", "new"), ("defer", "new")]


def test_a_changed_recipe_has_a_budget_of_its_own():
    changed = PAID | {"answer_recipe_fingerprint": "x"}
    found = plan(changed, changed, {}, settings=EnrichmentSettings(max_creators=1, max_recipe_changes=1))
    assert found == [("run", "recipe_changed"), ("defer", "recipe_changed"), ("run", "new")]


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


# --- drift over nights --------------------------------------------------------------------------------------------


def nights_of(*shifts, streak=0):
    """Decisions of nights in which the shift was measured as given, None where nothing new was posted."""
    found = []
    for drift in shifts:
        state = PAID | {"streak": streak, "drift": drift or 1.7, "is_drift_news": drift is not None}
        (row,) = planned(state)
        streak = row["streak"]
        found.append((row["decision"], streak))
    return found


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        pytest.param([1.7, 1.7, 1.7], [("skip", 1), ("skip", 2), ("run", 3)], id="three soft nights"),
        pytest.param([2.5], [("run", 1)], id="one hard night"),
        pytest.param([1.7, 1.7, 1.4, 1.7], [("skip", 1), ("skip", 2), ("skip", 2), ("run", 3)], id="a dip is forgiven"),
        pytest.param([1.7, 1.7, 1.3, 1.7], [("skip", 1), ("skip", 2), ("skip", 0), ("skip", 1)], id="a fall is not"),
        pytest.param([1.7, None, None, None], [("skip", 1)] * 4, id="a night without news is no evaluation"),
        pytest.param([1.0, 1.0, 1.0], [("skip", 0)] * 3, id="chance"),
    ],
)
def test_a_soft_shift_must_be_found_in_three_nights_with_news(shifts, expected):
    """DRF-01: hysteresis."""
    assert nights_of(*shifts) == expected


@given(st.lists(st.one_of(st.none(), st.floats(0, 4)), max_size=30))
def test_a_streak_follows_its_ten_line_rule(shifts):
    expected, streak = [], 0
    for shift in shifts:
        if shift is not None and shift >= SETTINGS.soft_drift:
            streak += 1
        elif shift is not None and shift < 0.85 * SETTINGS.soft_drift:
            streak = 0
        expected.append(streak)
    assert [
        streak for _, streak in nights_of(*(shift if shift is None else max(shift, 0.01) for shift in shifts))
    ] == expected


def test_who_is_deferred_keeps_streak_and_place():
    drifted = PAID | {"drift": 1.7, "streak": 2, "deferred_since": NOW - 3 * MICROS_PER_DAY}
    (row,) = planned(drifted, settings=EnrichmentSettings(max_creators=0))
    assert (row["decision"], row["streak"], row["deferred_since"]) == ("defer", 3, NOW - 3 * MICROS_PER_DAY)
    (row,) = planned(drifted)
    assert (row["decision"], row["deferred_since"]) == ("run", NOW - 3 * MICROS_PER_DAY), "until there is an answer"


# --- the budget -----------------------------------------------------------------------------------------------------

STATE = st.fixed_dictionaries(
    {
        "answer_provenance": st.sampled_from([None, "offline", "llm"]),
        "answer_recipe_fingerprint": st.sampled_from(["recipe", "x"]),
        "followers": st.one_of(st.none(), st.integers(0, 10**7)),
        "drift": st.one_of(st.none(), st.floats(0, 5)),
        "answered_at": st.sampled_from([NOW, NOW - 30 * MICROS_PER_DAY, NOW - 300 * MICROS_PER_DAY]),
        "deferred_since": st.sampled_from([None, NOW - MICROS_PER_DAY, NOW - 9 * MICROS_PER_DAY]),
    }
)


LIMITS = st.builds(EnrichmentSettings, max_creators=st.integers(0, 10), max_recipe_changes=st.integers(0, 10))


@given(st.lists(STATE, max_size=25), LIMITS)
def test_no_limit_is_ever_exceeded_and_whoever_runs_has_a_turn(changes, settings):
    """DRF-04."""
    rows = planned(*(PAID | change for change in changes), settings=settings)
    runs = [row for row in rows if row["decision"] == "run"]
    assert sum(row["reason"] != "recipe_changed" for row in runs) <= settings.max_creators
    assert sum(row["reason"] == "recipe_changed" for row in runs) <= settings.max_recipe_changes
    assert sorted(row["turn"] for row in runs) == list(range(len(runs)))
    assert {row["turn"] for row in rows if row["decision"] != "run"} <= {None}


@given(st.lists(STATE, min_size=2, max_size=12), LIMITS, st.randoms(use_true_random=False))
def test_the_order_of_creators_does_not_matter(changes, settings, random):
    states = [PAID | change | {"creator_id": f"cr_{place:04}"} for place, change in enumerate(changes)]
    shuffled = random.sample(states, len(states))
    one, other = ({row["creator_id"]: row for row in planned(*some, settings=settings)} for some in (states, shuffled))
    assert one == other


def test_the_same_night_run_again_has_no_second_budget():
    done = PAID | {"answered_at": NOW, "answer_input_fingerprint": "new", "answer_reason": "new"}
    found = plan(done, {"input_fingerprint": "a"}, settings=EnrichmentSettings(max_creators=1))
    assert found == [("skip", "unchanged"), ("defer", "new")]


def test_the_most_urgent_comes_first_then_the_most_followed_and_a_changed_recipe_last():
    drifted, fresh = PAID | {"drift": 5.0, "followers": 10**7}, {"input_fingerprint": "a"}
    states = [PAID | {"answer_recipe_fingerprint": "x"}, drifted, fresh | {"followers": 5}, fresh | {"followers": 9}]
    assert [row["turn"] for row in planned(*states)] == [3, 2, 1, 0]
    assert planned(*states, is_paid=False)[2]["turn"] is None


def test_what_drifted_far_and_is_read_by_many_comes_first():
    drifted = [
        PAID | {"drift": drift, "followers": followers} for drift, followers in ((3.0, 10), (3.0, 10**6), (9.0, 10))
    ]
    found = plan(*drifted, settings=EnrichmentSettings(max_creators=2))
    assert found == [("defer", "drifted"), ("run", "drifted"), ("run", "drifted")]


def test_nobody_starves_while_the_budget_covers_those_who_come():
    """DRF-04: small creators with a mild drift wait behind urgent ones, and no longer than fourteen nights."""
    settings = EnrichmentSettings(max_creators=10)
    quiet = {f"cr_quiet{place}": PAID | {"drift": 2.5, "followers": 0} for place in range(20)}
    waiting, longest = dict(quiet), 0
    for night in range(60):
        now = NOW + night * MICROS_PER_DAY
        loud = {f"cr_loud{night}_{place}": PAID | {"drift": 9.0, "followers": 10**6} for place in range(9)}
        waiting |= loud
        states = [
            state | {"creator_id": name, "answered_at": now - 30 * MICROS_PER_DAY} for name, state in waiting.items()
        ]
        for row in planned(*states, settings=settings, now=now):
            if row["decision"] == "run":
                since = waiting.pop(row["creator_id"]).get("deferred_since") or now
                longest = max(longest, (now - since) // MICROS_PER_DAY)
            else:
                waiting[row["creator_id"]] = waiting[row["creator_id"]] | {"deferred_since": row["deferred_since"]}
    assert not set(quiet) & set(waiting)
    assert longest <= settings.max_deferred_nights


def test_ids_are_spread_evenly_over_the_nights():
    """A hash, not a sum of letters: each of the 31 days gets its share."""
    days = hashed(pa.chunked_array([[f"cr_{place:016}" for place in range(31_000)]])) % np.uint64(31)
    shares = np.bincount(days.astype(int), minlength=31)
    assert shares.min() > 850
    assert shares.max() < 1_150


def test_one_creator_is_decided_about_as_in_a_crowd():
    decided = decide(
        {"creator_id": "cr_0000"} | PAID | {"drift": 2.5}, NOW, recipe_fingerprint="recipe", settings=SETTINGS
    )
    assert (decided.decision, decided.reason, decided.streak) == ("run", "drifted", 1)


def test_no_creators_no_plan():
    assert plan() == []
