"""Claims from content descriptions: what an account repeats under its items is about itself, what it says once is not.

In come profiles and recent descriptions, out come claims in the shape of the bio's. Only lines that hold a profile's
address or a handle are read, and each distinct line once: boilerplate repeats.
"""

from typing import Any

import pyarrow as pa

from engines.engine import Engine
from identity.claim import Claim
from identity.claims import read_text
from identity.links import known_host_pattern

RECURRING_ITEMS = 3  # an address in this many recent items is boilerplate, so the owner's own; or in half of them
MAX_CLAIMANTS = 5  # a target that more accounts call their own in descriptions is a network's text block
MAX_LINE = 500  # characters; links stand at the start of a line, prose may be longer

CLAIM_FIELDS = pa.struct(
    [
        ("target_platform", pa.string()), ("target_handle", pa.string()), ("target_user_id", pa.string()),
        ("kind", pa.string()), ("strength", pa.float32()), ("field", pa.string()), ("span", pa.string()),
    ]
)  # fmt: skip
_LINE_SCHEMA = pa.schema([("line", pa.string()), ("platform", pa.string()), *CLAIM_FIELDS])


def content_claims(profiles: pa.Table, contents: pa.Table, engine: Engine) -> pa.Table:
    """One row per (source, target, kind): source, target_*, kind, strength, field, span.

    contents: account_id, text. An address in at least three of an account's items, or in two that are half of them,
    keeps its kind; otherwise a self claim becomes a mention. So does one of two accounts on a platform: they are hosts
    of a joint channel, or an owner and a friend.
    """
    sql = _LINES.replace("$hosts", known_host_pattern())
    lines = engine.sql(sql, contents=contents, profiles=profiles)
    distinct = engine.sql("SELECT DISTINCT line, platform FROM lines ORDER BY line, platform", lines=lines)
    parsed = engine.map_arrow(distinct, read_lines, _LINE_SCHEMA)
    items = engine.sql("SELECT account_id, count(*) AS items FROM contents GROUP BY account_id", contents=contents)
    return engine.sql(_RECURRENCE, lines=lines, parsed=parsed, items=items)


def read_lines(lines: pa.Table) -> pa.Table:
    """The kernel: claims of a batch of distinct description lines."""
    rows = [
        {"line": line, "platform": platform, **claim_row(claim)}
        for line, platform in zip(lines["line"].to_pylist(), lines["platform"].to_pylist(), strict=True)
        for claim in read_text(line, "content", platform).claims
    ]
    return pa.Table.from_pylist(rows, schema=_LINE_SCHEMA)


def claim_row(claim: Claim) -> dict[str, Any]:
    """A claim as a row of CLAIM_FIELDS."""
    return {
        "target_platform": claim.target_platform, "target_handle": claim.target_handle,
        "target_user_id": claim.target_user_id, "kind": claim.kind, "strength": claim.strength, "field": claim.field,
        "span": claim.span,
    }  # fmt: skip


# Instagram captions arrive without "@", so only full addresses are read there (POL-04).
_LINES = r"""
WITH items AS (
    SELECT account_id, profiles.platform, row_number() OVER () AS item, lower(text) AS folded, text
    FROM contents JOIN profiles USING (account_id)
    WHERE regexp_matches(folded, '$hosts') OR (contains(text, '@') AND profiles.platform <> 'instagram')
),
split AS (SELECT account_id, platform, item, unnest(string_split(text, chr(10))) AS line FROM items)
SELECT account_id, platform, item, left(trim(line), $max_line) AS line
FROM split
WHERE regexp_matches(lower(line), '$hosts') OR (regexp_matches(line, '$handle') AND platform <> 'instagram')
""".replace("$max_line", str(MAX_LINE)).replace("$handle", r"(^|[^a-zA-Z0-9._%+-])[@＠]")

_RECURRENCE = """
WITH found AS (
    SELECT account_id, target_platform, target_handle, target_user_id, kind,
           max(strength) AS strength, min(span) AS span, count(DISTINCT item) AS seen
    FROM lines JOIN parsed USING (line, platform)
    GROUP BY account_id, target_platform, target_handle, target_user_id, kind
),
weighed AS (
    SELECT found.*,
           count(*) OVER (PARTITION BY target_platform, target_handle, target_user_id, kind) AS claimants,
           seen >= $recurring OR (seen >= 2 AND 2 * seen >= items.items) AS recurs
    FROM found JOIN items USING (account_id)
),
rivalled AS (
    SELECT account_id, target_platform FROM weighed WHERE kind = 'self' AND recurs
    GROUP BY account_id, target_platform
    HAVING count(DISTINCT target_handle) > 1 OR count(DISTINCT target_user_id) > 1
)
SELECT account_id AS source, target_platform, target_handle, target_user_id,
       CASE WHEN kind IN ('self', 'self_secondary') AND NOT (recurs AND claimants <= $claimants) THEN 'mention'
            WHEN kind = 'self' AND rivalled.account_id IS NOT NULL THEN 'mention'
            ELSE kind END AS kind,
       strength, 'content' AS field, span
FROM weighed LEFT JOIN rivalled USING (account_id, target_platform)
""".replace("$recurring", str(RECURRING_ITEMS)).replace("$claimants", str(MAX_CLAIMANTS))
