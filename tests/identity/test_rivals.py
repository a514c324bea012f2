"""Pairs that want the same account."""

import numpy as np
import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.comparisons import RIVALS
from identity.rivals import rival_levels

PLATFORMS = pa.table({"row": pa.array(range(5), pa.int32()), "platform": ["x", "youtube", "youtube", "tiktok", "x"]})


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


def levels(engine, *triples: tuple[int, int, float]) -> list[str]:
    left, right, bits = zip(*triples, strict=True)
    pairs = pa.table({"left": pa.array(left, pa.int32()), "right": pa.array(right, pa.int32())})
    return [RIVALS.levels[level].name for level in rival_levels(pairs, PLATFORMS, np.array(bits), engine)]


def test_two_accounts_of_one_platform_that_fit_one_account_are_rivals(engine):
    assert levels(engine, (0, 1, 5.0), (0, 2, 4.0)) == ["level", "level"]
    assert levels(engine, (0, 1, 9.0), (0, 2, 0.0)) == ["behind", "far_ahead"]
    assert levels(engine, (0, 1, 12.0), (0, 2, 9.0)) == ["close_behind", "ahead"]
    assert levels(engine, (0, 1, 22.0), (0, 2, 9.0))[0] == "far_behind"


def test_accounts_of_different_platforms_are_not(engine):
    assert levels(engine, (0, 1, 5.0), (0, 3, 5.0)) == ["none", "none"]


def test_a_pair_of_one_platform_neither_has_nor_is_a_rival(engine):
    assert levels(engine, (0, 1, 5.0), (0, 4, 5.0), (1, 2, 5.0)) == ["none", "none", "none"]


def test_the_stronger_of_the_rivals_on_either_side_counts(engine):
    assert levels(engine, (0, 1, 5.0), (0, 2, 1.0), (1, 4, 8.0)) == ["ahead", "ahead", "close_behind"]
