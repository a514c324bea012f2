"""What identity keeps from one night to the next, so that a night works on its news.

Everything kept is the answer of a pure function beside a *mark* of all that was asked. An answer is taken again only
where the mark is the same, so memory changes how long a night takes and nothing else, and it may be lost at any time.
"""

from dataclasses import dataclass
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import fingerprint
from engines.engine import Engine
from identity.comparisons import COMPARISONS
from identity.weights import Model

MARKS = pa.schema([("mark", pa.string())])
WORDS = pa.schema([("kind", pa.string()), ("value", pa.string()), ("band", pa.int8())])
COMPARED = pa.schema(
    [
        ("left", pa.int32()),
        ("right", pa.int32()),
        ("cosine", pa.float32()),
        ("handle_bits", pa.float64()),
        *((comparison.name, pa.int8()) for comparison in COMPARISONS),
    ]
)


@dataclass(frozen=True, slots=True)
class Memory:
    #: the model and the population band under which pairs were compared
    basis: str
    #: mark, and what the profile reader gave for it; None when nothing was read yet
    profiles: pa.Table | None
    #: the mark of each account as it was compared, by account key; row numbers in `pairs` are places in it
    marks: pa.Table
    #: kind, value, band of the words of names and bios, as they were weighed
    words: pa.Table
    #: the pairwise part of every compared pair, sorted by left and right
    pairs: pa.Table

    @classmethod
    def empty(cls) -> Self:
        return cls("", None, MARKS.empty_table(), WORDS.empty_table(), COMPARED.empty_table())


def basis_of(model: Model, n_band: int) -> str:
    """Under another one of these, no compared pair is taken again."""
    return fingerprint({"model": model.fingerprint, "n_band": n_band})


def marks_of(rows: pa.Table, engine: Engine) -> pa.ChunkedArray:
    """32 hexadecimal digits per row, in row order: two rows have one mark when they are equal in every column."""
    plain = {name: _plain(rows[name]) for name in rows.column_names}
    # Each cell after its length, so that no text can end a cell early. A collision would take making, and would only
    # keep its maker's own account as it was.
    cells = " || ".join(f"coalesce(length(\"{name}\") || ':' || \"{name}\", '-')" for name in plain)
    marked = engine.sql(
        f"SELECT md5({cells}) AS mark FROM marked_rows ORDER BY place",
        marked_rows=pa.table(plain | {"place": pa.array(range(rows.num_rows), pa.int64())}),
    )
    return marked["mark"]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Any column as text; the words of a list hold no space."""
    return pc.binary_join(column, " ") if pa.types.is_list(column.type) else column.cast(pa.string())
