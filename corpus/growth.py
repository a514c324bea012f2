"""Weekly counts of an account before its delivery: the same account and seed give the same series.

Every account grows in one of five ways; the series ends with the numbers that the account is delivered with. On the
day YouTube redefines a view, its channels begin to gain more views for the same audience.
"""

import zlib
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from base.clock import to_micros
from corpus.accounts import Account
from corpus.reference import VIEWS_REDEFINED, WEEK

#: way of growing → share of accounts
GROWTHS = {"stable": 0.55, "spike": 0.12, "breakout": 0.08, "decline": 0.12, "seasonal": 0.13}
#: weeks from one high season to the next, and how far it lifts an audience
SEASON_WEEKS, SEASON_LIFT = 13, 0.25
#: weeks in which most of a spike is lost again
SPIKE_WEEKS = 4
POSTS_PER_WEEK = {"active": 2.8, "semi": 0.6, "tail": 0.15}


@dataclass(frozen=True, slots=True)
class WeeklyCounts:
    """One account in one week. `followers` None: the platform hides them."""

    as_of: int
    followers: int | None
    views: int
    content_count: int


def growth_of(account_key: str, seed: int) -> str:
    """How an account grows: a word of GROWTHS."""
    dice = zlib.crc32(f"growth:{seed}:{account_key}".encode()) / 2**32
    edges = zip(GROWTHS, accumulate(GROWTHS.values()), strict=True)
    return next((kind for kind, edge in edges if dice < edge), "stable")


def weekly_counts(account: Account, seed: int, weeks: int, total_views: int) -> list[WeeklyCounts]:
    """The counts of the weeks before the delivery, oldest first, `weeks - 1` at most; none before the account began."""
    rng = Random(f"weeks:{seed}:{account.account_key}")
    kind = growth_of(account.account_key, seed)
    levels = _levels(rng, kind, weeks)
    gained = _views_gained(rng, kind, levels, account, total_views)
    posts = POSTS_PER_WEEK[account.activity]
    counts = []
    for week in range(weeks - 1):
        ago = weeks - 1 - week
        as_of = account.fetched_at - ago * WEEK
        if as_of <= account.created_at:
            continue
        counts.append(
            WeeklyCounts(
                as_of=as_of,
                followers=None if account.followers is None else _shown(account, levels[week]),
                views=total_views - sum(gained[week + 1 :]),
                content_count=max(0, account.content_count - int(posts * ago)),
            )
        )
    return counts


def _levels(rng: Random, kind: str, weeks: int) -> list[float]:
    """Followers per week, as a share of those at the end."""
    level = 1.0
    levels = [level]
    for rate in reversed(_rates(rng, kind, weeks)):
        level /= 1 + rate
        levels.append(level)
    return levels[::-1]


def _rates(rng: Random, kind: str, weeks: int) -> list[float]:
    """Growth from each week to the next."""
    steady = rng.uniform(-0.002, 0.004)
    rates = [steady + rng.uniform(-0.003, 0.003) for _ in range(weeks - 1)]
    turn = int(weeks * rng.uniform(0.4, 0.7))
    if kind == "spike":
        _add(rates, turn, 1, rng.uniform(0.4, 0.9))
        _add(rates, turn + 1, SPIKE_WEEKS, -rng.uniform(0.06, 0.1))
    elif kind == "breakout":
        _add(rates, turn, weeks, rng.uniform(0.08, 0.16))
    elif kind == "decline":
        _add(rates, 0, weeks, -rng.uniform(0.012, 0.03))
    elif kind == "seasonal":
        phase = rng.randrange(SEASON_WEEKS)
        waves = [1 + SEASON_LIFT * _wave(week + phase) for week in range(weeks)]
        rates = [rate + after / before - 1 for rate, before, after in zip(rates, waves, waves[1:], strict=False)]
    return rates


def _add(rates: list[float], start: int, count: int, rate: float) -> None:
    for week in range(start, min(start + count, len(rates))):
        rates[week] += rate


def _wave(week: int) -> float:
    """A triangle between 0 and 1: a sine would differ by machine in its last digits."""
    place = week % SEASON_WEEKS / SEASON_WEEKS
    return 2 * min(place, 1 - place)


def _views_gained(rng: Random, kind: str, levels: list[float], account: Account, total_views: int) -> list[int]:
    """Views that each week adds: an audience's share, more in the week of a jump, more under the later definition."""
    share, more = rng.uniform(0.2, 0.6), rng.uniform(1.3, 2.0)
    redefined = to_micros(VIEWS_REDEFINED)
    gained = []
    for week, level in enumerate(levels):
        jump = level / levels[week - 1] - 1 if week else 0.0
        views = share * level * (1 + 3 * max(0.0, jump)) if kind in {"spike", "breakout"} else share * level
        as_of = account.fetched_at - (len(levels) - 1 - week) * WEEK
        gained.append(views * more if account.platform == "youtube" and as_of >= redefined else views)
    # At most half of an account's views are this young.
    audience = account.followers or 5000
    scale = min(float(audience), 0.5 * total_views / sum(gained))
    return [int(views * scale) for views in gained]


def _shown(account: Account, level: float) -> int:
    followers = int((account.followers or 0) * level)
    if account.platform != "youtube":
        return followers
    magnitude: int = 10 ** max(0, len(str(followers)) - 3)
    return followers // magnitude * magnitude
