"""Counts of people, not of their accounts."""

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.rarity import rarity_of, with_bands
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
            "bio_tokens": pa.array([[]] * len(rows), pa.list_(pa.string())),
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
    crowd = profiles(*(("x", f"c{n}", f"nora s{n}") for n in range(30)))
    common, odd = rarity_of(count_values(crowd, engine), 6, load_model()).speller().bits(pa.array(["nora", "qzvx"]))
    assert common < odd


def test_a_value_seen_once_per_platform_may_be_one_persons_and_one_seen_often_is_not(engine):
    frame = profiles(*(("x", "quill", "ann lee") for _ in range(5)), ("youtube", "quill", "bo kim"))
    counts = count_values(frame, engine)
    bands = with_bands(frame, counts)
    assert bands["handle_core_band"].to_pylist() == [2] * 6
    assert bands["name_key_band"].to_pylist() == [2] * 5 + [0]
    assert rarity_of(counts, 6, load_model()).of_bands(bands["name_key_band"].to_numpy()).tolist() == [4.0] * 5 + [
        float("inf")
    ]
