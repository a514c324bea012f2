"""Pairs compete: a creator rarely has two accounts on one platform, so two that fit one account cannot both be right.

Comes in: pairs with the weight of every other comparison. Goes out: how far each pair leads, or trails, the best other
pair for the same account and platform, as a level of RIVALS.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engines.engine import Engine
from identity.comparisons import RIVAL_MARGINS, RIVALS


def rival_levels(
    pairs: pa.Table, platforms: pa.Table, weight_bits: npt.NDArray[np.float64], engine: Engine
) -> npt.NDArray[np.int8]:
    """The level per pair, in the order of `pairs` (left, right; sorted so). platforms: row, platform.

    Accounts of one platform are no rivals of each other's partners: for them the level is `none`.
    """
    weighed = pairs.select(["left", "right"]).append_column("weight_bits", pa.array(weight_bits))
    found = engine.sql(_LEADS, weighed=weighed, platforms=platforms)
    leads = found["lead_bits"].to_numpy(zero_copy_only=False)
    levels = 1 + np.searchsorted(-np.array(RIVAL_MARGINS), -np.nan_to_num(leads, nan=np.inf), side="left")
    return np.where(np.isnan(leads), RIVALS.index("none")[0], levels).astype(np.int8)


# The best rival of a pair is the strongest pair of its group, or the second when it is the strongest itself.
_LEADS = """
WITH sided AS (
    SELECT w.*, l.platform AS left_platform, r.platform AS right_platform FROM weighed w
    JOIN platforms l ON l."row" = w."left" JOIN platforms r ON r."row" = w."right"
),
ends AS (
    SELECT "left", "right", weight_bits, "left" AS account, right_platform AS other FROM sided
    WHERE left_platform <> right_platform
    UNION ALL
    SELECT "left", "right", weight_bits, "right", left_platform FROM sided WHERE left_platform <> right_platform
),
ranked AS (
    SELECT *, row_number() OVER best AS place, lead(weight_bits) OVER best AS next_bits,
           max(weight_bits) OVER (PARTITION BY account, other) AS best_bits
    FROM ends WINDOW best AS (PARTITION BY account, other ORDER BY weight_bits DESC, "left", "right")
),
rivals AS (
    SELECT "left", "right", max(CASE WHEN place = 1 THEN next_bits ELSE best_bits END) AS rival_bits
    FROM ranked GROUP BY "left", "right"
)
SELECT w.weight_bits - r.rival_bits AS lead_bits FROM weighed w
LEFT JOIN rivals r ON r."left" = w."left" AND r."right" = w."right" ORDER BY w."left", w."right"
"""
