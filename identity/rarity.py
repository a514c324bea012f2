"""How surprising each account's handle and name are in this population, in bits.

Comes in: profiles, value counts, the population band, the model. Goes out: profiles with `handle_bits, name_bits` and
the bands of shared e-mails and sites. Every number is a pure function of banded counts, so that one more account
moves nothing until a count doubles.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.values import WORD, band, counts_of
from identity.weights import Model, handle_surprisal_bits, name_surprisal_bits

#: bits for "and here a word begins" while spelling a handle in words
WORD_START_BITS = 1.0


def with_rarity(profiles: pa.Table, value_counts: pa.Table, n_band: int, model: Model, engine: Engine) -> pa.Table:
    """`profiles` with `handle_bits`, `name_bits`, `email_band`, `site_band`.

    Rarity is worked out only for values that stand more than once: the others match nobody.
    """
    words = {word: float(max(n_band - band(count), 1)) for word, count in counts_of(value_counts, WORD).items()}
    spelled = {word: bits + WORD_START_BITS for word, bits in words.items()}
    tables = {
        "handles": _bits(
            _repeated(profiles, "handle_core", engine),
            counts_of(value_counts, "handle_core"),
            n_band,
            lambda core: handle_surprisal_bits(core, spelled, model.handle_characters),
        ),
        "names": _bits(
            _repeated(profiles, "name_key", engine),
            counts_of(value_counts, "name_key"),
            n_band,
            lambda name: name_surprisal_bits(name, words, n_band - 1.0),
        ),
        "emails": _bands(value_counts, "email"),
        "sites": _bands(value_counts, "site"),
    }
    return engine.sql(
        """
        SELECT p.*, h.bits AS handle_bits, n.bits AS name_bits,
               coalesce(e.band, 0) AS email_band, coalesce(s.band, 0) AS site_band
        FROM profiles p LEFT JOIN handles h ON h.value = p.handle_core LEFT JOIN names n ON n.value = p.name_key
        LEFT JOIN emails e ON e.value = p.email LEFT JOIN sites s ON s.value = p.site
        ORDER BY p."row"
        """,
        profiles=profiles,
        **tables,
    )


def _repeated(profiles: pa.Table, column: str, engine: Engine) -> list[str]:
    values = engine.sql(
        f"SELECT {column} AS value FROM profiles WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1",
        profiles=profiles,
    )
    return list(values["value"].to_pylist())


def _bits(values: list[str], counts: dict[str, int], n_band: int, surprisal: Callable[[str], float]) -> pa.Table:
    """value, bits: the surprisal, but never more than the share of people who were seen with the value."""
    bits = np.array(
        [min(surprisal(value), _seen_bits(counts.get(value, 1), n_band)) for value in values], dtype=np.float64
    )
    return pa.table({"value": pa.array(values, pa.string()), "bits": bits})


def _seen_bits(count: int, n_band: int) -> float:
    # Seen once per platform it may be one person everywhere: no reason to think it common.
    return float("inf") if count < 2 else float(max(n_band - band(count), 1))


def _bands(value_counts: pa.Table, kind: str) -> pa.Table:
    chosen = value_counts.filter(pc.equal(value_counts["kind"], kind))
    bands = [band(count) for count in chosen["count"].to_pylist()]
    return pa.table({"value": chosen["value"], "band": pa.array(bands, pa.int8())})
