"""Look-ups that the night makes go through an index, not through the table."""

import pytest
from sqlalchemy import text

from store.session import Store


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM members WHERE creator_id = 'x'",
        "SELECT * FROM accounts WHERE platform = 'x' AND platform_user_id = 'x'",
        "SELECT * FROM accounts WHERE platform = 'x' AND handle = 'x'",
        "SELECT * FROM content_items WHERE account_key = 'x' ORDER BY published_at",
        "SELECT * FROM creators WHERE followers_total < 5",
        "SELECT * FROM enrichments WHERE primary_niche = 'x'",
        "SELECT * FROM account_activity WHERE next_due_at < 5",
        "SELECT * FROM candidate_pairs WHERE triage = 'review' ORDER BY match_weight_bits",
        "SELECT * FROM raw_entities WHERE entity_key = 'x'",
        "SELECT * FROM content_vectors WHERE recipe_fingerprint = 'x' AND input_fingerprint = 'x'",
    ],
)
def test_the_query_uses_an_index(store: Store, query: str):
    """STO-08"""
    with store.engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    assert "USING INDEX" in plan or "USING COVERING INDEX" in plan, plan
    assert "SCAN" not in plan, plan
