"""Tonight's accounts beside last night's: who stayed as they were, who came, who left. Who changed both left and came.

Comes in: where each account of tonight stood last night. Goes out: the same from both sides, and the news between them.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: the row of what is not there
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Beside:
    #: per account of tonight, its row last night; NOWHERE: it is news
    former: Rows
    #: per account of last night, its row tonight; NOWHERE: it left, or changed
    later: Rows

    @classmethod
    def of(cls, former: Rows, size: int) -> Self:
        """former: as above; size: how many accounts there were last night."""
        later = np.full(size, NOWHERE)
        stayed = former >= 0
        later[former[stayed]] = np.flatnonzero(stayed)
        return cls(former, later)

    def rows_by_key(self, tonight: pa.ChunkedArray, before: pa.ChunkedArray) -> Rows:
        """Per account of last night, its row tonight, though it may have changed; NOWHERE: it left. Keys by row."""
        rows = self.later.copy()
        came, left = np.flatnonzero(self.former < 0), np.flatnonzero(self.later < 0)
        places = pc.index_in(before.take(pa.array(left)), value_set=tonight.take(pa.array(came)))
        rows[left] = np.append(came, NOWHERE)[pc.fill_null(places, -1).to_numpy()]
        return rows

    def news(self, tonight: pa.Table, before: pa.Table, columns: list[str]) -> pa.Table:
        """The accounts of either night that the other does not have as they are; both tables by row."""
        return pa.concat_tables([self.came(tonight, columns), self.left(before, columns)])

    def came(self, tonight: pa.Table, columns: list[str]) -> pa.Table:
        """The accounts of tonight that are news; by row."""
        return tonight.select(columns).take(pa.array(np.flatnonzero(self.former < 0)))

    def left(self, before: pa.Table, columns: list[str]) -> pa.Table:
        """The accounts of last night that are not here as they were; by row."""
        return before.select(columns).take(pa.array(np.flatnonzero(self.later < 0)))

    def same(self, tonight: npt.NDArray[np.generic], before: npt.NDArray[np.generic]) -> Mask:
        """Which accounts of tonight stayed and hold the same value as last night; both arrays by row."""
        stayed = self.former >= 0
        same = np.zeros(len(tonight), bool)
        same[stayed] = tonight[stayed] == before[self.former[stayed]]
        return same
