"""Marks: equal for equal rows, and for no others."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.memory import Memory, basis_of, forget, marks_of
from identity.resolution import resolve
from identity.weights import load_model

CELLS = st.one_of(st.none(), st.text(alphabet="1:-a\0é ", max_size=5))


@pytest.fixture(scope="module")
def engine():
    with DuckDBEngine(workers=1) as opened:
        yield opened


@given(rows=st.lists(st.tuples(CELLS, CELLS, st.one_of(st.none(), st.integers(0, 12))), min_size=1, max_size=30))
def test_rows_have_one_mark_when_they_are_equal_and_only_then(engine, rows):
    columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), TYPES, strict=True)]
    marks = marks_of(pa.table(columns, names=["a", "b", "c"]), engine).to_pylist()
    assert len({*zip(rows, marks, strict=True)}) == len(set(rows)) == len(set(marks))


TYPES = (pa.string(), pa.string(), pa.int64())


def test_no_rows_have_no_marks(engine):
    assert marks_of(pa.table({"a": pa.array([], pa.string())}), engine).to_pylist() == []


def test_another_model_or_another_size_is_another_basis():
    model = load_model()
    other = model.model_copy(update={"review_bits": model.review_bits + 1})
    assert len({basis_of(model, 7), basis_of(model, 8), basis_of(other, 7), Memory.empty().basis}) == 4


def test_what_is_forgotten_leaves_the_rest_as_it_was(engine):
    accounts, model = generate(400, seed=3).accounts, load_model()
    night = resolve(accounts, model=model, engine=engine, memory=Memory.empty())
    gone = accounts["account_id"].to_pylist()[::7]
    rest = forget(night.memory, [*gone, "x:nobody"])
    assert not set(gone) & set(rest.profiles["account_id"].to_pylist())
    assert rest.profiles.num_rows == rest.marks.num_rows == 400 - len(gone)
    tonight = accounts.filter(pc.invert(pc.is_in(accounts["account_id"], value_set=pa.array(gone))))
    again = resolve(tonight, model=model, engine=engine, memory=rest)
    assert again.effort["accounts_read"] == 0
    assert again.effort["pairs_remembered"] > 0.8 * again.pairs.num_rows
    assert again.pairs == resolve(tonight, model=model, engine=engine).pairs


def test_nothing_is_forgotten_of_strangers(engine):
    night = resolve(generate(60).accounts, model=load_model(), engine=engine, memory=Memory.empty())
    assert forget(night.memory, ["x:nobody"]) is night.memory
    assert forget(Memory.empty(), ["x:nobody"]).profiles is None
