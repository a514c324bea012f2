"""Only what is new is read again: the kernel of a map sees the rows whose answer is not remembered.

Comes in: rows, what was read on former nights, by mark. Goes out: the answer for every row, in row order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
    #: the same with its `mark`, to be remembered; None when there is no memory
    remembered: pa.Table | None
    #: rows that the kernel saw
    fresh: int


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
    places = pc.index_in(marks, value_set=known["mark"])
    fresh = engine.map_arrow(rows.filter(pc.is_null(places)), kernel, schema)
    together = pa.concat_tables([known.drop_columns(["mark"]), fresh])
    answers = together.take(pa.array(_places(places, known.num_rows)))
    for name in carried:
        answers = answers.set_column(answers.column_names.index(name), schema.field(name), rows[name])
    return Read(answers, answers.add_column(0, "mark", marks), fresh.num_rows)


def _places(known: pa.ChunkedArray, size: int) -> npt.NDArray[np.int64]:
    """Where each row's answer stands: among the `size` known ones, or after them in turn."""
    places = np.array(pc.fill_null(known, -1).to_numpy(), dtype=np.int64)
    places[places < 0] = size + np.arange(np.count_nonzero(places < 0))
    return places
