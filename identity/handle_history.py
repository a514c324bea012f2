"""Whom a handle in a claim meant when it was said: handles are given up, and taken by others.

Comes in: claims whose handles were looked up among today's holders, when each account was last seen, and the spans in
which accounts were seen with a handle. Goes out: the same claims, of which two kinds mean somebody else. A handle that
nobody has any more means whoever had it last; one that changed hands after the claim was said never means the new
holder. That takes somebody seen before the claim: the old holder, or the new one under another name. An account that
was merely seen first after the claim may have had its handle all along. Addresses with an account's id are left alone:
an id has one owner for ever.
"""

import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.claim_targets import by_source


def as_meant(claims: pa.Table, accounts: pa.Table, spans: pa.Table, engine: Engine) -> pa.Table:
    """`claims` with the targets that their handles had; claims that turn out to be about their source are left out.

    claims: as of `find_targets`. accounts: account_id, platform, handle (case-folded), last_seen: a profile says what
    it says as of then. spans: account_id, handle, first_seen, last_seen. All instants in microseconds.
    """
    seen = accounts.select(["account_id", "platform", "handle", "last_seen"])
    named = claims.select(["source", "target_platform", "target_handle", "target_user_id", "target"])
    sources = engine.sql(_DOUBTED + "SELECT DISTINCT source FROM doubted", claims=named, accounts=seen, spans=spans)
    is_doubted = pc.is_in(claims["source"], value_set=sources["source"])
    doubted = claims.filter(is_doubted)
    meant = engine.sql(_DOUBTED + _AS_MEANT, claims=doubted, accounts=seen, spans=spans).cast(claims.schema)
    return by_source(claims.filter(pc.invert(is_doubted)), meant)


_DOUBTED = """
    WITH held AS (
        SELECT a.platform, s.handle, s.account_id, s.first_seen, s.last_seen,
               a.handle IS NOT DISTINCT FROM s.handle AS still,
               min(s.first_seen) OVER (PARTITION BY s.account_id) AS known_since
        FROM spans s JOIN accounts a ON a.account_id = s.account_id
    ),
    named AS (
        SELECT DISTINCT c.source, c.target_platform, c.target_handle, c.target, a.last_seen AS said_at
        FROM claims c JOIN accounts a ON a.account_id = c.source
        WHERE c.target_user_id IS NULL AND c.target_handle IN (SELECT handle FROM spans)
    ),
    doubted AS (
        SELECT n.source, n.target_platform, n.target_handle, n.target, n.said_at FROM named n
        JOIN held h ON h.platform = n.target_platform AND h.handle = n.target_handle
        GROUP BY n.source, n.target_platform, n.target_handle, n.target, n.said_at
        HAVING (n.target IS NULL AND NOT bool_or(h.still))
            OR (min(h.first_seen) FILTER (WHERE h.account_id = n.target) > n.said_at
                AND min(CASE WHEN h.account_id = n.target THEN h.known_since ELSE h.first_seen END) <= n.said_at)
    )
"""
_AS_MEANT = """,
    holders AS (
        SELECT d.source, d.target_platform, d.target_handle, h.account_id AS meant,
               rank() OVER (
                   PARTITION BY d.source, d.target_platform, d.target_handle
                   ORDER BY h.last_seen DESC, h.first_seen DESC
               ) AS place
        FROM doubted d JOIN held h ON h.platform = d.target_platform AND h.handle = d.target_handle
        WHERE h.first_seen <= d.said_at AND h.account_id IS DISTINCT FROM d.target
    ),
    meant AS (
        SELECT source, target_platform, target_handle, min(meant) AS meant FROM holders WHERE place = 1
        GROUP BY source, target_platform, target_handle HAVING count(*) = 1
    )
    SELECT c.source, c.target_platform, c.target_handle, c.target_user_id, c.kind, c.strength, c.field, c.span,
           CASE WHEN d.source IS NULL THEN c.target ELSE m.meant END AS target
    FROM claims c
    LEFT JOIN doubted d ON d.source = c.source AND d.target_platform = c.target_platform
                       AND d.target_handle = c.target_handle AND c.target_user_id IS NULL
    LEFT JOIN meant m ON m.source = d.source AND m.target_platform = d.target_platform
                     AND m.target_handle = d.target_handle
    WHERE m.meant IS DISTINCT FROM c.source
    ORDER BY c.source, c.target_platform, coalesce(c.target, c.target_user_id, c.target_handle), c.kind
"""
