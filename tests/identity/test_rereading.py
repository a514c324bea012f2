"""Reading again: the kernel sees news only, and the answer is the same."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.rereading import read_again

SCHEMA = pa.schema([("key", pa.string()), ("loud", pa.string()), ("followers", pa.int64())])


@pytest.fixture(scope="module")
def engine():
    with DuckDBEngine(workers=1) as opened:
        yield opened


def people(*rows: tuple[str, str, int]) -> pa.Table:
    return pa.table(dict(zip(("key", "said", "followers"), map(list, zip(*rows, strict=True)), strict=True)))


def shout(rows: pa.Table) -> pa.Table:
    loud = pc.utf8_upper(rows["said"])
    return pa.table({"key": rows["key"], "loud": loud, "followers": rows["followers"]}, schema=SCHEMA)


def read(rows: pa.Table, remembered: pa.Table | None, engine: DuckDBEngine):
    return read_again(rows, shout, SCHEMA, remembered, engine, carried=["followers"])


def test_only_rows_that_say_something_else_are_read_again(engine):
    first = read(people(("a", "one", 1), ("b", "two", 2), ("c", "three", 3)), None, engine)
    assert first.fresh == 3
    tonight = people(("a", "one", 1), ("bb", "new", 9), ("c", "tree", 3))
    again = read(tonight, first.marked, engine)
    assert again.rows == shout(tonight)
    assert again.fresh == 2


def test_a_carried_column_moves_without_a_reading(engine):
    first = read(people(("a", "one", 1), ("b", "two", 2)), None, engine)
    again = read(people(("a", "one", 5), ("b", "two", 2)), first.marked, engine)
    assert again.fresh == 0
    assert again.rows["followers"].to_pylist() == [5, 2]


def test_what_is_no_longer_asked_is_forgotten(engine):
    first = read(people(("a", "one", 1), ("b", "two", 2)), None, engine)
    again = read(people(("b", "two", 2)), first.marked, engine)
    assert again.marked["key"].to_pylist() == ["b"]
