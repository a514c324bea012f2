"""What two accounts say about each other, and about third accounts on each other's platform, as a level per pair."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.comparisons import CLAIM

Levels = npt.NDArray[np.int8]


def claim_levels(pairs: pa.Table, profiles: pa.Table, claims: pa.Table, engine: Engine) -> Levels:
    """The level of CLAIM per pair, in the order of `pairs` (which is by left and right).

    claims: source_row, target_row (NULL when nobody we know is meant), target_platform, target_letters, kind,
    in_profile.
    """
    sides, shown = pairs.select(["left", "right"]), profiles.select(["row", "platform", "handle_letters"])
    found = engine.sql(_LEVELS, pairs=sides, profiles=shown, claims=claims)
    names = pa.array([level.name for level in CLAIM.levels])
    return np.asarray(pc.index_in(found["claim"], value_set=names).to_numpy(), dtype=np.int8)


def with_names(levels: Levels, names_agree: npt.NDArray[np.bool_]) -> Levels:
    """What only descriptions say is believed where names agree: descriptions stay when a handle has left."""
    described, own = CLAIM.index("described", "self")
    return np.where((levels == described) & names_agree, own, levels).astype(np.int8)


# Only accounts that say something can change a level: most pairs hold none, and skip every join but the first.
_LEVELS = """
WITH said AS (
    SELECT source_row, target_row, max(CASE WHEN kind = 'self' THEN 1 ELSE 0 END) AS own,
           max(CASE WHEN kind = 'self' AND in_profile THEN 1 ELSE 0 END) AS shown,
           max(CASE WHEN kind = 'self_secondary' THEN 1 ELSE 0 END) AS secondary,
           max(CASE WHEN kind IN ('mention', 'employer', 'contact') THEN 1 ELSE 0 END) AS related,
           max(CASE WHEN kind = 'fan_of' THEN 1 ELSE 0 END) AS fan
    FROM claims WHERE target_row IS NOT NULL GROUP BY source_row, target_row
),
elsewhere AS (
    SELECT source_row, target_platform, 1 AS any_target,
           max(CASE WHEN target_row IS NULL THEN 0 ELSE 1 END) AS known_target,
           max(CASE WHEN target_row IS NULL THEN target_letters END) AS letters
    FROM claims WHERE kind = 'self' GROUP BY source_row, target_platform
),
speakers AS (SELECT DISTINCT source_row FROM claims),
spoken AS (
    SELECT p."left", p."right" FROM pairs p LEFT JOIN speakers l ON l.source_row = p."left"
    LEFT JOIN speakers r ON r.source_row = p."right" WHERE l.source_row IS NOT NULL OR r.source_row IS NOT NULL
),
facts AS (
    SELECT p."left", p."right", lr.target_row IS NOT NULL OR rl.target_row IS NOT NULL AS named,
           coalesce(lr.own, 0) AS left_own, coalesce(rl.own, 0) AS right_own,
           greatest(coalesce(lr.shown, 0), coalesce(rl.shown, 0)) AS shown,
           greatest(coalesce(lr.secondary, 0), coalesce(rl.secondary, 0)) AS secondary,
           greatest(coalesce(lr.related, 0), coalesce(rl.related, 0)) AS related,
           greatest(coalesce(lr.fan, 0), coalesce(rl.fan, 0)) AS fan,
           coalesce(le.letters = r.handle_letters, FALSE) OR coalesce(re.letters = l.handle_letters, FALSE) AS almost,
           CASE WHEN coalesce(lr.own, 0) = 0 THEN coalesce(le.any_target, 0) ELSE 0 END AS left_elsewhere,
           CASE WHEN coalesce(rl.own, 0) = 0 THEN coalesce(re.any_target, 0) ELSE 0 END AS right_elsewhere,
           CASE WHEN coalesce(lr.own, 0) = 0 THEN coalesce(le.known_target, 0) ELSE 0 END AS left_known,
           CASE WHEN coalesce(rl.own, 0) = 0 THEN coalesce(re.known_target, 0) ELSE 0 END AS right_known
    FROM spoken p JOIN profiles l ON l."row" = p."left" JOIN profiles r ON r."row" = p."right"
    LEFT JOIN said lr ON lr.source_row = p."left" AND lr.target_row = p."right"
    LEFT JOIN said rl ON rl.source_row = p."right" AND rl.target_row = p."left"
    LEFT JOIN elsewhere le ON le.source_row = p."left" AND le.target_platform = r.platform
    LEFT JOIN elsewhere re ON re.source_row = p."right" AND re.target_platform = l.platform
),
levels AS (
    SELECT "left", "right",
           CASE WHEN fan = 1 THEN 'fan_of'
                WHEN left_own = 1 AND right_own = 1 THEN 'mutual'
                WHEN left_own + right_own = 1 AND left_known + right_known > 0 THEN 'contested'
                WHEN left_own + right_own = 1 AND shown = 1 THEN 'self'
                WHEN left_own + right_own = 1 THEN 'described'
                WHEN secondary = 1 THEN 'secondary'
                WHEN left_known = 1 AND right_known = 1 THEN 'elsewhere_both'
                WHEN left_known = 1 OR right_known = 1 THEN 'elsewhere'
                WHEN almost THEN 'almost'
                WHEN related = 1 THEN 'related'
                WHEN left_elsewhere = 1 OR right_elsewhere = 1 THEN 'elsewhere_unknown'
                WHEN named THEN 'named'
                ELSE 'none' END AS claim
    FROM facts
)
SELECT coalesce(s.claim, 'none') AS claim FROM pairs p
LEFT JOIN levels s ON s."left" = p."left" AND s."right" = p."right" ORDER BY p."left", p."right"
"""
