"""Look-ups that the night makes go through an index, not through the table."""

import pytest
from sqlalchemy import text

from base.clock import from_micros
from store import vectors
from store.session import Store
from tests.factories import a_snapshot, put_snapshots

QUERIES = [
    "SELECT * FROM members WHERE creator_id = 'x'",
    "SELECT * FROM accounts WHERE platform = 'x' AND platform_user_id = 'x'",
    "SELECT * FROM accounts WHERE platform = 'x' AND handle = 'x'",
    "SELECT * FROM content_items WHERE account_key = 'x' ORDER BY published_at",
    "SELECT count(*) FROM content_items WHERE published_at >= 5 AND published_at < 9",
    "SELECT min(published_at) FROM content_items WHERE published_at >= 5",
    "SELECT count(*) FROM metric_snapshots WHERE as_of >= 5 AND as_of < 9",
    "DELETE FROM metric_snapshots WHERE as_of >= 5 AND as_of < 9",
    "SELECT * FROM creators WHERE followers_total < 5",
    "SELECT * FROM enrichments WHERE primary_niche = 'x'",
    "SELECT * FROM account_activity WHERE next_due_at < 5",
    "SELECT * FROM candidate_pairs WHERE triage = 'review' ORDER BY match_weight_bits",
    "SELECT * FROM raw_entities WHERE entity_key = 'x'",
    "SELECT * FROM content_vectors WHERE recipe_fingerprint = 'x' AND input_fingerprint = 'x'",
]


@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("query", QUERIES)
def test_the_query_uses_an_index(store: Store, query: str):
    """STO-08"""
    with store.engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    assert any(f"USING {way}" in plan for way in ("INDEX", "COVERING INDEX", "PRIMARY KEY")), plan
    assert "SCAN" not in plan, plan


@pytest.mark.parametrize("new_store", ["postgres"], indirect=True)
@pytest.mark.parametrize("query", QUERIES)
def test_the_query_can_use_an_index_on_postgres(store: Store, query: str):
    """STO-08: whether it does depends on statistics, which an empty table does not have."""
    put_snapshots(store, a_snapshot(from_micros(5)))  # a table without partitions has no plan
    with store.engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN {query}")))
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan, plan


#: what a night asks again for each stretch of accounts or creators
STRETCHED = {
    "bios": vectors.bios("a", "b"),
    "recent_items": vectors.recent_items("a", "b", 20),
    "content_fingerprints": vectors.content_fingerprints("a", "b", "r"),
    "account_fingerprints": vectors.account_fingerprints("a", "b", "r"),
    "member_fingerprints": vectors.member_fingerprints("a", "b", "r"),
    "member_vectors": vectors.member_vectors("a", "b", "r"),
    "content_activity": vectors.content_activity("a", "b", "r"),
    "creator_fingerprints": vectors.creator_fingerprints("a", "b", "r"),
}


@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", STRETCHED)
def test_a_stretch_is_found_without_going_through_a_table(store: Store, name: str):
    """Else every stretch of a large store would cost as much as the whole. SQLite has no statistics to go by."""
    query = STRETCHED[name].compile(dialect=store.engine.dialect, compile_kwargs={"literal_binds": True})
    with store.engine.connect() as connection:
        steps = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    through = [step for step in steps if step.startswith("SCAN") and "anon" not in step and "subquery" not in step]
    assert through == [], steps
    assert [step for step in steps if step.endswith("(recipe_fingerprint=?)")] == [], steps
