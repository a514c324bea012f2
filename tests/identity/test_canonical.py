"""Creator ids depend on members, not on the history of runs."""

import numpy as np
import pyarrow as pa
import pytest

from base.fingerprint import creator_id_for
from engines.duckdb_engine import DuckDBEngine
from identity.canonical import assign_creator_ids, collapse_aliases, describe_creators, name_members


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


ACCOUNTS = ["ig:ann", "tt:ann", "yt:ann"]
FIRST_SEEN = [20, None, 10]


def members_of(labels: list[int]) -> pa.Table:
    anchored = [creator_id_for(key) for key in ACCOUNTS]
    accounts = {"account_id": ACCOUNTS, "first_seen": pa.array(FIRST_SEEN, pa.int64()), "anchored_id": anchored}
    return name_members(pa.table(accounts), np.array(labels))


def ids(members: pa.Table) -> dict[str, str]:
    return dict(zip(members["account_id"].to_pylist(), members["creator_id"].to_pylist(), strict=True))


def test_the_anchor_is_the_account_first_seen_and_then_the_smallest_key(engine):
    assert set(ids(members_of([0, 0, 0])).values()) == {creator_id_for("yt:ann")}
    assert ids(members_of([0, 1, 1]))["tt:ann"] == creator_id_for("yt:ann"), "an unknown date is a late one"


def test_a_merge_keeps_the_older_id_and_an_unmerge_gives_both_their_former_ids_back(engine):
    """IDN-14, IDN-15."""
    apart, together = members_of([0, 1, 1]), members_of([0, 0, 0])
    old, young = creator_id_for("yt:ann"), creator_id_for("ig:ann")
    merge = assign_creator_ids(together, apart, engine)
    assert merge.to_pylist() == sorted(
        [
            {"creator_id": old, "change": "merge", "other_id": young},
            {"creator_id": young, "change": "retire", "other_id": old},
        ],
        key=lambda row: row["creator_id"],
    )
    back = members_of([0, 1, 1])
    assert back.equals(apart)
    assert assign_creator_ids(back, together, engine).to_pylist() == [
        {"creator_id": young, "change": "split", "other_id": old}
    ]


def test_an_id_that_survives_writes_no_row_and_a_new_one_is_minted(engine):
    members = members_of([0, 0, 0])
    assert assign_creator_ids(members, members, engine).num_rows == 0
    minted = assign_creator_ids(members, members.slice(0, 0), engine)
    assert minted.to_pylist() == [{"creator_id": creator_id_for("yt:ann"), "change": "mint", "other_id": ""}]


def test_every_id_that_ever_stood_resolves_to_a_living_one_whatever_the_chain(engine):
    """IDN-14: retired ids resolve for ever, chains collapsed."""
    first = pa.table({"account_id": ["a", "b", "c"], "creator_id": ["cr_a", "cr_b", "cr_c"]})
    second = pa.table({"account_id": ["a", "b", "c"], "creator_id": ["cr_b", "cr_b", "cr_c"]})
    third = pa.table({"account_id": ["a", "b", "c"], "creator_id": ["cr_c", "cr_c", "cr_c"]})
    none = pa.table({"retired_id": pa.array([], pa.string()), "creator_id": pa.array([], pa.string())})
    after_second = collapse_aliases(none, assign_creator_ids(second, first, engine), second)
    after_third = collapse_aliases(after_second, assign_creator_ids(third, second, engine), third)
    assert after_third.to_pylist() == [
        {"retired_id": "cr_a", "creator_id": "cr_c"},
        {"retired_id": "cr_b", "creator_id": "cr_c"},
    ]
    reborn = collapse_aliases(after_third, assign_creator_ids(first, third, engine), first)
    assert reborn.num_rows == 0, "an id that stands again answers for itself"


def test_an_id_whose_accounts_were_all_forgotten_still_resolves(engine):
    before = pa.table({"account_id": ["a", "b"], "creator_id": ["cr_a", "cr_b"]})
    after = before.slice(0, 1)
    changes = assign_creator_ids(after, before, engine)
    assert changes.to_pylist() == [{"creator_id": "cr_b", "change": "retire", "other_id": ""}]
    none = pa.table({"retired_id": pa.array([], pa.string()), "creator_id": pa.array([], pa.string())})
    assert collapse_aliases(none, changes, after).to_pylist() == [{"retired_id": "cr_b", "creator_id": "cr_b"}]


def test_a_creator_takes_each_field_from_its_largest_account_that_has_it_and_adds_up_what_is_shown(engine):
    accounts = pa.table(
        {
            "account_id": ["ig:1", "x:1", "yt:1"],
            "platform": ["instagram", "x", "youtube"],
            "first_seen": pa.array([2, 3, 1], pa.int64()),
            "handle": ["ann.ig", "annx", None],
            "display_name": ["Ann", None, "Ann Films"],
            "followers": pa.array([700, None, 50], pa.int64()),
            "profile_image_url": pa.array([None, None, "https://img"], pa.string()),
            "country": [None, "DE", None],
            "language": pa.array([None, None, None], pa.string()),
        }
    )
    members = pa.table({"account_id": ["ig:1", "x:1", "yt:1"], "creator_id": ["cr"] * 3})
    links = pa.table({"left": ["ig:1", "ig:1"], "right": ["x:1", "yt:1"], "match_probability": [0.9, 0.99]})
    (creator,) = describe_creators(members, accounts, links, engine).to_pylist()
    assert creator == {
        "creator_id": "cr",
        "name": "Ann",
        "handle": "ann.ig",
        "profile_image_url": "https://img",
        "anchor_account_key": "yt:1",
        "platforms": '["instagram","x","youtube"]',
        "account_count": 3,
        "followers_total": 750,
        "followers_by_platform": '{"instagram":700,"youtube":50}',
        "country": "DE",
        "language": None,
        "first_seen": 1,
        "weakest_link_probability": 0.9,
    }


def test_a_creator_whose_counts_are_all_hidden_has_no_total_not_zero(engine):
    accounts = pa.table(
        {
            "account_id": ["x:1"],
            "platform": ["x"],
            "first_seen": pa.array([1], pa.int64()),
            **{
                name: pa.array([None], pa.string())
                for name in ("handle", "display_name", "profile_image_url", "country", "language")
            },
            "followers": pa.array([None], pa.int64()),
        }
    )
    links = pa.table(
        {
            "left": pa.array([], pa.string()),
            "right": pa.array([], pa.string()),
            "match_probability": pa.array([], pa.float64()),
        }
    )
    members = pa.table({"account_id": ["x:1"], "creator_id": ["cr"]})
    (creator,) = describe_creators(members, accounts, links, engine).to_pylist()
    assert (creator["followers_total"], creator["followers_by_platform"], creator["name"]) == (None, "{}", "x:1")
