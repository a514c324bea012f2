"""What is proposed and counted again beside the news is what proposing and counting everything gives."""

from dataclasses import replace
from random import Random

import pyarrow as pa
import pytest

from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.beside import NOWHERE, Beside
from identity.blocking import propose_pairs
from identity.memory import Memory
from identity.profile import Profiles, build_profiles
from identity.recounting import tally_again
from identity.reproposing import Proposed, propose_again
from identity.resolution import claims_by_row, with_rows
from identity.values import tally_values

ACCOUNTS = 500
SAID = ("handle", "display_name", "bio", "email", "website")


@pytest.fixture(scope="module")
def engine():
    with DuckDBEngine(workers=1) as opened:
        yield opened


def nights(seed: int) -> tuple[pa.Table, pa.Table]:
    """Two nights: accounts come, leave, and say what others say; a crowd around one of them passes caps of blocks."""
    dice, rows = Random(seed), generate(ACCOUNTS, seed=seed).accounts.to_pylist()
    schema = generate(1).accounts.schema
    dice.shuffle(rows)
    star = rows[0]
    before = [dict(row) for row in rows[: ACCOUNTS - 60]]
    tonight = [dict(row) for row in rows[40:]]
    for night, crowd in ((before, dice.randrange(80)), (tonight, dice.randrange(80))):
        for row in dice.sample(night, crowd):
            row |= {name: star[name] for name in dice.sample(SAID, 3)}
    return pa.Table.from_pylist(before, schema=schema), pa.Table.from_pylist(tonight, schema=schema)


def read(accounts: pa.Table, engine: DuckDBEngine, memory: Memory) -> tuple[Profiles, pa.Table, pa.Table]:
    """What is read, and its profiles and claims by row."""
    built = build_profiles(accounts, engine, None, memory)
    profiles = with_rows(built.profiles, engine)
    return built, profiles, claims_by_row(built.claims, profiles["account_id"])


@pytest.mark.parametrize("seed", range(3))
def test_what_news_cannot_have_reached_stands(engine, seed):
    first, second = nights(seed)
    built, before, claims = read(first, engine, Memory.empty())
    pairs, tallies = propose_pairs(before, claims, engine), tally_values(before, engine)
    remembered = replace(Memory.empty(), is_whole=True, profiles=built.read.marked, claims=built.claims)
    again, tonight, claims = read(second, engine, remembered)
    beside = Beside.of(again.read.places, before.num_rows)
    assert 0 < again.read.fresh < tonight.num_rows

    assert again.claims == build_profiles(second, engine).claims
    assert tally_again(tonight, before, tallies, beside, engine) == tally_values(tonight, engine)
    proposed = propose_again(tonight, claims, engine, None, before=before, pairs=pairs, beside=beside)
    assert proposed.pairs == propose_pairs(tonight, claims, engine)
    assert_places(proposed, pairs, beside)


def assert_places(proposed: Proposed, before: pa.Table, beside: Beside) -> None:
    """Every pair whose accounts stayed, and that stood last night, knows where; and no other does."""
    stood = {
        (int(beside.later[left]), int(beside.later[right])): place
        for place, (left, right) in enumerate(
            zip(*(before[side].to_pylist() for side in ("left", "right")), strict=True)
        )
    }
    sides = zip(*(proposed.pairs[side].to_pylist() for side in ("left", "right")), strict=True)
    assert proposed.places.tolist() == [stood.get(pair, NOWHERE) for pair in sides]
