"""A night over a hundredth of news: it works on little, and comes to what a night over everything comes to."""

from random import Random

import pyarrow as pa
import pytest

from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.memory import Memory
from identity.resolution import Resolution, resolve
from identity.weights import load_model

ACCOUNTS = 3000
SHARE = 100
COMPARED = ("members", "pairs", "value_counts", "claims", "links", "report")


@pytest.fixture(scope="module")
def engine():
    with DuckDBEngine(workers=1) as opened:
        yield opened


def with_news(accounts: pa.Table, seed: int) -> pa.Table:
    """A hundredth of news: half of it new accounts, a quarter accounts that left, a quarter new words in a bio."""
    dice, rows = Random(seed), accounts.to_pylist()
    news = len(rows) // SHARE
    come = generate(ACCOUNTS + news, seed=seed).accounts.to_pylist()[-(news // 2) :]
    dice.shuffle(rows)
    rows = rows[news // 4 :]
    for row in rows[: news // 4]:
        row["bio"], row["display_name"] = dice.choice(come)["bio"], dice.choice(come)["display_name"]
    known = {row["account_id"] for row in rows}
    return pa.Table.from_pylist(rows + [row for row in come if row["account_id"] not in known], schema=accounts.schema)


@pytest.fixture(scope="module")
def first(engine) -> tuple[pa.Table, Resolution]:
    accounts = generate(ACCOUNTS, seed=5).accounts
    return accounts, resolve(accounts, model=load_model(), engine=engine, memory=Memory.empty())


def test_a_hundredth_of_news_is_a_small_night(engine, first):
    accounts, night = first
    assert night.effort["pairs_remembered"] == 0
    tonight = with_news(accounts, seed=6)
    delta = resolve(tonight, model=load_model(), engine=engine, memory=night.memory)
    whole = resolve(tonight, model=load_model(), engine=engine)
    assert [name for name in COMPARED if getattr(delta, name) != getattr(whole, name)] == []
    assert delta.effort["accounts_read"] <= ACCOUNTS // SHARE
    assert delta.effort["pairs_compared"] < 0.15 * whole.effort["pairs_compared"]


def test_a_night_without_news_reads_and_compares_nothing(engine, first):
    accounts, night = first
    again = resolve(accounts, model=load_model(), engine=engine, memory=night.memory)
    assert (again.effort["accounts_read"], again.effort["pairs_compared"]) == (0, 0)
    assert [name for name in COMPARED if getattr(again, name) != getattr(night, name)] == []


def test_under_another_model_every_pair_is_compared_again_and_no_account_read(engine, first):
    accounts, night = first
    other = load_model().model_copy(update={"review_bits": load_model().review_bits - 1})
    again = resolve(accounts, model=other, engine=engine, memory=night.memory)
    assert (again.effort["accounts_read"], again.effort["pairs_remembered"]) == (0, 0)
    assert again.pairs == resolve(accounts, model=other, engine=engine).pairs


def test_without_accounts_there_is_nothing_to_remember(engine):
    night = resolve(generate(1).accounts.slice(0, 0), model=load_model(), engine=engine, memory=Memory.empty())
    assert night.memory is not None
    assert night.memory.pairs.num_rows == night.memory.marks.num_rows == 0


def test_bios_that_came_to_read_alike_are_compared_again(engine, first):
    accounts, night = first
    pairs = night.pairs.select(["left", "right"]).slice(0, 40)
    nearby = pairs.append_column("cosine", pa.array([0.99] * pairs.num_rows))
    with_bios = resolve(accounts, model=load_model(), engine=engine, neighbours=nearby, memory=night.memory)
    whole = resolve(accounts, model=load_model(), engine=engine, neighbours=nearby)
    assert with_bios.effort["pairs_compared"] == pairs.num_rows
    assert with_bios.pairs == whole.pairs != night.pairs
