"""What a person should look at first."""

import numpy as np
import pyarrow as pa

from identity.review_order import review_order


def order(rows, followers):
    left, right, probability = zip(*rows, strict=True)
    pairs = pa.table({"left": list(left), "right": list(right), "match_probability": list(probability)})
    reach = pa.table({"account_id": list(followers), "followers": pa.array(list(followers.values()), pa.int64())})
    return [rows[place][:2] for place in review_order(pairs, reach).to_pylist()]


def test_of_equal_reach_the_most_doubtful_comes_first():
    rows = [("a", "b", 0.99), ("a", "c", 0.5), ("a", "d", 0.2)]
    assert order(rows, dict.fromkeys("abcd", 100)) == [("a", "c"), ("a", "d"), ("a", "b")]


def test_of_equal_doubt_the_larger_reach_comes_first_and_unknown_reach_last():
    rows = [("a", "b", 0.5), ("c", "d", 0.5), ("e", "f", 0.5)]
    followers = {"a": 10, "b": None, "c": 900_000, "d": 5, "e": None}
    assert order(rows, followers) == [("c", "d"), ("a", "b"), ("e", "f")]


def test_a_settled_pair_is_worth_nothing_however_large():
    rows = [("a", "b", 1.0), ("c", "d", 0.9)]
    assert order(rows, {"a": 10**9, "b": 10**9, "c": 1, "d": 1})[0] == ("c", "d")


def test_the_order_of_input_is_not_seen():
    rng = np.random.default_rng(3)
    rows = [(f"a{i:02}", f"b{i:02}", float(rng.choice([0.3, 0.5]))) for i in range(40)]
    followers = {name: 7 for left, right, _ in rows for name in (left, right)}
    assert order(rows, followers) == order([rows[i] for i in rng.permutation(40)], followers)
