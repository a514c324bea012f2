"""What a resolution would compare, before anything is scored: pairs by rule, and the values too common to be compared.

Comes in: accounts. Goes out: counts; no weight, no model.
"""

from typing import Any

import pyarrow as pa

from engines.engine import Engine
from identity.blocking import KEY_RULES, BlockingRule, propose_pairs, rule_counts
from identity.handle_history import as_meant
from identity.profile import build_profiles
from identity.resolution import claims_by_row, neighbours_by_row, with_rows

#: too common values shown per rule, the most common first
SHOWN_VALUES = 3


def plan_pairs(
    accounts: pa.Table,
    engine: Engine,
    contents: pa.Table | None = None,
    neighbours: pa.Table | None = None,
    handle_history: pa.Table | None = None,
) -> dict[str, Any]:
    """accounts, candidate_pairs, candidates_per_account, by rule the pairs it proposes, and what blocks it skips.

    A pair that several rules propose counts for each of them. Takes what `resolve` takes.
    """
    built = build_profiles(accounts, engine, contents)
    said = built.claims if handle_history is None else as_meant(built.claims, accounts, handle_history, engine)
    profiles = with_rows(built.profiles, engine)
    keys = profiles["account_id"]
    nearby = None if neighbours is None else neighbours_by_row(neighbours, keys)
    pairs = propose_pairs(profiles, claims_by_row(said, keys), engine, nearby)
    return {
        "accounts": profiles.num_rows,
        "candidate_pairs": pairs.num_rows,
        "candidates_per_account": round(pairs.num_rows / max(profiles.num_rows, 1), 3),
        "candidate_pairs_by_rule": rule_counts(pairs),
        "skipped": {rule.name: skipped for rule in KEY_RULES if (skipped := _skipped(profiles, rule, engine))},
    }


def _skipped(profiles: pa.Table, rule: BlockingRule, engine: Engine) -> dict[str, Any]:
    """How many values are shared by more accounts than the rule compares, and the most common of them."""
    crowds = engine.sql(
        f"""
        SELECT {rule.key} AS value, count(*) AS accounts FROM profiles WHERE {rule.key} IS NOT NULL
        GROUP BY 1 HAVING count(*) > {rule.largest_block} ORDER BY accounts DESC, value
        """,
        profiles=profiles,
    )
    shown = crowds.slice(0, SHOWN_VALUES).to_pylist()
    common = {row["value"]: row["accounts"] for row in shown}
    return {"values": crowds.num_rows, "most_common": common} if shown else {}
