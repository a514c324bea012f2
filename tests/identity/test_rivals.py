"""Two pairs that want the same place of an account are rivals."""

import random

import numpy as np
import pyarrow as pa
import pytest

from identity.comparisons import RIVAL_MARGINS, RIVALS
from identity.rivals import rival_levels

NONE = RIVALS.index("none")[0]


def levels(pairs: list[tuple[int, int, float]], platforms: list[str]) -> list[int]:
    left, right, weight_bits = (list(side) for side in zip(*pairs, strict=True)) if pairs else ([], [], [])
    frame = pa.table({"left": pa.array(left, pa.int32()), "right": pa.array(right, pa.int32())})
    rows = pa.table({"row": pa.array(range(len(platforms)), pa.int32()), "platform": platforms})
    return rival_levels(frame, rows, np.array(weight_bits, dtype=np.float64)).tolist()


def lead_of(place: int, pairs: list[tuple[int, int, float]], platforms: list[str]) -> float | None:
    """How far a pair is ahead of its best rival, looked for one by one."""
    left, right, bits = pairs[place]
    seats = {(left, platforms[right]), (right, platforms[left])}
    rivals = [
        other_bits
        for other, (one, two, other_bits) in enumerate(pairs)
        if other != place and platforms[one] != platforms[two]
        and seats & {(one, platforms[two]), (two, platforms[one])}
    ]  # fmt: skip
    return bits - max(rivals) if rivals and platforms[left] != platforms[right] else None


def level_of(lead: float | None) -> int:
    return NONE if lead is None else 1 + sum(lead < margin for margin in RIVAL_MARGINS)


def test_random_crowds_have_the_leads_that_a_look_at_every_other_pair_finds():
    random.seed(3)
    for size in (2, 5, 30):
        platforms = [random.choice(["x", "youtube", "tiktok"]) for _ in range(size)]
        ends = sorted({tuple(sorted(random.sample(range(size), 2))) for _ in range(3 * size)})
        pairs = [(one, two, float(random.randint(-4, 12))) for one, two in ends]
        assert levels(pairs, platforms) == [level_of(lead_of(i, pairs, platforms)) for i in range(len(pairs))]


@pytest.mark.parametrize(
    ("pairs", "platforms"),
    [
        ([], ["x", "youtube"]),
        ([(0, 1, 3.0)], ["x", "youtube"]),
        ([(0, 1, 3.0), (0, 2, 3.0)], ["x", "x", "x"]),
        ([(0, 1, 3.0), (0, 2, 3.0)], ["x", "youtube", "tiktok"]),
    ],
    ids=["no pair", "one pair", "one platform", "another platform"],
)
def test_without_a_rival_there_is_no_lead(pairs, platforms):
    assert levels(pairs, platforms) == [NONE] * len(pairs)
