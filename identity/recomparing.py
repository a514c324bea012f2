"""Pairs are compared once: their levels stay while both accounts say what they said.

Comes in: candidate pairs as of tonight, where they stood last night, and their levels then. Goes out: what `compare`
says of tonight's pairs, in the same columns and order. The pairwise levels of a pair follow from the marks of its two
accounts, the cosine of their bios, and the bands of the words they share; a pair is compared again when one of these
moved.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.beside import NOWHERE, Beside
from identity.compare import compare
from identity.memory import COMPARED, MARKS, Memory, basis_of, marks_of
from identity.news import moved_words, shares_handle
from identity.rarity import BANDED, Rarity
from identity.reproposing import Proposed, keys_of, look_up, sides_of
from identity.triage import is_rare_handle

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Cosines = npt.NDArray[np.float32]

#: what `compare` says of a pair; rivals come later
LEVELS = tuple(name for name in COMPARED.names if name not in {"left", "right", "rules", "cosine", "rivals"})


@dataclass(frozen=True, slots=True)
class Compared:
    #: what `compare` gives
    pairs: pa.Table
    #: pairs that were compared
    fresh: int
    #: pairs that say what they said last night, under the same basis
    same: Mask
    #: per pair, its place among the pairs of last night; NOWHERE: it is new, or of an account that is news
    places: Rows
    #: last night's pairs that are no more, or of an account that is news
    gone: Rows
    #: to be remembered: the cosine of each pair, and the mark of each account
    cosines: Cosines
    marks: pa.Table


def compare_again(
    proposed: Proposed,
    profiles: pa.Table,
    claims: pa.Table,
    rarity: Rarity,
    engine: Engine,
    neighbours: pa.Table | None = None,
    *,
    read_marks: pa.ChunkedArray,
    value_counts: pa.Table,
    memory: Memory,
    beside: Beside,
) -> Compared:
    """`compare` of the same arguments, of which pairs that nothing moved are taken from memory.

    read_marks: for each profile, the mark under which it was read.
    """
    pairs, places = proposed.pairs, proposed.places
    marks = _account_marks(read_marks, profiles, claims, engine)
    stand = beside.same(marks.to_numpy(), memory.marks["mark"].to_numpy())
    left, right = sides_of(pairs)
    cosines = _cosines(pairs, neighbours, profiles.num_rows, engine)
    known = (places >= 0) & (memory.basis == basis_of(rarity.model, rarity.n_band))
    held = known & stand[left] & stand[right]
    held[held] = memory.pairs["cosine"].to_numpy()[places[held]] == cosines[held]
    relations = memory.pairs["handle_name"].to_numpy()[places[held]]
    with_handles = np.zeros(profiles.num_rows, bool)
    for side in (left, right):
        with_handles[side[held][shares_handle(relations)]] = True
    moved = moved_words(profiles, memory.counts, value_counts, engine, with_handles)
    held[held] = ~moved.touches(left[held], right[held], relations)
    del left, right, moved  # what follows takes most memory of all

    asked = pairs.filter(pa.array(~held)) if held.any() else pairs
    fresh = _compare_some(asked, profiles, claims, rarity, engine, neighbours)
    taken = np.where(held, places, NOWHERE)
    levels = {name: _merge(taken, memory.pairs[name], fresh[name]) for name in LEVELS}
    whole = {name: pairs[name] for name in ("left", "right", "rules")} | levels
    whole["rivals"] = pa.array(np.zeros(pairs.num_rows, np.int8))
    compared = pa.table({name: whole[name] for name in COMPARED.names if name != "cosine"})
    same = _same(known, places, held, memory.pairs, compared, rarity)
    gone = _gone(places, memory.pairs.num_rows)
    return Compared(compared, fresh.num_rows, same, places, gone, cosines, pa.table([marks], schema=MARKS))


def _gone(places: Rows, size: int) -> Rows:
    """Which of `size` pairs stand in none of these places."""
    gone = np.ones(size, bool)
    gone[places[places >= 0]] = False
    return np.flatnonzero(gone)


def _same(known: Mask, places: Rows, held: Mask, before: pa.Table, compared: pa.Table, rarity: Rarity) -> Mask:
    """Which known pairs have the rules and levels of last night: those held, and some that were compared again."""
    same = known.copy()
    again = np.flatnonzero(same & ~held)
    same[again] = says_the_same(compared, again, before, places[again], rarity, LEVELS)
    rows = np.flatnonzero(same)
    same[rows] = compared["rules"].to_numpy()[rows] == before["rules"].to_numpy()[places[rows]]
    return same


def says_the_same(
    tonight: pa.Table, rows: Rows, before: pa.Table, places: Rows, rarity: Rarity, names: Iterable[str]
) -> Mask:
    """Whether some pairs of tonight say in these columns what others said last night, as far as it is weighed."""
    same = np.ones(len(rows), bool)
    for name in names:
        now, then = tonight[name].to_numpy()[rows], before[name].to_numpy()[places]
        if name == "handle_bits":
            now, then = (is_rare_handle(bits, rarity.model, rarity.n_band) for bits in (now, then))
        same &= now == then
    return same


def _account_marks(
    read_marks: pa.ChunkedArray, profiles: pa.Table, claims: pa.Table, engine: Engine
) -> pa.ChunkedArray:
    """The mark of each account as it is compared: what was read of it, its reach, its bands, and whom it names."""
    named = profiles["account_id"].take(claims["target_row"])
    cells = claims.drop_columns(["source_row", "target_row"]).append_column("target", named)
    said = pa.table({"row": claims["source_row"], "cell": marks_of(cells, engine)})
    told = engine.sql(
        """SELECT "row", CAST(sum(cell) AS VARCHAR) AS says FROM said GROUP BY "row" """,
        said=said,
    )
    places = np.full(profiles.num_rows, NOWHERE)
    places[told["row"].to_numpy()] = np.arange(told.num_rows)
    says = told["says"].take(pa.array(places, mask=places < 0))
    others = profiles.select(["followers", *(f"{value}_band" for value in BANDED)])
    return marks_of(others.append_column("read", read_marks).append_column("says", says), engine)


def _cosines(pairs: pa.Table, neighbours: pa.Table | None, size: int, engine: Engine) -> Cosines:
    """The cosine of each pair's bios; 0 where they are no neighbours."""
    cosines = np.zeros(pairs.num_rows, np.float32)
    if neighbours is None or not len(cosines):
        return cosines
    found = engine.sql(
        """
        SELECT least("left", "right") AS "left", greatest("left", "right") AS "right", max(cosine) AS cosine
        FROM neighbours GROUP BY 1, 2
        """,
        neighbours=neighbours,
    )
    places = look_up(keys_of(*sides_of(found), size), keys_of(*sides_of(pairs), size), np.arange(len(cosines)))
    cosines[places[places >= 0]] = found["cosine"].to_numpy()[places >= 0]
    return cosines


def _compare_some(
    pairs: pa.Table, profiles: pa.Table, claims: pa.Table, rarity: Rarity, engine: Engine, neighbours: pa.Table | None
) -> pa.Table:
    """The levels of a few pairs, compared among the accounts they are of, so that the others cost nothing."""
    if not pairs.num_rows:
        return COMPARED.empty_table()
    if pairs.num_rows > profiles.num_rows:
        return compare(pairs, profiles, claims, rarity, engine, neighbours)
    rows = np.unique(np.concatenate(sides_of(pairs)))
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
