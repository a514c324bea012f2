"""How common a value is: exact counts in, powers of two out.

Comes in: profiles. Goes out: `value_counts (kind, value, count)`. A count is the number of accounts that carry the
value *on the platform where it is most common*: a person has about one account per platform, so this counts people
where a plain count would count their accounts. Values that stand once are not stored: absent means one. A *tally* is
how many carry a counted value on each platform, so that the next night only adds what came and takes away what left.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine

SCHEMA = pa.schema([("kind", pa.string()), ("value", pa.string()), ("count", pa.int64())])
TALLIES = pa.schema(
    [("kind", pa.string()), ("value", pa.string()), ("platform", pa.string()), ("accounts", pa.int64())]
)

#: kinds of value that are counted, by the profile column that holds them
COUNTED = ("handle_core", "name_key", "email", "site")
#: kinds of the words of names and of bios
NAME_WORD, BIO_WORD = "name_word", "bio_word"
WORDS = (NAME_WORD, BIO_WORD)
KINDS = (*COUNTED, *WORDS)
#: a word in fewer names than this may be one person's own, so it makes no handle common
MIN_WORD_COUNT = 4


def band(count: int) -> int:
    """The power of two a count falls in: global quantities are used in bands, so that one more account moves nothing.

    >>> [band(count) for count in (1, 2, 3, 4, 7, 8)]
    [0, 1, 1, 2, 2, 3]
    """
    return max(count, 1).bit_length() - 1


def population_band(accounts: int) -> int:
    """log2 of the population, rounded up: the `n_band` of priors and thresholds.

    >>> [population_band(accounts) for accounts in (1, 2, 1000, 1024, 1025)]
    [1, 1, 10, 10, 11]
    """
    return max((max(accounts, 1) - 1).bit_length(), 1)


def count_values(profiles: pa.Table, engine: Engine) -> pa.Table:
    """Every value that more than one account of a platform carries, by kind and value."""
    return counts_from(tally_values(profiles, engine), engine)


def tally_values(profiles: pa.Table, engine: Engine) -> pa.Table:
    """How many carry each counted value on each platform, by kind, value and platform."""
    # One kind after the other: the words of all bios are by far the most.
    held = (only_counted(added([with_kind(held_of(profiles, kind), kind)], engine), engine) for kind in KINDS)
    return in_turn([*held], engine)


def counts_from(tallies: pa.Table, engine: Engine) -> pa.Table:
    """The value counts that tallies come to."""
    return engine.sql(
        "SELECT kind, value, max(accounts) AS count FROM tallies GROUP BY kind, value ORDER BY kind, value",
        tallies=tallies,
    ).cast(SCHEMA)


def with_kind(held: pa.Table, kind: str) -> pa.Table:
    return held.append_column("kind", pa.repeat(kind, held.num_rows))


def added(held: Sequence[pa.Table], engine: Engine) -> pa.Table:
    """Tallies, those of values that are not counted too. held: platform, value, kind."""
    return engine.sql(
        """
        SELECT kind, value, platform, count(*) AS accounts FROM held WHERE value IS NOT NULL
        GROUP BY kind, value, platform
        """,
        held=pa.concat_tables(held),
    ).cast(TALLIES)


def only_counted(tallies: pa.Table, engine: Engine) -> pa.Table:
    """The tallies of values that are common enough to be counted."""
    words = ", ".join(f"'{kind}'" for kind in WORDS)
    return engine.sql(
        f"""
        WITH counted AS (
            SELECT kind, value FROM tallies GROUP BY kind, value
            HAVING max(accounts) >= CASE WHEN kind IN ({words}) THEN {MIN_WORD_COUNT} ELSE 2 END
        )
        SELECT t.* FROM tallies t JOIN counted c ON c.kind = t.kind AND c.value = t.value
        """,
        tallies=tallies,
    ).cast(TALLIES)


def in_turn(tallies: Sequence[pa.Table], engine: Engine) -> pa.Table:
    """Tallies by kind, value and platform."""
    return engine.sql("SELECT * FROM tallies ORDER BY kind, value, platform", tallies=pa.concat_tables(tallies))


def held_of(profiles: pa.Table, kind: str, among: pa.Array | None = None) -> pa.Table:
    """platform, value: what accounts carry of one kind, NULL too; only certain values, when asked."""
    platforms = profiles["platform"].combine_chunks()
    if kind not in WORDS:
        return _among(platforms, profiles[kind].combine_chunks(), among)
    words = (
        profiles["bio_tokens"].combine_chunks()
        if kind == BIO_WORD
        else pc.utf8_split_whitespace(profiles["name_key"].combine_chunks())
    )
    return _among(platforms, pc.list_flatten(words), among, pc.list_parent_indices(words))


def _among(platforms: pa.Array, values: pa.Array, among: pa.Array | None, owners: pa.Array | None = None) -> pa.Table:
    """owners: the row of `platforms` that holds each value; None: its own."""
    if among is not None:
        places = pc.indices_nonzero(pc.is_in(values, value_set=among))
        values, owners = values.take(places), places if owners is None else owners.take(places)
    return pa.table({"platform": platforms if owners is None else platforms.take(owners), "value": values})


def counts_of(value_counts: pa.Table, kind: str) -> dict[str, int]:
    """The stored counts of one kind by value."""
    chosen = value_counts.filter(pc.equal(value_counts["kind"], kind))
    return dict(zip(chosen["value"].to_pylist(), chosen["count"].to_pylist(), strict=True))
