"""The engine computes over frames and leaves nothing behind."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from engines import duckdb_engine
from engines.duckdb_engine import DuckDBEngine

NUMBERS = pa.table({"n": pa.array(range(10), pa.int64())})
DOUBLED = pa.schema([("twice", pa.int64())])


def double(part: pa.Table) -> pa.Table:
    return pa.table({"twice": pc.multiply(part["n"], 2)})


def test_sql_sees_the_datasets_it_is_given():
    with DuckDBEngine() as engine:
        joined = engine.sql("SELECT a.n FROM a JOIN b ON a.n = b.n + 1 ORDER BY 1", a=NUMBERS, b=NUMBERS)
    assert joined["n"].to_pylist() == list(range(1, 10))


def test_a_name_is_free_again_after_a_query():
    with DuckDBEngine() as engine:
        for size in (3, 5):
            assert engine.sql("SELECT count(*) AS n FROM a", a=NUMBERS.slice(0, size))["n"].to_pylist() == [size]


def test_a_kernel_gives_the_same_rows_in_the_same_order_whatever_the_batches(monkeypatch: pytest.MonkeyPatch):
    with DuckDBEngine(workers=1) as engine:
        whole = engine.map_arrow(NUMBERS, double, DOUBLED)
        monkeypatch.setattr(duckdb_engine, "KERNEL_BATCH_ROWS", 3)
        assert engine.map_arrow(NUMBERS, double, DOUBLED).equals(whole)
    assert whole["twice"].to_pylist() == list(range(0, 20, 2))


def test_the_batches_of_a_kernel_come_back_as_one_piece(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(duckdb_engine, "KERNEL_BATCH_ROWS", 3)
    with DuckDBEngine(workers=1) as engine:
        assert engine.map_arrow(NUMBERS, double, DOUBLED)["twice"].num_chunks == 1


def test_a_kernel_over_nothing_gives_the_schema():
    with DuckDBEngine() as engine:
        assert engine.map_arrow(NUMBERS.slice(0, 0), double, DOUBLED).schema == DOUBLED


def test_written_datasets_read_back(tmp_path: Path):
    with DuckDBEngine() as engine:
        engine.write(NUMBERS, str(tmp_path / "n.parquet"))
    assert pq.read_table(tmp_path / "n.parquet").equals(NUMBERS)


def test_nothing_is_spilled_into_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with DuckDBEngine(memory_limit="50MB") as engine:
        engine.sql("SELECT n, random() AS r FROM (SELECT unnest(range(2000000)) AS n) ORDER BY r")
    assert list(tmp_path.iterdir()) == []
