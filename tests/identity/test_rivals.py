"""Pairs that want the same account."""

import random

import numpy as np
import pyarrow as pa
import pytest

import identity.rivals
from identity.comparisons import RIVAL_MARGINS, RIVALS
from identity.rivals import Standing, rival_levels, rival_levels_beside

PLATFORMS = ["x", "youtube", "youtube", "tiktok", "x"]
Triple = tuple[int, int, float]


def levels(*triples: Triple, platforms: list[str] = PLATFORMS) -> list[str]:
    left, right, bits = zip(*triples, strict=True) if triples else ((), (), ())
    pairs = pa.table({"left": pa.array(left, pa.int32()), "right": pa.array(right, pa.int32())})
    rows = pa.table({"row": pa.array(range(len(platforms)), pa.int32()), "platform": platforms})
    return [RIVALS.levels[level].name for level in rival_levels(pairs, rows, np.array(bits, np.float64))]


def test_two_accounts_of_one_platform_that_fit_one_account_are_rivals():
    assert levels((0, 1, 5.0), (0, 2, 4.0)) == ["level", "level"]
    assert levels((0, 1, 9.0), (0, 2, 0.0)) == ["behind", "far_ahead"]
    assert levels((0, 1, 12.0), (0, 2, 9.0)) == ["close_behind", "ahead"]
    assert levels((0, 1, 22.0), (0, 2, 9.0))[0] == "far_behind"


def test_accounts_of_different_platforms_are_not():
    assert levels((0, 1, 5.0), (0, 3, 5.0)) == ["none", "none"]


def test_a_pair_of_one_platform_neither_has_nor_is_a_rival():
    assert levels((0, 1, 5.0), (0, 4, 5.0), (1, 2, 5.0)) == ["none", "none", "none"]


def test_the_stronger_of_the_rivals_on_either_side_counts():
    assert levels((0, 1, 5.0), (0, 2, 1.0), (1, 4, 8.0)) == ["ahead", "ahead", "close_behind"]


def test_no_pair_has_no_rival():
    assert levels() == []


@pytest.mark.parametrize("bids_at_once", [3, 1_000_000], ids=["a few bids at once", "all at once"])
def test_random_crowds_have_the_rivals_that_a_look_at_every_other_pair_finds(
    monkeypatch: pytest.MonkeyPatch, bids_at_once: int
):
    monkeypatch.setattr(identity.rivals, "BIDS_AT_ONCE", bids_at_once)
    random.seed(3)
    for size in (2, 5, 30):
        platforms = random.choices(["x", "youtube", "tiktok"], k=size)
        ends = sorted({tuple(sorted(random.sample(range(size), 2))) for _ in range(3 * size)})
        pairs = [(one, two, float(random.randint(-4, 12))) for one, two in ends]
        looked_up = [_level_of(place, pairs, platforms) for place in range(len(pairs))]
        assert levels(*pairs, platforms=platforms) == looked_up


def test_pairs_whose_rivals_neither_moved_nor_left_stand():
    random.seed(4)
    for _ in range(20):
        rows = pa.table({"row": pa.array(range(30), pa.int32()), "platform": random.choices("abc", k=30)})
        ends = sorted({tuple(sorted(random.sample(range(30), 2))) for _ in range(60)})
        pairs = pa.table(
            {side: pa.array([pair[at] for pair in ends], pa.int32()) for at, side in enumerate(("left", "right"))}
        )
        before = np.array(random.choices(range(-4, 12), k=len(ends)), np.float64)
        moved = random.sample(range(len(ends)), 6)
        now = before.copy()
        now[moved] += random.choice((-5, 5))
        stays = np.array([random.random() < 0.9 for _ in ends])
        changed = np.isin(np.arange(len(ends)), moved)
        left = [
            (row, rows["platform"][other].as_py())
            for place in np.flatnonzero(~stays)
            for row, other in (ends[place], ends[place][::-1])
        ]
        standing = Standing(
            rival_levels(pairs, rows, before)[stays],
            changed[stays],
            pa.table({"row": [row for row, _ in left], "platform": pa.array([on for _, on in left], pa.string())}),
        )
        tonight = pairs.filter(pa.array(stays)), rows, now[stays]
        assert rival_levels_beside(*tonight, standing).tolist() == rival_levels(*tonight).tolist()


def _level_of(place: int, pairs: list[Triple], platforms: list[str]) -> str:
    seats = _seats(pairs[place], platforms)
    rivals = [other for at, other in enumerate(pairs) if at != place and seats & _seats(other, platforms)]
    if not rivals:
        return "none"
    lead = pairs[place][2] - max(bits for _, _, bits in rivals)
    return RIVALS.levels[1 + sum(lead < margin for margin in RIVAL_MARGINS)].name


def _seats(pair: Triple, platforms: list[str]) -> set[tuple[int, str]]:
    left, right, _ = pair
    return set() if platforms[left] == platforms[right] else {(left, platforms[right]), (right, platforms[left])}
