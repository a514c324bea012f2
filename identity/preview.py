"""What another model would change, before it is used: merges and splits between two resolutions, with their evidence.

Comes in: members before and after, scored pairs after. Goes out: counts, and pairs of accounts that come together or
part, those with the most followers first.
"""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from engines.engine import Engine


@dataclass(frozen=True, slots=True)
class Preview:
    #: creators after that hold accounts of several creators before
    merges: int
    #: creators before whose accounts stand under several after
    splits: int
    #: accounts whose creator has other members than before
    accounts_moved: int
    #: left, right, change, match_weight_bits (null where the two were not compared), levels, followers
    pairs: list[dict[str, Any]]


def preview(
    before: pa.Table, after: pa.Table, scored: pa.Table, accounts: pa.Table, engine: Engine, limit: int = 20
) -> Preview:
    """Compare members (account_id, creator_id) on the accounts that both hold; ids of creators do not matter.

    scored: left, right, match_weight_bits, levels. accounts: account_id, followers. At most `limit` pairs of each
    kind are listed, one per pair of creators, the strongest evidence first among the accounts of both.
    """
    both = engine.sql(_BOTH, before=before, after=after)
    counts = engine.sql(_COUNTS, both=both).to_pylist()[0]
    shown: list[dict[str, Any]] = []
    for change, apart, together in (("merge", "was", "becomes"), ("split", "becomes", "was")):
        sql = _PAIRS.format(change=change, apart=apart, together=together, limit=int(limit))
        shown += engine.sql(sql, both=both, scored=scored, accounts=accounts).to_pylist()
    return Preview(counts["merges"], counts["splits"], counts["moved"], shown)


_BOTH = """
    SELECT b.account_id, b.creator_id AS was, a.creator_id AS becomes
    FROM "before" b JOIN "after" a ON a.account_id = b.account_id
"""
_COUNTS = """
    WITH sizes AS (SELECT was, becomes, count(*) AS n FROM both GROUP BY was, becomes),
    old AS (SELECT was, count(*) AS parts, sum(n) AS n FROM sizes GROUP BY was),
    new AS (SELECT becomes, count(*) AS parts, sum(n) AS n FROM sizes GROUP BY becomes)
    SELECT (SELECT count(*) FROM new WHERE parts > 1) AS merges, (SELECT count(*) FROM old WHERE parts > 1) AS splits,
           (SELECT CAST(coalesce(sum(s.n), 0) AS BIGINT) FROM sizes s JOIN old ON old.was = s.was
            JOIN new ON new.becomes = s.becomes WHERE old.parts > 1 OR new.parts > 1) AS moved
"""
_PAIRS = """
    WITH crossed AS (
        SELECT l.account_id AS "left", r.account_id AS "right", least(l.{apart}, r.{apart}) AS one,
               greatest(l.{apart}, r.{apart}) AS other
        FROM both l JOIN both r ON l.{together} = r.{together} AND l.{apart} <> r.{apart}
        WHERE l.account_id < r.account_id
    ),
    weighed AS (
        SELECT c."left", c."right", s.match_weight_bits, s.levels,
               coalesce(a.followers, 0) + coalesce(b.followers, 0) AS followers,
               row_number() OVER (
                   PARTITION BY c.one, c.other ORDER BY s.match_weight_bits DESC NULLS LAST, c."left", c."right"
               ) AS place
        FROM crossed c LEFT JOIN scored s ON s."left" = c."left" AND s."right" = c."right"
        JOIN accounts a ON a.account_id = c."left" JOIN accounts b ON b.account_id = c."right"
    )
    SELECT '{change}' AS change, "left", "right", match_weight_bits, levels, followers FROM weighed
    WHERE place = 1 ORDER BY followers DESC, "left", "right" LIMIT {limit}
"""
