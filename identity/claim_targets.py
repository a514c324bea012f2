"""Which account a claim means.

Comes in: what accounts say, profiles. Goes out: claims with their target's account id, the strongest per source, target
and kind. A target is settled only when exactly one account fits.
"""

import numpy as np
import pyarrow as pa

from engines.engine import Engine
from identity.content_claims import CLAIM_FIELDS

CLAIM_SCHEMA = pa.schema([("source", pa.string()), *CLAIM_FIELDS, ("target", pa.string())])


def find_targets(said: pa.Table, profiles: pa.Table, engine: Engine) -> pa.Table:
    """One row per (source, target, kind), sorted; target is NULL when nobody known is meant.

    Of several the profile's own is kept, then the strongest.
    """
    known = profiles.select(["account_id", "platform", "platform_user_id", "handle"])
    return engine.sql(_RESOLVE, profiles=known, said=said).cast(CLAIM_SCHEMA)


# A description that names somebody once says nothing
# when nobody here has that name, or when the same account is claimed elsewhere.
_RESOLVE = """
WITH meant_ids AS (
    SELECT DISTINCT target_platform AS platform, target_user_id AS platform_user_id FROM said
    WHERE target_user_id IS NOT NULL
),
meant_handles AS (
    SELECT DISTINCT target_platform AS platform, target_handle AS handle FROM said WHERE target_handle IS NOT NULL
),
ids AS (
    SELECT platform, platform_user_id, min(account_id) AS target
    FROM profiles JOIN meant_ids USING (platform, platform_user_id)
    GROUP BY platform, platform_user_id HAVING count(*) = 1
),
handles AS (
    SELECT platform, handle, min(account_id) AS target FROM profiles JOIN meant_handles USING (platform, handle)
    GROUP BY platform, handle HAVING count(*) = 1
),
resolved AS (
    SELECT said.*, coalesce(ids.target, handles.target) AS target
    FROM said
    LEFT JOIN ids ON ids.platform = said.target_platform AND ids.platform_user_id = said.target_user_id
    LEFT JOIN handles ON handles.platform = said.target_platform AND handles.handle = said.target_handle
),
ranked AS (
    SELECT *,
        row_number() OVER (
            PARTITION BY source, target_platform, kind, coalesce(target, target_user_id, target_handle)
            ORDER BY field = 'content', strength DESC, field, span, target_handle, target_user_id
        ) AS place,
        bool_or(kind IN ('self', 'self_secondary')) OVER (
            PARTITION BY source, target_platform, coalesce(target, target_user_id, target_handle)
        ) AS is_claimed
    FROM resolved
    WHERE target IS DISTINCT FROM source
)
SELECT source, target_platform, target_handle, target_user_id, kind, strength, field, span, target
FROM ranked
WHERE place = 1 AND NOT (field = 'content' AND kind = 'mention' AND (target IS NULL OR is_claimed))
ORDER BY source, target_platform, coalesce(target, target_user_id, target_handle), kind
"""


def by_source(some: pa.Table, others: pa.Table) -> pa.Table:
    """Claims that share no source, each table in order, as one table in order."""
    sides = (frame["source"].to_numpy(zero_copy_only=False) for frame in (some, others))
    order = np.insert(np.arange(some.num_rows), np.searchsorted(*sides), some.num_rows + np.arange(others.num_rows))
    return pa.concat_tables([some, others]).take(pa.array(order)) if others.num_rows else some
