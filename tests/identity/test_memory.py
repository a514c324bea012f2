"""Marks: equal for equal rows, and for no others."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.duckdb_engine import DuckDBEngine
from identity.memory import Memory, basis_of, marks_of
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


def test_the_words_of_a_list_count(engine):
    lists = pa.array([["a", "b"], ["a"], ["b", "a"], [], None], pa.list_(pa.string()))
    assert len(set(marks_of(pa.table({"words": lists}), engine).to_pylist())) == 5


def test_no_rows_have_no_marks(engine):
    assert marks_of(pa.table({"a": pa.array([], pa.string())}), engine).to_pylist() == []


def test_another_model_or_another_size_is_another_basis():
    model = load_model()
    other = model.model_copy(update={"review_bits": model.review_bits + 1})
    assert len({basis_of(model, 7), basis_of(model, 8), basis_of(other, 7), Memory.empty().basis}) == 4
