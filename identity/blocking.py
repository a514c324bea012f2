"""Which pairs are worth comparing: cheap rules propose, everything else is never looked at.

Comes in: profiles with a dense `row`, claims by row, neighbours by row. Goes out: `left, right, rules`, left < right,
each pair once, with one bit per rule that proposed it. Every rule is portable SQL; a block larger than its cap is
skipped whole, because a value that so many carry says nothing about any two of them.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engines.engine import Engine

SCHEMA = pa.schema([("left", pa.int32()), ("right", pa.int32()), ("rules", pa.int64())])


@dataclass(frozen=True, slots=True)
class BlockingRule:
    """Accounts that share a key are proposed."""

    name: str
    #: SQL over the columns of `profiles`; NULL keeps an account out
    key: str
    #: accounts per block; a larger block is a shared value
    largest_block: int
    #: pairs of one platform are proposed too
    same_platform: bool
    #: for the reviewer
    sentence: str


def _part(part: str, length: int) -> str:
    """SQL: a part of a handle that is longer than it, or as long."""
    return f"CASE WHEN length(handle_core) >= {length} THEN {part} END"


KEY_RULES = (
    BlockingRule("exact_handle", "handle", 64, False, "both use the same handle"),
    BlockingRule("near_handle", "handle_core", 48, True, "their handles differ only in separators or usual affixes"),
    BlockingRule("handle_letters", "handle_letters", 24, False, "their handles differ only in digits"),
    BlockingRule("handle_start_7", _part("substr(handle_core, 1, 7)", 7), 12, False, "their handles start alike"),
    BlockingRule("handle_start_9", _part("substr(handle_core, 1, 9)", 9), 12, False, "their handles start alike"),
    BlockingRule("handle_end", _part("right(handle_core, 8)", 8), 12, False, "their handles end alike"),
    BlockingRule("email", "email", 48, True, "both show the same e-mail address"),
    BlockingRule("site", "site", 48, True, "both show the same website"),
    BlockingRule("name", "name_glued", 24, False, "both show the same name"),
    BlockingRule(
        "name_and_handle_start",
        "name_glued || '|' || substr(handle_core, 1, 4)",
        48,
        False,
        "both show the same name and their handles start alike",
    ),
    BlockingRule(
        "name_start_and_handle_start",
        "substr(name_latin, 1, 4) || '|' || substr(handle_core, 1, 6)",
        24,
        False,
        "their names start alike, and so do their handles",
    ),
    BlockingRule(
        "name_start_and_email_domain",
        "email_domain || '|' || substr(name_key, 1, 3)",
        24,
        True,
        "their e-mail addresses share a domain and their names start alike",
    ),
)
#: pairs per spelling
LARGEST_SPELLED_BLOCK = 256
#: columns that may spell another account's handle
SPELLINGS = ("name_spelled", "name_spelled_back", "email_stem", "site_stem")
#: SQL over `profiles`: what each account spells, and as what; a spelling that stands twice counts once
ROLES = " UNION ".join(
    f'SELECT "row", platform, {column} AS k, FALSE AS is_handle FROM profiles WHERE {column} IS NOT NULL'
    for column in SPELLINGS
) + (
    ' UNION ALL SELECT "row", platform, handle_core AS k, TRUE AS is_handle FROM profiles WHERE handle_core IS NOT NULL'
)
CLAIM_RULE = "claim"
SPELLED_RULE = "spelled_handle"
NEIGHBOUR_RULE = "bio_neighbour"

#: bit position of each rule in `rules`
RULE_NAMES = (*(rule.name for rule in KEY_RULES), CLAIM_RULE, SPELLED_RULE, NEIGHBOUR_RULE)
SENTENCES = {rule.name: rule.sentence for rule in KEY_RULES} | {
    CLAIM_RULE: "one names the other in its profile",
    SPELLED_RULE: "the name or an address of one spells the handle of the other",
    NEIGHBOUR_RULE: "their bios read alike",
}


def propose_pairs(profiles: pa.Table, claims: pa.Table, engine: Engine, neighbours: pa.Table | None = None) -> pa.Table:
    """The candidate pairs, sorted by left and right.

    claims: source_row, target_row (NULL when the target is unknown) among others; neighbours: left, right, cosine.
    """
    proposals = [same_key(profiles, rule, engine) for rule in KEY_RULES]
    proposals += [*said_pairs(profiles, claims, engine, neighbours), spelled(profiles, engine)]
    return engine.sql(
        """
        SELECT "left", "right", bit_or(rules) AS rules FROM proposed
        GROUP BY "left", "right" ORDER BY "left", "right"
        """,
        proposed=pa.concat_tables(proposals),
    ).cast(SCHEMA)


def rule_counts(pairs: pa.Table) -> dict[str, int]:
    """How many candidate pairs each rule proposed (a pair may count for several)."""
    rules = pairs["rules"].to_numpy()
    return {name: int(np.count_nonzero(rules & bit(name))) for name in RULE_NAMES}


def rules_in(mask: int) -> list[str]:
    """The names of the rules in a mask.

    >>> rules_in(0b101)
    ['exact_handle', 'handle_letters']
    """
    return [name for name in RULE_NAMES if mask & bit(name)]


def bit(name: str) -> int:
    return 1 << RULE_NAMES.index(name)


def same_key(profiles: pa.Table, rule: BlockingRule, engine: Engine) -> pa.Table:
    """The pairs of one rule."""
    return engine.sql(_sharing(_keyed(rule, f"{rule.key} IS NOT NULL")), profiles=profiles).cast(SCHEMA)


def key_holders(profiles: pa.Table, news: pa.Table, engine: Engine) -> pa.Table:
    """row, platform, rules, k: whole blocks under every rule, of the keys that `news` holds."""
    held = (_keyed(rule, f"{rule.key} IN (SELECT {rule.key} FROM news)") for rule in KEY_RULES)
    return engine.sql(" UNION ALL ".join(held), profiles=profiles, news=news)


def same_keys(holders: pa.Table, engine: Engine) -> pa.Table:
    """The pairs of whole blocks, once for each rule. holders: as of `key_holders`."""
    return engine.sql(_sharing("SELECT * FROM holders"), holders=holders).cast(SCHEMA)


def _keyed(rule: BlockingRule, where: str) -> str:
    """SQL: the accounts that have a key under a rule."""
    return (
        f'SELECT "row", platform, CAST({bit(rule.name)} AS BIGINT) AS rules, {rule.key} AS k '
        f"FROM profiles WHERE {where}"
    )


def _sharing(keyed: str) -> str:
    """SQL: pairs of accounts that share a key under a rule."""
    largest = " ".join(f"WHEN {bit(rule.name)} THEN {rule.largest_block}" for rule in KEY_RULES)
    of_one_platform = ", ".join(str(bit(rule.name)) for rule in KEY_RULES if rule.same_platform)
    return f"""
        WITH keyed AS ({keyed}),
        blocks AS (
            SELECT rules, k FROM keyed GROUP BY rules, k HAVING count(*) BETWEEN 2 AND CASE rules {largest} END
        ),
        blocked AS (SELECT keyed.* FROM keyed JOIN blocks ON keyed.rules = blocks.rules AND keyed.k = blocks.k)
        SELECT l."row" AS "left", r."row" AS "right", l.rules
        FROM blocked l JOIN blocked r ON l.rules = r.rules AND l.k = r.k AND l."row" < r."row"
        WHERE l.platform <> r.platform OR l.rules IN ({of_one_platform})
    """


def said_pairs(profiles: pa.Table, claims: pa.Table, engine: Engine, neighbours: pa.Table | None) -> list[pa.Table]:
    """The pairs that a statement or a likeness proposes, and no key."""
    near = [] if neighbours is None else [_neighbours(neighbours, engine)]
    return [_claimed(profiles, claims, engine), *near]


def _claimed(profiles: pa.Table, claims: pa.Table, engine: Engine) -> pa.Table:
    """Whom a claim names; or, when nobody has that handle, whose handle differs from it only in digits."""
    return engine.sql(
        f"""
        WITH unknown AS (
            SELECT source_row, target_platform, target_letters FROM claims
            WHERE target_row IS NULL AND target_letters IS NOT NULL AND kind = 'self'
        ),
        named AS (
            SELECT source_row, target_row FROM claims WHERE target_row IS NOT NULL
            UNION ALL
            SELECT u.source_row, min(p."row") FROM unknown u
            JOIN profiles p ON p.platform = u.target_platform AND p.handle_letters = u.target_letters
            GROUP BY u.source_row, u.target_platform, u.target_letters HAVING count(*) = 1
        )
        SELECT DISTINCT least(source_row, target_row) AS "left", greatest(source_row, target_row) AS "right",
               CAST({bit(CLAIM_RULE)} AS BIGINT) AS rules
        FROM named WHERE source_row <> target_row
        """,
        profiles=profiles,
        claims=claims,
    ).cast(SCHEMA)


def spelled(profiles: pa.Table, engine: Engine, among: pa.Table | None = None) -> pa.Table:
    """The pairs of which one spells the other's handle. among: only by these spellings, in column `k`."""
    asked, tables = ("", {}) if among is None else ("WHERE k IN (SELECT k FROM among)", {"among": among})
    return engine.sql(
        f"""
        WITH roles AS (SELECT * FROM ({ROLES}) AS everyone {asked}),
        counts AS (
            SELECT k, count(*) FILTER (WHERE NOT is_handle) AS names, count(*) FILTER (WHERE is_handle) AS handles
            FROM roles GROUP BY k
        ),
        shared AS (SELECT k FROM counts WHERE names * handles BETWEEN 1 AND {LARGEST_SPELLED_BLOCK})
        SELECT DISTINCT least(s."row", h."row") AS "left", greatest(s."row", h."row") AS "right",
               CAST({bit(SPELLED_RULE)} AS BIGINT) AS rules
        FROM roles s JOIN shared ON s.k = shared.k JOIN roles h ON h.k = s.k AND h.is_handle
        WHERE NOT s.is_handle AND s."row" <> h."row" AND s.platform <> h.platform
        """,
        profiles=profiles,
        **tables,
    ).cast(SCHEMA)


def _neighbours(neighbours: pa.Table, engine: Engine) -> pa.Table:
    return engine.sql(
        f"""
        SELECT DISTINCT least("left", "right") AS "left", greatest("left", "right") AS "right",
               CAST({bit(NEIGHBOUR_RULE)} AS BIGINT) AS rules
        FROM neighbours WHERE "left" <> "right"
        """,
        neighbours=neighbours,
    ).cast(SCHEMA)
