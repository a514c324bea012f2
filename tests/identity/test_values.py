"""Counts of people, not of their accounts."""

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.rarity import with_rarity
from identity.values import band, count_values, counts_of, population_band
from identity.weights import load_model


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


def profiles(*rows: tuple[str, str | None, str | None]) -> pa.Table:
    """platform, handle_core, name_key."""
    platforms, cores, names = zip(*rows, strict=True)
    nothing = pa.nulls(len(rows), pa.string())
    return pa.table(
        {
            "row": pa.array(range(len(rows)), pa.int32()),
            "platform": pa.array(platforms),
            "handle_core": pa.array(cores, pa.string()),
            "name_key": pa.array(names, pa.string()),
            "email": nothing,
            "site": nothing,
        }
    )


def test_one_person_everywhere_is_one_and_three_namesakes_on_one_platform_are_three(engine):
    rows = [("x", "quill", "quill ember"), ("youtube", "quill", "quill ember"), ("instagram", "quill", "quill ember")]
    namesakes = [("x", f"h{n}", "ann lee") for n in range(3)]
    counts = count_values(profiles(*rows, *namesakes), engine)
    assert counts.to_pylist() == [{"kind": "name_key", "value": "ann lee", "count": 3}]


def test_a_word_counts_as_common_only_when_more_than_a_household_uses_it(engine):
    rows = [("x", None, f"nora k{n}") for n in range(4)]
    assert counts_of(count_values(profiles(*rows), engine), "name_word") == {"nora": 4}


def test_counts_and_populations_are_used_in_powers_of_two():
    assert len({band(count) for count in range(8, 16)}) == 1
    assert len({population_band(accounts) for accounts in range(1025, 2049)}) == 1


def test_a_shared_common_handle_is_worth_fewer_bits_than_a_shared_odd_one(engine):
    common = [(platform, "nora", "nora k") for platform in ("x", "youtube")]
    odd = [(platform, "qzvxkwj", "vex orn") for platform in ("x", "youtube")]
    crowd = [("x", f"c{n}", f"nora s{n}") for n in range(30)]
    frame = profiles(*common, *odd, *crowd)
    rated = with_rarity(frame, count_values(frame, engine), 6, load_model(), engine)
    bits = rated["handle_bits"].to_pylist()
    assert bits[0] < bits[2]
    assert bits[4] is None, "a handle that stands once matches nobody, so its rarity is not worked out"
