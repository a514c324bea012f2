"""The order in which a field's rows are stored: those of one cell side by side, so that a search reads few places.

Centres are kept from night to night, since finding them takes longer than everything else; they are found again when
the cells have become twice as unequal, or the rows twice as many, as when they were found.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.cells import TRAINING_ROWS_PER_CELL, imbalance, nearest_cell, train_cells
from embeddings.vectors import Matrix
from index.lexical import Longs
from index.manifest import Cells
from index.plan import cell_count
from index.vectors import Docs, Rows, spaced, unit_rows

MOST_GROWTH = 2.0
PROBE_QUERIES = 256
PROBE_DEPTH = 50
RECALL = 0.975  # leaves the gate, which asks for 0.95, room for chance and for drift; 0.985 reads twice as many rows
LEAST_PROBES = 32
_ASSIGNED_ROWS = 65_536  # per call: bounds the float copies


@dataclass(frozen=True, slots=True)
class FrozenCells:
    """The centres of an earlier snapshot and what the cells were like when they were found."""

    centres: Matrix
    description: Cells
    #: codes over these centres; None where there are none
    codes: Path | None = None


@dataclass(frozen=True, slots=True)
class CellOrder:
    """Which cell each row lies in; rows by document. Without cells the order is by document."""

    rows: int
    centres: Matrix | None = None
    cell_of: Longs | None = None
    description: Cells | None = None
    #: codes over the same centres, of an earlier snapshot
    codes: Path | None = None

    def within(self, start: int, stop: int) -> tuple[Docs, Longs | None]:
        """(rows start … stop − 1 by cell, then document; where each cell begins among them, and the end)."""
        if self.cell_of is None or self.centres is None:
            return np.arange(start, stop), None
        cells = self.cell_of[start:stop]
        counts = np.bincount(cells, minlength=len(self.centres))
        return start + np.argsort(cells, kind="stable"), np.concatenate([[0], np.cumsum(counts)])


def order_by_cells(rows: Rows, frozen: FrozenCells | None, known: Longs | None = None) -> CellOrder:
    """The cells of these rows, by the frozen centres while those still suit them.

    known: the cell of each row by the frozen centres, −1 where it is to be found.
    """
    wanted = cell_count(len(rows))
    if not wanted:
        return CellOrder(len(rows))
    if frozen is not None and frozen.centres.shape[1] == rows.shape[1]:
        cell_of = _assign(rows, frozen.centres) if known is None else _assign_rest(rows, frozen.centres, known)
        if _still_suits(frozen, len(rows), _imbalance(cell_of, len(frozen.centres))):
            return CellOrder(len(rows), frozen.centres, cell_of, frozen.description, frozen.codes)
    centres = train_cells(unit_rows(spaced(rows, wanted * TRAINING_ROWS_PER_CELL)), wanted)
    cell_of = _assign(rows, centres)
    trained = Cells(
        count=wanted, trained_rows=len(rows), trained_imbalance=round(_imbalance(cell_of, wanted), 4),
        probes=_probes(rows, centres, cell_of),
    )  # fmt: skip
    return CellOrder(len(rows), centres, cell_of, trained)


def _probes(rows: Rows, centres: Matrix, cell_of: Longs) -> int:
    """How many of the cells nearest to a query hold RECALL of its nearest rows, with evenly spaced rows as queries."""
    queries = unit_rows(spaced(rows, PROBE_QUERIES))
    order = np.argsort(-(queries @ centres.T), axis=1, kind="stable")
    place = np.argsort(order, axis=1)  # place[q, c]: how many cells are nearer to q than c
    places = np.take_along_axis(place, cell_of[_nearest_rows(rows, queries)], axis=1)
    return max(LEAST_PROBES, int(np.quantile(places, RECALL, method="higher")) + 1)


def _nearest_rows(rows: Rows, queries: Matrix) -> Docs:
    """The PROBE_DEPTH rows nearest to each query."""
    found, near = [], []
    for start in range(0, len(rows), _ASSIGNED_ROWS):
        cosines = queries @ unit_rows(rows[start : start + _ASSIGNED_ROWS]).T
        best = np.argpartition(-cosines, min(PROBE_DEPTH, cosines.shape[1] - 1), axis=1)[:, :PROBE_DEPTH]
        found.append(best + start)
        near.append(np.take_along_axis(cosines, best, axis=1))
    best = np.argsort(-np.concatenate(near, axis=1), axis=1, kind="stable")[:, :PROBE_DEPTH]
    return np.take_along_axis(np.concatenate(found, axis=1), best, axis=1)


def _still_suits(frozen: FrozenCells, rows: int, unequal: float) -> bool:
    then = frozen.description
    grown = rows / max(then.trained_rows, 1)
    return unequal <= MOST_GROWTH * then.trained_imbalance and 1 / MOST_GROWTH <= grown <= MOST_GROWTH


def _assign(rows: Rows, centres: Matrix) -> Longs:
    parts = [
        nearest_cell(unit_rows(rows[start : start + _ASSIGNED_ROWS]), centres)
        for start in range(0, len(rows), _ASSIGNED_ROWS)
    ]
    return np.concatenate(parts)


def _assign_rest(rows: Rows, centres: Matrix, known: Longs) -> Longs:
    rest = np.flatnonzero(known < 0)
    cell_of = known.copy()
    if len(rest):
        cell_of[rest] = _assign(rows[rest], centres)
    return cell_of


def _imbalance(cell_of: Longs, cells: int) -> float:
    return imbalance(np.bincount(cell_of, minlength=cells))
