"""Whom an old handle means, by the dates on which accounts were seen with it."""

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.claim_targets import CLAIM_SCHEMA
from identity.handle_history import as_meant
from identity.resolution import resolve
from identity.weights import load_model

KNOWN = ("account_id", "platform", "handle", "last_seen")
ACCOUNTS = {
    #: who says it, and as of when
    "sue": ("youtube", "sue", 50),
    "ann": ("instagram", "ann.new", 90),
    "bob": ("instagram", "annold", 90),
}


@pytest.fixture(scope="module")
def engine():
    with DuckDBEngine(threads=1) as engine:
        yield engine


def meant(engine, accounts, spans, target: str | None, **values) -> list[str | None]:
    claim = dict.fromkeys(CLAIM_SCHEMA.names) | {
        "source": "sue", "target_platform": "instagram", "target_handle": "annold", "kind": "self", "strength": 0.9,
        "field": "bio", "span": "IG: @annold", "target": target,
    }  # fmt: skip
    found = as_meant(
        pa.Table.from_pylist([claim | values], schema=CLAIM_SCHEMA),
        pa.Table.from_pylist([dict(zip(KNOWN, (name, *row), strict=True)) for name, row in accounts.items()]),
        pa.Table.from_pylist(
            [dict(zip(("account_id", "handle", "first_seen", "last_seen"), span, strict=True)) for span in spans],
            schema=SPANS,
        ),
        engine,
    )  # fmt: skip
    assert found.schema == CLAIM_SCHEMA
    return found["target"].to_pylist()


SPANS = pa.schema(
    [("account_id", pa.string()), ("handle", pa.string()), ("first_seen", pa.int64()), ("last_seen", pa.int64())]
)
RENAMED = {name: row for name, row in ACCOUNTS.items() if name != "bob"}
ANN_HELD = ("ann", "annold", 10, 40)


def test_a_handle_that_nobody_has_any_more_means_the_account_that_was_renamed(engine):
    assert meant(engine, RENAMED, [ANN_HELD, ("ann", "ann.new", 60, 90)], None) == ["ann"]


def test_a_claim_older_than_the_hand_over_never_means_the_new_holder(engine):
    assert meant(engine, ACCOUNTS, [ANN_HELD, ("bob", "annold", 60, 90)], "bob") == ["ann"]
    renamed = [("bob", "bobby", 10, 40), ("bob", "annold", 60, 90)]
    assert meant(engine, ACCOUNTS, renamed, "bob") == [None], "bob had another name then, and nobody knows who had it"


def test_an_account_first_seen_after_the_claim_may_have_had_its_handle_all_along(engine):
    assert meant(engine, ACCOUNTS, [("bob", "annold", 60, 90)], "bob") == ["bob"]


def test_a_claim_that_was_said_while_the_new_holder_had_it_means_the_new_holder(engine):
    assert meant(engine, ACCOUNTS, [ANN_HELD, ("bob", "annold", 45, 90)], "bob") == ["bob"]
    later = ACCOUNTS | {"sue": ("youtube", "sue", 95)}
    assert meant(engine, later, [ANN_HELD, ("bob", "annold", 60, 90)], "bob") == ["bob"]


def test_two_who_may_have_had_it_are_nobody(engine):
    spans = [ANN_HELD, ("cy", "annold", 10, 40)]
    assert meant(engine, RENAMED | {"cy": ("instagram", "cy", 90)}, spans, None) == [None]


def test_a_handle_of_two_today_stays_undecided_and_other_platforms_do_not_matter(engine):
    today = RENAMED | {"bob": ("instagram", "annold", 90), "cy": ("instagram", "annold", 90)}
    assert meant(engine, today, [ANN_HELD, ("bob", "annold", 60, 90), ("cy", "annold", 60, 90)], None) == [None]
    elsewhere = RENAMED | {"zed": ("x", "annold", 90)}
    assert meant(engine, elsewhere, [("zed", "annold", 10, 90)], None) == [None]


def test_an_id_means_its_owner_whatever_the_handle(engine):
    assert meant(engine, ACCOUNTS, [ANN_HELD, ("bob", "annold", 60, 90)], "bob", target_user_id="7") == ["bob"]


def test_who_names_its_own_former_handle_names_nobody(engine):
    accounts = RENAMED | {"sue": ("instagram", "sue", 50)}
    assert meant(engine, accounts, [("sue", "annold", 10, 20), ("sue", "sue", 30, 50)], None) == []


def test_a_resolution_follows_a_rename_and_does_not_follow_a_hand_over(engine):
    def together(holder: str | None, **spans_of: tuple[int, int]) -> set[frozenset[str]]:
        rows = [
            {"account_id": "sue", "platform": "youtube", "handle": "quillandember", "bio": "essays. IG: @quill.ember"},
            {"account_id": "ann", "platform": "instagram", "handle": "emberquill", "bio": "YouTube: @quillandember"},
            {"account_id": "bob", "platform": "instagram", "handle": holder or "bobcat", "bio": "chess"},
        ]
        accounts = pa.Table.from_pylist([row | {"last_seen": 50} for row in rows])
        spans = pa.Table.from_pylist(
            [
                {"account_id": name, "handle": "quill.ember", "first_seen": first, "last_seen": last}
                for name, (first, last) in spans_of.items()
            ],
            schema=SPANS,
        )
        found = resolve(accounts, model=load_model(), engine=engine, handle_history=spans)
        named = {(row["source"], row["target"]) for row in found.claims.to_pylist()}
        return {frozenset(pair) for pair in named if None not in pair}

    assert together(None, ann=(10, 40)) == {frozenset({"sue", "ann"})}
    assert together("quill.ember", ann=(10, 40), bob=(60, 90)) == {frozenset({"sue", "ann"})}
    assert frozenset({"sue", "bob"}) in together("quill.ember", ann=(10, 40), bob=(45, 90))
