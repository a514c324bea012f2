"""What identity keeps from one night to the next, so that a night works on its news.

Everything kept is the answer of a pure function beside a *mark* of all that was asked. An answer is taken again only
where the mark is the same, so memory changes how long a night takes and nothing else, and it may be lost at any time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import fingerprint
from engines.engine import Engine
from identity.claim_targets import CLAIM_SCHEMA
from identity.comparisons import COMPARISONS
from identity.values import SCHEMA as COUNTS
from identity.values import TALLIES
from identity.weights import Model

MARKS = pa.schema([("mark", pa.uint64())])
COMPARED = pa.schema(
    [
        ("left", pa.int32()),
        ("right", pa.int32()),
        ("rules", pa.int64()),
        ("cosine", pa.float32()),
        ("handle_bits", pa.float64()),
        *((comparison.name, pa.int8()) for comparison in COMPARISONS),
    ]
)


RELATION = pa.struct([(name, pa.string()) for name in ("source", "kind", "target", "basis", "detail")])
#: what is read of one pair of accounts
RELATED = pa.schema([("mark", pa.uint64()), ("relations", pa.list_(RELATION))])
#: links that hold clusters together where they were not plain, by row
HELD = pa.schema([("left", pa.int32()), ("right", pa.int32()), ("weight_bits", pa.float64())])
#: what the creator of each account came to; `shown` marks what a creator's row shows of the account
DECIDED = pa.schema([("creator_id", pa.string()), ("weakest", pa.float64()), ("shown", pa.uint64())])


@dataclass(frozen=True, slots=True)
class Memory:
    """By row are all tables but `claims`, `tallies`, `counts` and `relations`: the accounts of last night, by key."""

    #: the model and the population band under which pairs were compared
    basis: str
    #: the same with the precision and the judgements under which clusters were made
    ruling: str
    #: names what was decided, so that a store can tell whether it holds just that; who stores it gives the name
    night: str
    #: who was here last night is all here: nobody was forgotten since
    is_whole: bool
    #: mark, and what the profile reader gave for it; None when nothing was read yet
    profiles: pa.Table | None
    #: the mark of each account as it was compared
    marks: pa.Table
    #: who says what of whom, as of `find_targets`
    claims: pa.Table
    #: kind, value, platform, accounts as of `tally_values`, and kind, value, count as of `count_values`
    tallies: pa.Table
    counts: pa.Table
    #: every candidate pair with its rules and levels, sorted by left and right
    pairs: pa.Table
    #: left, right, weight_bits
    held: pa.Table
    #: creator_id, the probability of the weakest link that holds it together (inf: there is none), and `shown`
    decided: pa.Table
    #: mark, and the relations that were read of one pair
    relations: pa.Table

    @classmethod
    def empty(cls) -> Self:
        tables = (
            schema.empty_table() for schema in (MARKS, CLAIM_SCHEMA, TALLIES, COUNTS, COMPARED, HELD, DECIDED, RELATED)
        )
        return cls("", "", "", False, None, *tables)


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
    return replace(
        memory,
        is_whole=False,
        profiles=memory.profiles.filter(stays),
        marks=memory.marks.filter(stays),
        decided=memory.decided.filter(stays),
        pairs=_among(memory.pairs, kept, places),
        held=_among(memory.held, kept, places),
        claims=CLAIM_SCHEMA.empty_table(),
        relations=RELATED.empty_table(),
    )


def _among(pairs: pa.Table, kept: npt.NDArray[np.bool_], places: npt.NDArray[np.int32]) -> pa.Table:
    """The pairs of accounts that are kept, under their new rows."""
    for side in ("left", "right"):
        rows = pairs[side].to_numpy()
        pairs = pairs.filter(pa.array(kept[rows]))
        moved = pa.array(places[rows[kept[rows]]])
        pairs = pairs.set_column(pairs.column_names.index(side), side, moved)
    return pairs
