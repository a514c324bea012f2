"""What another model would change, before it is used: merges and splits between two resolutions, with their evidence.

Comes in: members before and after, scored pairs after. Goes out: counts, and pairs of accounts that come together or
part, those with the most followers first.
"""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from engines.engine import Engine
from identity.weights import Model, decode_levels


@dataclass(frozen=True, slots=True)
class Preview:
    #: creators after that hold accounts of several creators before
    merges: int
    #: creators before whose accounts stand under several after
    splits: int
    #: accounts whose creator has other members than before
    accounts_moved: int
    #: change, left, right, match_weight_bits (None where the two were not compared), followers of both, and `evidence`:
    #: (sentence, bits) by the model that changes it, strongest first
    pairs: list[dict[str, Any]]


def preview(
    before: pa.Table,
    after: pa.Table,
    scored: pa.Table,
    accounts: pa.Table,
    model: Model,
    engine: Engine,
    limit: int = 20,
) -> Preview:
    """Compare members (account_id, creator_id) on the accounts that both hold; ids of creators do not matter.

    scored: left, right, match_weight_bits, levels. accounts: account_id, followers. At most `limit` merges and as many
    splits are listed, each by the strongest pair of accounts of the two creators.
    """
    standing = engine.sql(_STANDING, before=before, after=after)
    counts = engine.sql(_COUNTS, standing=standing).to_pylist()[0]
    shown: list[dict[str, Any]] = []
    for change, apart, together in (("merge", "was", "becomes"), ("split", "becomes", "was")):
        sql = _PAIRS.format(change=change, apart=apart, together=together, limit=int(limit))
        shown += engine.sql(sql, standing=standing, scored=scored, accounts=accounts).to_pylist()
    pairs = [{**row, "evidence": _evidence(row.pop("levels"), model)} for row in shown]
    return Preview(counts["merges"], counts["splits"], counts["moved"], pairs)


def _evidence(levels: str | None, model: Model) -> list[tuple[str, float]]:
    """Sentence and bits of every level that says something, strongest first."""
    if levels is None:
        return []
    reached = [one.levels[place] for one, place in zip(model.comparisons, decode_levels(levels), strict=True)]
    said = [(level.label, round(level.weight_bits, 2)) for level in reached]
    return sorted((one for one in said if one[1]), key=lambda one: (-abs(one[1]), one[0]))


_STANDING = """
    SELECT b.account_id, b.creator_id AS was, a.creator_id AS becomes
    FROM "before" b JOIN "after" a ON a.account_id = b.account_id
"""
_COUNTS = """
    WITH sizes AS (SELECT was, becomes, count(*) AS n FROM standing GROUP BY was, becomes),
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
        FROM standing l JOIN standing r ON l.{together} = r.{together} AND l.{apart} <> r.{apart}
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
