"""Candidate pairs: proposed once, in order, with the rules that proposed them."""

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.blocking import KEY_RULES, SPELLINGS, propose_pairs, rule_counts, rules_in

COLUMNS = (
    "platform", "handle", "handle_core", "handle_letters", "name_key", "name_glued", "name_latin", "name_spelled",
    "name_spelled_back", "email", "email_domain", "email_stem", "site", "site_stem",
)  # fmt: skip
CLAIMS = pa.schema(
    [
        ("source_row", pa.int32()), ("target_row", pa.int32()), ("target_platform", pa.string()), ("kind", pa.string()),
        ("target_letters", pa.string()),
    ]
)  # fmt: skip


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


def profiles(*rows: dict[str, str]) -> pa.Table:
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in COLUMNS}
    return pa.table(columns | {"row": pa.array(range(len(rows)), pa.int32())})


def proposed(engine, frame: pa.Table, claims=(), neighbours=None) -> dict[tuple[int, int], list[str]]:
    said = pa.Table.from_pylist([dict(zip(CLAIMS.names, claim, strict=False)) for claim in claims], schema=CLAIMS)
    pairs = propose_pairs(frame, said, engine, neighbours)
    return {(pair["left"], pair["right"]): rules_in(pair["rules"]) for pair in pairs.to_pylist()}


def test_a_pair_is_proposed_once_and_remembers_every_rule(engine):
    ann = {"handle": "ann", "handle_core": "ann", "name_glued": "annlee"}
    found = proposed(engine, profiles(ann | {"platform": "x"}, ann | {"platform": "youtube"}))
    assert found == {(0, 1): ["exact_handle", "near_handle", "name", "name_and_handle_start"]}


def test_a_claim_proposes_its_target_in_either_direction_and_an_unknown_target_proposes_nobody(engine):
    frame = profiles({"platform": "x"}, {"platform": "youtube"})
    assert proposed(engine, frame, [(1, 0, "x", "self"), (0, None, "youtube", "self")]) == {(0, 1): ["claim"]}


@pytest.mark.parametrize("column", SPELLINGS)
def test_a_handle_that_spells_a_name_or_an_address_proposes_the_pair(engine, column):
    frame = profiles({"platform": "x", "handle_core": "leeann"}, {"platform": "youtube", column: "leeann"})
    assert proposed(engine, frame) == {(0, 1): ["spelled_handle"]}


def test_a_claim_to_a_handle_nobody_has_proposes_the_one_account_that_differs_only_in_digits(engine):
    frame = profiles({"platform": "x"}, {"platform": "youtube", "handle_letters": "mirabakes"})
    said = [(0, None, "youtube", "self", "mirabakes")]
    assert proposed(engine, frame, said) == {(0, 1): ["claim"]}
    twins = pa.concat_tables(
        [frame, frame.slice(1).set_column(frame.column_names.index("row"), "row", pa.array([2], pa.int32()))]
    )
    assert proposed(engine, twins, said) == {}, "two fit: nobody can tell which is meant"


@pytest.mark.parametrize("rule", [rule for rule in KEY_RULES if rule.key.isidentifier()], ids=lambda rule: rule.name)
def test_a_block_larger_than_its_cap_is_a_shared_value_and_proposes_nobody(engine, rule):
    def block(size: int) -> pa.Table:
        return profiles(*({"platform": f"p{n}", rule.key: "same"} for n in range(size)))

    assert len(proposed(engine, block(rule.largest_block))) == rule.largest_block * (rule.largest_block - 1) // 2
    assert not any(rule.name in rules for rules in proposed(engine, block(rule.largest_block + 1)).values())


def test_neighbours_are_proposed_and_counted_by_rule(engine):
    frame = profiles({"platform": "x"}, {"platform": "x"})
    near = pa.table({"left": pa.array([1, 0], pa.int32()), "right": pa.array([0, 1], pa.int32()), "cosine": [0.9, 0.9]})
    assert proposed(engine, frame, neighbours=near) == {(0, 1): ["bio_neighbour"]}
    pairs = propose_pairs(frame, CLAIMS.empty_table(), engine, near)
    assert {name: count for name, count in rule_counts(pairs).items() if count} == {"bio_neighbour": 1}
