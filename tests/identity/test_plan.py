"""What would be compared is what is compared."""

import pyarrow as pa
import pytest

from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.blocking import RULE_NAMES
from identity.plan import plan_pairs
from identity.resolution import resolve
from identity.weights import load_model


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


def test_the_plan_counts_the_pairs_that_a_resolution_compares(engine):
    corpus = generate(600, 5)
    report = resolve(corpus.accounts, model=load_model(), engine=engine, contents=corpus.contents).report
    plan = plan_pairs(corpus.accounts, engine, corpus.contents)
    assert plan["candidate_pairs"] == report["candidate_pairs"] > 100
    assert plan["candidate_pairs_by_rule"] == report["candidate_pairs_by_rule"]
    assert set(plan["candidate_pairs_by_rule"]) == set(RULE_NAMES)
    assert plan["candidates_per_account"] == round(plan["candidate_pairs"] / 600, 3)


def test_a_value_that_too_many_share_is_named_with_how_many_share_it(engine):
    crowd = [{"account_id": f"x:{n}", "platform": "x", "email": "info@bluehouse.com"} for n in range(60)]
    skipped = plan_pairs(pa.Table.from_pylist(crowd), engine)["skipped"]
    assert skipped["email"] == {"values": 1, "most_common": {"info@bluehouse.com": 60}}
