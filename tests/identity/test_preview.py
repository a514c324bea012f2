"""What another model would change: counted and shown, ids aside."""

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.preview import preview
from identity.weights import load_model
from tests.identity.scored import pairs

MODEL = load_model()


def members(**creators: str) -> pa.Table:
    rows = [(account, creator) for creator, accounts in creators.items() for account in accounts]
    return pa.table({"account_id": [a for a, _ in rows], "creator_id": [c for _, c in rows]})


ACCOUNTS = pa.table({"account_id": list("abcdef"), "followers": [10, 20, None, 4000, 5000, 6]})
SCORED = pairs(
    [("a", "b", {"claim": "mutual"}), ("a", "c", {"bio": "bio_5"}), ("d", "e", {"bio": "bio_7"})],
    match_weight_bits=[20.0, 3.0, 2.0],
)


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as engine:
        yield engine


def test_the_same_clusters_under_other_ids_are_no_change(engine):
    found = preview(members(x="ab", y="c"), members(p="c", q="ab"), SCORED, ACCOUNTS, MODEL, engine)
    assert (found.merges, found.splits, found.accounts_moved, found.pairs) == (0, 0, 0, [])


def test_a_merge_and_a_split_are_counted_and_the_larger_shown_first(engine):
    before, after = members(x="ab", y="c", z="de", w="f"), members(x="abc", z="d", v="e", w="f")
    found = preview(before, after, SCORED, ACCOUNTS, MODEL, engine)
    assert (found.merges, found.splits, found.accounts_moved) == (1, 1, 5)
    merged, split = found.pairs
    assert (merged["change"], merged["left"], merged["right"], merged["match_weight_bits"]) == ("merge", "a", "c", 3.0)
    assert "what the bios share is worth 16 to 20 bits of surprise" in {label for label, _ in merged["evidence"]}
    assert (split["change"], split["left"], split["right"], split["followers"]) == ("split", "d", "e", 9000)


def test_only_so_many_of_each_kind_are_listed_but_all_are_counted(engine):
    found = preview(members(x="ab", z="de"), members(p="a", q="b", r="d", s="e"), SCORED, ACCOUNTS, MODEL, engine, 1)
    assert (found.splits, len(found.pairs)) == (2, 1)
    assert found.pairs[0]["left"] == "d", "more people follow d and e"
