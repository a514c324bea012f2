"""How common a value is: exact counts in, powers of two out.

Comes in: profiles. Goes out: `value_counts (kind, value, count)`. A count is the number of accounts that carry the
value *on the platform where it is most common*: a person has about one account per platform, so this counts people
where a plain count would count their accounts. Values that stand once are not stored: absent means one.
"""

import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine

SCHEMA = pa.schema([("kind", pa.string()), ("value", pa.string()), ("count", pa.int64())])

#: kinds of value that are counted, by the profile column that holds them
COUNTED = ("handle_core", "name_key", "email", "site")
#: kinds of the words of names and of bios
NAME_WORD, BIO_WORD = "name_word", "bio_word"
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
    counted = [
        _count(profiles.select(["platform", kind]).rename_columns(["platform", "value"]), kind, 2, engine)
        for kind in COUNTED
    ]
    words = {
        NAME_WORD: pc.utf8_split_whitespace(profiles["name_key"].combine_chunks()),
        BIO_WORD: profiles["bio_tokens"].combine_chunks(),
    }
    counted += [_count(_by_word(profiles, held), kind, MIN_WORD_COUNT, engine) for kind, held in words.items()]
    return pa.concat_tables(counted).sort_by([("kind", "ascending"), ("value", "ascending")])


def _count(held: pa.Table, kind: str, at_least: int, engine: Engine) -> pa.Table:
    return engine.sql(
        f"""
        WITH per_platform AS (
            SELECT platform, value, count(*) AS accounts FROM held WHERE value IS NOT NULL GROUP BY platform, value
        )
        SELECT '{kind}' AS kind, value, CAST(max(accounts) AS BIGINT) AS count
        FROM per_platform GROUP BY value HAVING max(accounts) >= {at_least}
        """,
        held=held,
    ).cast(SCHEMA)


def _by_word(profiles: pa.Table, words: pa.ListArray) -> pa.Table:
    """One row per account and word."""
    platforms = profiles["platform"].combine_chunks().take(pc.list_parent_indices(words))
    return pa.table({"platform": platforms, "value": pc.list_flatten(words)})


def counts_of(value_counts: pa.Table, kind: str) -> dict[str, int]:
    """The stored counts of one kind by value."""
    chosen = value_counts.filter(pc.equal(value_counts["kind"], kind))
    return dict(zip(chosen["value"].to_pylist(), chosen["count"].to_pylist(), strict=True))
