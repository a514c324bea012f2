"""Drift: chance gives 1 at any number of posts, a switch of subject gives more, and a repost gives nothing."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.drift import Windows, shift
from embeddings.vectors import normalise, to_column

DIM = 32


def posts(matrix, owner="cr_a", texts=None):
    """A frame of one creator's posts."""
    texts = texts or [f"text-{row:04}" for row in range(len(matrix))]
    columns = [pa.array([owner] * len(matrix), pa.string()), pa.array(texts, pa.string()), to_column(matrix)]
    return pa.table(columns, ["creator_id", "input_fingerprint", "vector"])


def window(matrix, **names):
    return Windows.of(posts(matrix, **names), matrix.shape[1])


def crowd(creators, count, random, subject=None):
    """`count` posts of each of many creators about one subject: unit vectors around it, shape (creators * count, d)."""
    subject = np.zeros(DIM) if subject is None else subject
    return normalise((subject + random.standard_normal((creators * count, DIM)) / DIM**0.5).astype("f4"))


def windows_of_crowd(matrix, count):
    creators = len(matrix) // count
    owners = [f"cr_{creator:05}" for creator in range(creators) for _ in range(count)]
    texts = [f"t{row}" for row in range(len(matrix))]
    frame = pa.table({"creator_id": owners, "input_fingerprint": texts, "vector": to_column(matrix)})
    return Windows.of(frame, DIM)


def naive_shift(new, reference):
    """The formula, for one creator, from the posts themselves."""
    moved = np.sum((new.mean(axis=0) - reference.mean(axis=0)) ** 2)
    scatter = sum(np.sum((side - side.mean(axis=0)) ** 2) for side in (new, reference))
    variance = scatter / (len(new) + len(reference) - 2)
    return moved / (variance * (1 / len(new) + 1 / len(reference)))


@pytest.mark.parametrize("n_new", [5, 10, 20, 40])
def test_an_unchanged_creator_is_flagged_in_one_of_twenty_cases_at_most(n_new):
    """DRF-01: the false-alarm rate, and the mean of 1, do not depend on the number of posts."""
    random = np.random.default_rng(n_new)
    subject = np.eye(DIM)[0]
    new, reference = crowd(1_000, n_new, random, subject), crowd(1_000, 30, random, subject)
    found = shift(windows_of_crowd(new, n_new), windows_of_crowd(reference, 30))
    assert found.mean() == pytest.approx(1, abs=0.05)
    assert (found >= 1.6).mean() <= 0.05


def test_a_switch_of_subject_is_seen_within_five_posts():
    """DRF-01."""
    random = np.random.default_rng(0)
    new, reference = crowd(500, 5, random, np.eye(DIM)[1]), crowd(500, 30, random, np.eye(DIM)[0])
    assert (shift(windows_of_crowd(new, 5), windows_of_crowd(reference, 30)) >= 1.6).mean() >= 0.97


@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 10_000))
def test_sums_give_what_the_posts_themselves_give(n_new, n_ref, seed):
    random = np.random.default_rng(seed)
    new, reference = (crowd(1, count, random).astype("f2").astype("f4") for count in (n_new, n_ref))
    found = shift(window(new), window(reference))
    assert found[0] == pytest.approx(naive_shift(new.astype(float), reference.astype(float)), rel=1e-4)


@given(st.permutations(range(40)))
def test_the_order_of_posts_does_not_matter(order):
    random = np.random.default_rng(1)
    frame = pa.concat_tables([posts(crowd(1, 20, random), owner) for owner in ("cr_a", "cr_b")])
    one, other = Windows.of(frame, DIM), Windows.of(frame.take(list(order)), DIM)
    assert one.ids == other.ids
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("counts", "sums", "squares")), (
        "the same bytes"
    )


@given(st.sampled_from([2.0**power for power in range(-4, 8)]))
def test_the_scale_of_vectors_does_not_matter(scale):
    random = np.random.default_rng(2)
    new, reference = crowd(1, 8, random), crowd(1, 30, random)
    plain, scaled = (shift(window(factor * new), window(factor * reference)) for factor in (1.0, scale))
    assert scaled[0] == pytest.approx(plain[0], rel=1e-3)


def test_a_text_posted_many_times_counts_once():
    random = np.random.default_rng(3)
    matrix = crowd(1, 12, random)
    texts = [f"text-{row}" for row in range(12)]
    often = window(np.repeat(matrix, 5, axis=0), texts=[text for text in texts for _ in range(5)])
    once = window(matrix, texts=texts)
    assert (often.counts.tolist(), once.counts.tolist()) == ([12], [12])
    assert np.array_equal(often.sums, once.sums)
    assert shift(often, window(crowd(1, 30, random)))[0] < 1.6, "reposting is no drift"


def test_two_creators_may_post_the_same_text():
    matrix = crowd(1, 3, np.random.default_rng(4))
    both = pa.concat_tables([posts(matrix, "cr_a"), posts(matrix, "cr_b")])
    assert Windows.of(both, DIM).counts.tolist() == [3, 3]


@pytest.mark.parametrize(("n_new", "n_ref"), [(0, 5), (1, 5), (5, 1), (1, 1)])
def test_a_single_post_tells_nothing(n_new, n_ref):
    """ "No content" is not "no drift"."""
    new, reference = (
        Windows(pa.array(["cr_a"]), np.array([count]), np.full((1, DIM), count, np.float32), np.array([count * DIM]))
        for count in (n_new, n_ref)
    )
    assert np.isnan(shift(new, reference)).all()


def test_posts_that_all_say_the_same_have_moved_when_they_say_another_thing():
    up, right = (np.repeat(np.eye(DIM)[[axis]], 5, axis=0) for axis in (0, 1))
    assert shift(window(up), window(up))[0] == 0
    assert shift(window(right), window(up))[0] > 100


def test_no_posts_no_windows():
    none = Windows.of(posts(np.zeros((0, DIM))), DIM)
    assert len(none.ids) == len(none.counts) == len(none.sums) == len(shift(none, none)) == 0


def test_windows_are_taken_by_row():
    matrix = crowd(1, 4, np.random.default_rng(6))
    windows = Windows.of(pa.concat_tables([posts(matrix, name) for name in ("cr_a", "cr_b", "cr_c")]), DIM)
    assert windows.take(np.array([2, 0])).ids.to_pylist() == ["cr_c", "cr_a"]
