"""Only what is new is compared again: a pair keeps its levels while both accounts say what they said.

Comes in: candidate pairs as of tonight, and the pairs of the last night with their levels. Goes out: what `compare`
says of tonight's pairs, in the same columns and order, and what to remember. The pairwise levels of a pair follow from
the marks of its two accounts, the cosine of their bios, and the bands of the words they share; a pair is compared again
when one of these moved.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.compare import compare
from identity.memory import COMPARED, MARKS, Memory, basis_of, marks_of
from identity.news import banded_words, moved_words
from identity.rarity import BANDED, Rarity

Rows = npt.NDArray[np.int64]
Cosines = npt.NDArray[np.float32]

LEVELS = tuple(name for name in COMPARED.names if name not in {"left", "right", "cosine"})
#: the place of what is not there: a pair that is not remembered, an account that is not among those compared
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Compared:
    #: what `compare` gives
    pairs: pa.Table
    #: what to remember of it; None when there is no memory
    remembered: Memory | None
    #: pairs that were compared
    fresh: int


def compare_again(
    pairs: pa.Table,
    profiles: pa.Table,
    claims: pa.Table,
    rarity: Rarity,
    engine: Engine,
    neighbours: pa.Table | None = None,
    *,
    read_marks: pa.ChunkedArray,
    value_counts: pa.Table,
    memory: Memory,
) -> Compared:
    """`compare` of the same arguments, of which pairs that nothing moved are taken from memory.

    read_marks: for each profile, the mark under which it was read.
    """
    marks = _account_marks(read_marks, profiles, claims, engine)
    words = banded_words(value_counts)
    sides = _sides(pairs)
    cosines = _cosines(sides, neighbours, profiles.num_rows, engine)
    basis = basis_of(rarity.model, rarity.n_band)
    known = memory.pairs if memory.basis == basis else memory.pairs.slice(0, 0)

    places = _find(sides, marks, memory.marks["mark"], known)
    moved = moved_words(profiles, memory.words, words, engine)
    held = places >= 0
    remembered = known.take(pa.array(places[held]))
    stands = remembered["cosine"].to_numpy() == cosines[held]
    stands &= ~moved.touches(sides[0][held], sides[1][held], remembered["handle_name"].to_numpy())
    places[np.flatnonzero(held)[~stands]] = NOWHERE

    fresh = _compare_some(pairs.filter(pa.array(places < 0)), profiles, claims, rarity, engine, neighbours)
    levels = {name: _merge(places, known[name], fresh[name]) for name in LEVELS}
    compared = pa.table({name: pairs[name] for name in ("left", "right", "rules")} | levels)
    kept = pa.table({"left": pairs["left"], "right": pairs["right"], "cosine": pa.array(cosines)} | levels)
    now = Memory(basis, None, pa.table([marks], schema=MARKS), words, kept.cast(COMPARED))
    return Compared(compared, now, fresh.num_rows)


def _sides(pairs: pa.Table) -> tuple[Rows, Rows]:
    return pairs["left"].to_numpy().astype(np.int64), pairs["right"].to_numpy().astype(np.int64)


def _account_marks(
    read_marks: pa.ChunkedArray, profiles: pa.Table, claims: pa.Table, engine: Engine
) -> pa.ChunkedArray:
    """The mark of each account as it is compared: what was read of it, its reach, its bands, and whom it names."""
    named = profiles["account_id"].take(claims["target_row"])
    cells = claims.drop_columns(["source_row", "target_row"]).append_column("target", named)
    said = pa.table({"row": claims["source_row"], "cell": marks_of(cells, engine)})
    says = engine.sql(
        """
        WITH told AS (SELECT "row", string_agg(cell, ' ' ORDER BY cell) AS says FROM said GROUP BY "row")
        SELECT t.says FROM profiles p LEFT JOIN told t ON t."row" = p."row" ORDER BY p."row"
        """,
        said=said,
        profiles=profiles.select(["row"]),
    )
    others = profiles.select(["followers", *(f"{value}_band" for value in BANDED)])
    return marks_of(others.append_column("read", read_marks).append_column("says", says["says"]), engine)


def _cosines(
    sides: tuple[Rows, Rows], neighbours: pa.Table | None, size: int, engine: Engine
) -> npt.NDArray[np.float32]:
    """The cosine of each pair's bios; 0 where they are no neighbours."""
    cosines = np.zeros(len(sides[0]), np.float32)
    if neighbours is None or not len(cosines):
        return cosines
    found = engine.sql(
        """
        SELECT least("left", "right") AS "left", greatest("left", "right") AS "right", max(cosine) AS cosine
        FROM neighbours GROUP BY 1, 2
        """,
        neighbours=neighbours,
    )
    places = _places_in(_keys(sides, size), _keys(_sides(found), size))
    cosines[places[places >= 0]] = found["cosine"].to_numpy()[places >= 0]
    return cosines


def _find(sides: tuple[Rows, Rows], marks: pa.ChunkedArray, known_marks: pa.ChunkedArray, known: pa.Table) -> Rows:
    """Where each pair stands among the known ones; -1 where it does not, or where an account has another mark."""
    rows = np.asarray(pc.fill_null(pc.index_in(marks, value_set=known_marks), NOWHERE).to_numpy(), dtype=np.int64)
    # A mark holds the account's key and both lists are in key order, so left < right holds on either side.
    left, right = rows[sides[0]], rows[sides[1]]
    wanted = np.where((left < 0) | (right < 0), NOWHERE, _keys((left, right), len(known_marks)))
    return _places_in(_keys(_sides(known), len(known_marks)), wanted)


def _keys(sides: tuple[Rows, Rows], size: int) -> Rows:
    return np.asarray(sides[0] * size + sides[1])


def _places_in(keys: Rows, wanted: Rows) -> Rows:
    """Where each wanted key stands in the sorted ones; -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), NOWHERE)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, NOWHERE)


def _compare_some(
    pairs: pa.Table, profiles: pa.Table, claims: pa.Table, rarity: Rarity, engine: Engine, neighbours: pa.Table | None
) -> pa.Table:
    """The levels of a few pairs, compared among the accounts they are of, so that the others cost nothing."""
    if not pairs.num_rows:
        return COMPARED.empty_table()
    rows = np.unique(np.concatenate(_sides(pairs)))
    places = np.full(profiles.num_rows, NOWHERE, np.int32)
    places[rows] = np.arange(len(rows), dtype=np.int32)
    chosen = profiles.take(pa.array(rows))
    chosen = chosen.set_column(chosen.column_names.index("row"), "row", pa.array(places[rows]))
    near = None if neighbours is None else _renumbered(neighbours, ("left", "right"), places)
    said = _renumbered(claims, ("source_row", "target_row"), places)
    said = said.filter(pc.greater_equal(said["source_row"], 0))
    return compare(_renumbered(pairs, ("left", "right"), places), chosen, said, rarity, engine, near)


def _renumbered(frame: pa.Table, columns: tuple[str, str], places: npt.NDArray[np.int32]) -> pa.Table:
    for name in columns:
        frame = frame.set_column(frame.column_names.index(name), name, pa.array(places).take(frame[name]))
    return frame


def _merge(places: Rows, known: pa.ChunkedArray, fresh: pa.ChunkedArray) -> pa.Array:
    """One column: from memory where the place is known, else the fresh values in turn."""
    dtype = known.type.to_pandas_dtype()
    merged = np.empty(len(places), dtype)
    held = places >= 0
    merged[held] = np.asarray(known.to_numpy(), dtype)[places[held]]
    merged[~held] = np.asarray(fresh.to_numpy(), dtype)
    return pa.array(merged)
