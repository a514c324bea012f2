"""What identity keeps from one night to the next, so that a night works on its news.

Everything kept is the answer of a pure function beside a *mark* of all that was asked. An answer is taken again only
where the mark is the same, so memory changes how long a night takes and nothing else, and it may be lost at any time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import fingerprint
from engines.engine import Engine
from identity.comparisons import COMPARISONS
from identity.weights import Model

MARKS = pa.schema([("mark", pa.uint64())])
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
    """A 64-bit number per row, in row order: two rows have one mark when they are equal in every column."""
    # A collision would take making, and would only keep its maker's own account as it was.
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    marked = engine.sql(
        f"SELECT hash({columns}) AS mark FROM marked_rows ORDER BY place",
        marked_rows=rows.append_column("place", pa.array(np.arange(rows.num_rows))),
    )
    return marked["mark"]


def forget(memory: Memory, keys: Iterable[str]) -> Memory:
    """The memory without what it holds of these accounts; the same one when it holds nothing of them."""
    if memory.profiles is None:
        return memory
    known = memory.profiles["account_id"]
    stays = pc.invert(pc.is_in(known, value_set=pa.array(sorted(set(keys)), known.type)))
    if pc.all(stays).as_py():
        return memory
    kept = stays.to_numpy()
    places = np.cumsum(kept, dtype=np.int32) - np.int32(1)
    pairs = memory.pairs
    sides = {side: pairs[side].to_numpy() for side in ("left", "right")}
    pairs = pairs.filter(pa.array(kept[sides["left"]] & kept[sides["right"]]))
    for side in sides:
        pairs = pairs.set_column(pairs.column_names.index(side), side, pa.array(places).take(pairs[side]))
    return replace(memory, profiles=memory.profiles.filter(stays), marks=memory.marks.filter(stays), pairs=pairs)
