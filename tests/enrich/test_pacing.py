"""A model is asked as fast as it allows and no faster; every instant here is a number."""

import math

import pytest

from enrich.pacing import Pace, PacingSettings
from providers.llm import RateLimits


def a_pace(**settings: int) -> Pace:
    return Pace(PacingSettings(**settings))


def leave(pace: Pace, now: float, tokens: int = 100) -> float:
    """When the call really leaves: waits as long as it is told."""
    while wait := pace.wait_seconds(tokens, now):
        now += wait
    pace.left(tokens, now)
    return now


def sent_within(pace: Pace, seconds: float, tokens: int = 100) -> int:
    """How many calls leave when each is answered at once."""
    now, sent = 0.0, 0
    while (now := leave(pace, now, tokens)) < seconds:
        pace.answered(None, now)
        sent += 1
    return sent


def test_without_limits_only_the_window_holds_calls_back():
    pace = a_pace(concurrency=2)
    assert [pace.wait_seconds(10**9, 0.0) for _ in range(2)] == [0, 0]
    pace.left(1, 0.0)
    pace.left(1, 0.0)
    assert pace.wait_seconds(1, 0.0) == math.inf
    pace.answered(None, 1.0)
    assert pace.wait_seconds(1, 1.0) == 0


@pytest.mark.parametrize(
    ("settings", "tokens", "a_minute"),
    [
        pytest.param({"requests_per_minute": 600}, 100, 600, id="requests"),
        pytest.param({"tokens_per_minute": 60_000}, 100, 600, id="tokens"),
        pytest.param({"requests_per_minute": 600, "tokens_per_minute": 6_000}, 100, 60, id="the tighter of both"),
        pytest.param({"tokens_per_minute": 60}, 1_000, 0.06, id="a call larger than the bucket still leaves"),
    ],
)
def test_a_rate_is_kept_over_ten_minutes(settings, tokens, a_minute):
    sent = sent_within(a_pace(**settings), 600, tokens)
    assert a_minute * 10 * 0.5 <= sent <= a_minute * 10 + a_minute / 6 + 1


def test_limits_are_learnt_from_answers_and_the_settings_stay_an_upper_bound():
    pace = a_pace(requests_per_minute=120)
    pace.left(1, 0.0)
    pace.answered(RateLimits(limit_requests=60, remaining_requests=0), 0.0)
    assert pace.wait_seconds(1, 0.0) == pytest.approx(1)
    pace.answered(RateLimits(limit_requests=6_000, remaining_requests=6_000), 10.0)
    assert sent_within(pace, 60) <= 120 + 10


def test_what_the_provider_says_is_left_counts_more_than_our_own_sum():
    """Somebody else may be using the same key."""
    pace = a_pace()
    pace.left(1, 0.0)
    pace.answered(RateLimits(limit_tokens=6_000, remaining_tokens=50), 0.0)
    assert pace.wait_seconds(100, 0.0) == pytest.approx(0.5)


def test_a_refusal_pauses_everyone_until_the_provider_says_and_halves_the_window():
    pace = a_pace(concurrency=8)
    for _ in range(8):
        pace.left(1, 0.0)
    for _ in range(5):  # five of one burst are one refusal
        pace.refused(3.0, 0.1)
    assert pace.wait_seconds(1, 0.1) == pytest.approx(3.0)
    assert int(pace.window) == 4
    assert pace.wait_seconds(1, 3.2) == 0


def test_refusals_without_a_time_wait_longer_and_longer():
    pace, now, pauses = a_pace(concurrency=64), 0.0, []
    for _ in range(8):
        pace.left(1, now)
        pace.refused(None, now)
        pauses.append(pace.wait_seconds(1, now))
        now = pace.paused_until
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pace.window == 1


def test_the_window_grows_by_one_per_window_of_answers_and_not_beyond_the_settings():
    pace = a_pace(concurrency=8)
    pace.left(1, 0.0)
    pace.refused(0.0, 0.0)
    for _ in range(5):
        pace.left(1, 1.0)
        pace.answered(None, 1.0)
    assert int(pace.window) == 5
    for _ in range(100):
        pace.left(1, 1.0)
        pace.answered(None, 1.0)
    assert pace.window == 8
