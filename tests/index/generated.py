"""Any number of creators at random, for laws that must hold whatever the rows are."""

import random
from typing import Any

from tests.index.snapshots import a_creator

WORDS = (
    *("home", "gym", "yoga", "run", "lift", "stretch", "bread", "cake", "oven", "knead", "paint", "oil", "brush"),
    *("canvas", "hike", "trail", "camp", "stove", "drum", "piano", "chord", "song", "violin", "code", "rust"),
    *("café", "über", "東京カメラ", "योग"),
)


def some_creators(count: int, seed: int = 0) -> list[dict[str, Any]]:
    dice = random.Random(seed)
    return [_one(dice, number) for number in range(count)]


def _one(dice: random.Random, number: int) -> dict[str, Any]:
    platforms = dice.sample(["youtube", "instagram", "tiktok", "zz"], dice.randint(1, 3))
    niche = dice.choice(["fitness", "food", "other", None])
    return a_creator(
        f"c{number:04}",
        followers={platform: dice.choice([None, 0, 9_999, 10_000, 250_000, 2_000_000]) for platform in platforms},
        bio=_words(dice, 12),
        titles=[_words(dice, 6) for _ in range(dice.randint(0, 4))],
        niche=niche,
        secondary=dice.sample(["fitness.home_workouts", "food.baking"], dice.randint(0, 2)) if niche else [],
        style=dice.choice(["tutorial", "vlog", None]),
        language=dice.choice(["en", "es", None]),
        country=dice.choice(["US", "DE", None]),
        activity=dice.choice(["active", "semi_active", "long_tail", None]),
        likes=dice.choice([None, 0, 30, 500]),
        views=dice.choice([None, 0, 1_000]),
    )


def _words(dice: random.Random, most: int) -> str:
    return " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, most)))
