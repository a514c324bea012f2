"""Many into one: unit norm, independent of order, weighed as asked, named by a fingerprint of the members."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.fingerprint import fingerprint
from embeddings.aggregate import DAY, Aggregation, Groups, Strategy, weighted_directions
from embeddings.vectors import from_column, normalise, to_column

DIM = 8


def members(count: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    owners = [f"o{owner}" for owner in random.integers(0, 5, count)]
    matrix = normalise(random.standard_normal((count, DIM)).astype(np.float32))
    names = [f"m{row}" for row in range(count)]
    return pa.table({"owner": owners, "member": names, "vector": to_column(matrix)})


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 999))
def test_means_have_unit_norm_and_do_not_depend_on_the_order_of_members(count: int, seed: int):
    rows = members(count, seed)
    shuffled = rows.take(np.random.default_rng(seed + 1).permutation(count))
    groups, again = Groups.of(rows, by=["owner"]), Groups.of(shuffled, by=["owner"])
    assert groups.keys()["owner"].to_pylist() == sorted(set(rows["owner"].to_pylist()))
    assert np.array_equal(groups.directions(DIM), again.directions(DIM))
    assert groups.fingerprints() == again.fingerprints()
    assert np.allclose(np.linalg.norm(groups.directions(DIM), axis=1), 1, atol=1e-5)


def test_a_fingerprint_changes_with_its_members_and_only_with_them():
    rows = members(30, 1)
    before = Groups.of(rows, by=["owner"])
    after = Groups.of(rows.slice(1), by=["owner"])
    changed = {
        owner
        for owner, old, new in zip(
            before.keys()["owner"].to_pylist(), before.fingerprints(), after.fingerprints(), strict=True
        )
        if old != new
    }
    assert changed == {rows["owner"][0].as_py()}


@pytest.mark.parametrize("text", ["plain", 'a "quote"', "back\\slash", "two\nlines", "\x00", "naïve 🎥\u2028\x7f", ""])
@pytest.mark.parametrize("basis", [None, 0, -3, 2**60])
def test_a_fingerprint_is_that_of_the_members_one_by_one(text: str, basis: int | None):
    rows = pa.table(
        {
            "owner": ["b", "a", "a"],
            "member": pa.array([text, "x", text], pa.string()),
            "basis": pa.array([basis, 7, None], pa.int64()),
            "vector": to_column(np.eye(3, dtype="f4")),
        }
    )
    groups = Groups.of(rows, ["owner"])
    members = sorted([(text, None), ("x", 7)])
    assert groups.fingerprints().to_pylist() == [fingerprint(members), fingerprint([(text, basis)])]


def test_no_members_make_no_groups():
    groups = Groups.of(members(1, 0).slice(1), by=["owner"])
    assert groups.keys().num_rows == len(groups.fingerprints()) == len(groups.directions(DIM)) == 0


# --- weights: EMB-05 ------------------------------------------------------------------------------------------------

RECENCY, ENGAGEMENT = Aggregation("recency", half_life_days=30), Aggregation("engagement")
BOTH = pytest.mark.parametrize("aggregation", [RECENCY, ENGAGEMENT], ids=["recency", "engagement"])
_values = st.lists(st.none() | st.integers(0, 4_102_444_800_000_000), min_size=1, max_size=25)


def content(values: list[int | None], seed: int = 0) -> pa.Table:
    """Items of three owners; `values` says when each is from, and how much it engaged."""
    count = len(values)
    matrix = normalise(np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32))
    facts = pa.array(values, pa.int64())
    return pa.table({
        "owner": [f"o{row % 3}" for row in range(count)], "field": ["youtube_content"] * count,
        "member": [f"m{row}" for row in range(count)], "vector": to_column(matrix),
        "seen_at": facts, "engagement": facts,
    })  # fmt: skip


def directions(rows: pa.Table, aggregation: Aggregation) -> np.ndarray:
    members = aggregation.with_basis(rows.drop_columns(["seen_at", "engagement"]), rows, "member")
    return Groups.of(members, by=["owner", "field"]).directions(DIM, aggregation)


@BOTH
@settings(max_examples=60, deadline=None)
@given(values=_values, seed=st.integers(0, 99))
def test_weighed_directions_have_unit_norm_in_any_order(aggregation: Aggregation, values: list[int | None], seed: int):
    rows = content(values, seed)
    shuffled = rows.take(np.random.default_rng(seed + 1).permutation(len(values)))
    found = directions(rows, aggregation)
    assert np.array_equal(found, directions(shuffled, aggregation))
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


@BOTH
@settings(max_examples=30, deadline=None)
@given(value=st.none() | st.integers(0, 2**60), count=st.integers(1, 12))
def test_equal_weights_are_the_mean(aggregation: Aggregation, value: int | None, count: int):
    """All of one day, all liked alike, or nothing known of any: no member counts more than another."""
    rows = content([value] * count)
    assert np.allclose(directions(rows, aggregation), directions(rows, Aggregation()), atol=1e-6)


@BOTH
@given(value=st.none() | st.integers(0, 2**62))
def test_a_single_item_is_itself(aggregation: Aggregation, value: int | None):
    rows = content([value])
    assert np.allclose(directions(rows, aggregation), normalise(from_column(rows["vector"], DIM)), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=20), st.floats(1e-6, 1e6))
def test_only_the_ratio_of_weights_counts(weights: list[float], scale: float):
    matrix = normalise(np.random.default_rng(1).standard_normal((len(weights), DIM)).astype(np.float32))
    starts = np.array([0])
    one, other = (weighted_directions(matrix, np.array(weights) * by, starts) for by in (1.0, scale))
    assert np.allclose(one, other, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.integers(-(10**15), 10**15))
def test_recency_is_relative_to_the_newest_item_and_not_to_the_night(shift: int):
    """The same items a year later make the same row: `as_of` moves nothing."""
    days = [20_000 * DAY, 19_990 * DAY, 19_000 * DAY, 20_010 * DAY]
    assert np.array_equal(
        directions(content(days), RECENCY), directions(content([day + shift for day in days]), RECENCY)
    )


@pytest.mark.parametrize("strategy", ["recency", "engagement"])
def test_the_newer_and_the_more_engaging_count_more(strategy: Strategy):
    rows = content([20_000 * DAY, None, None, 20_090 * DAY])  # m0 and m3 are of one owner
    matrix = normalise(from_column(rows["vector"], DIM))
    if strategy == "engagement":
        rows = content([10, None, None, 10_000])
    toward = matrix @ directions(rows, Aggregation(strategy))[0]
    even = matrix @ directions(rows, Aggregation())[0]
    assert toward[3] > even[3]
    assert toward[0] < even[0]


def test_half_a_life_halves_and_a_doubling_adds_one():
    starts = np.array([0, 3])
    ages = pa.array([100 * DAY, 70 * DAY, 40 * DAY, 5 * DAY, None], pa.int64())
    assert RECENCY.weights(ages, starts).tolist() == [1.0, 0.5, 0.25, 1.0, 1.0]
    bands = pa.array([0, 10, None, None, None], pa.int64())
    assert ENGAGEMENT.weights(bands, starts).tolist() == [1.0, 11.0, 6.0, 1.0, 1.0]


def test_an_unknown_age_counts_as_the_oldest_known():
    ages = pa.array([100 * DAY, 70 * DAY, None], pa.int64())
    assert RECENCY.weights(ages, np.array([0])).tolist() == [1.0, 0.5, 0.5]


def test_a_bio_has_no_weight_of_its_own():
    rows = content([1, None, None, 99 * DAY]).set_column(1, "field", pa.array(["youtube_bio"] * 4))
    assert np.array_equal(directions(rows, RECENCY), directions(rows, Aggregation()))


def test_a_way_of_aggregating_is_part_of_the_recipe_and_the_mean_is_as_ever():
    options = [each.options for each in (Aggregation(), RECENCY, Aggregation("recency", 90), ENGAGEMENT)]
    assert options[0] == {}
    assert len({str(each) for each in options}) == 4
