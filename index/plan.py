"""How vectors are looked through: all that a filter leaves, or the cells nearest to the query."""

import math
from dataclasses import dataclass

EXACT_ROWS = 10_000  # so few rows are read in two milliseconds, and then nothing is missed
CELL_ROWS = 20_000  # smaller fields have no cells: reading them whole takes as long as choosing
# The narrower the filter, the fewer of a cell's rows it leaves, and the further one must look for as many.
PROBE_GROWTH = 0.7
MOST_OF_THE_CELLS = 0.5  # from here on reading on is as fast as leaving out, and misses nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """How one field is searched; as text, for the explanation."""

    #: rows that a filter leaves, of all rows of the field
    kept: int
    rows: int
    #: cells to look into, None for every row that is kept
    probes: int | None
    cells: int

    def __str__(self) -> str:
        if self.probes is None:
            return f"exact over {self.kept:,} of {self.rows:,}"
        return f"{self.probes:,} of {self.cells:,} cells, {self.kept:,} of {self.rows:,} kept"


def plan_search(rows: int, kept: int, cells: int, probes: int) -> Plan:
    """Every row when few are kept or there are no cells; otherwise more cells the narrower the filter.

    probes: cells to look into without a filter.

    >>> str(plan_search(rows=1_000_000, kept=8_120, cells=4_000, probes=64))
    'exact over 8,120 of 1,000,000'
    >>> str(plan_search(rows=1_000_000, kept=50_000, cells=4_000, probes=64))
    '522 of 4,000 cells, 50,000 of 1,000,000 kept'
    """
    if not cells or kept <= EXACT_ROWS:
        return Plan(kept, rows, None, cells)
    wanted = min(cells, math.ceil(probes * (rows / kept) ** PROBE_GROWTH))
    return Plan(kept, rows, wanted if wanted < MOST_OF_THE_CELLS * cells else None, cells)


def cell_count(rows: int) -> int:
    """4·√rows, as FAISS recommends for up to a million rows; none for a small field.

    >>> cell_count(19_999), cell_count(1_000_000)
    (0, 4000)
    """
    return int(4 * math.sqrt(rows)) if rows >= CELL_ROWS else 0
