"""Only what is new is read again: the kernel of a map sees the rows whose answer is not remembered.

Comes in: rows, what was read on former nights, by mark. Goes out: the answer for every row, in row order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine, Kernel
from identity.memory import marks_of


@dataclass(frozen=True, slots=True)
class Read:
    #: what the kernel says of each row
    rows: pa.Table
    #: the mark of each row
    marks: pa.ChunkedArray
    #: per row, the place of its answer among those remembered; -1: the kernel saw it
    places: npt.NDArray[np.int64] = field(compare=False)

    @property
    def marked(self) -> pa.Table:
        """To be remembered: the rows with their `mark`."""
        return self.rows.add_column(0, "mark", self.marks)

    @property
    def fresh(self) -> int:
        """Rows that the kernel saw."""
        return int(np.count_nonzero(self.places < 0))


def read_again(
    rows: pa.Table,
    kernel: Kernel,
    schema: pa.Schema,
    remembered: pa.Table | None,
    engine: Engine,
    *,
    carried: Sequence[str] = (),
) -> Read:
    """`engine.map_arrow(rows, kernel, schema)`, for a kernel that looks at one row at a time.

    remembered: `mark` and the columns of `schema`, of any rows. carried: columns that the kernel hands on untouched and
    that say nothing about the others: a new value there is no reason to read again.
    """
    known = schema.insert(0, pa.field("mark", pa.uint64())).empty_table() if remembered is None else remembered
    marks = marks_of(rows.drop_columns(list(carried)), engine)
    places = np.array(pc.fill_null(pc.index_in(marks, value_set=known["mark"]), -1).to_numpy(), dtype=np.int64)
    fresh = engine.map_arrow(rows.filter(pa.array(places < 0)), kernel, schema)
    together = pa.concat_tables([known.drop_columns(["mark"]), fresh])
    answers = together.take(pa.array(_in_turn(places, known.num_rows))) if known.num_rows else fresh
    for name in carried:
        answers = answers.set_column(answers.column_names.index(name), schema.field(name), rows[name])
    return Read(answers, marks, places)


def _in_turn(places: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """Where each row's answer stands: among the `size` known ones, or after them in turn."""
    return np.where(places >= 0, places, size + np.cumsum(places < 0) - 1)
