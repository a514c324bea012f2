"""Many answers of one endpoint side by side: the pieces from which an adapter builds columns.

Arrow knows no difference between a field that is absent and one that is null, so no answer here holds a null: what is
null was not there.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.columns import Columns, Said
from ingest.records import Kind

_NO_TEXT = pa.scalar(None, pa.string())
_EMPTY, _NONE = pa.scalar(""), pa.scalar(0, pa.int32())


class Answers(NamedTuple):
    """Answers of one endpoint, one row each."""

    #: 1-based line
    lines: pa.Int64Array
    #: microseconds since 1970 UTC
    fetched_at: pa.Int64Array
    #: what was asked for, as far as it was kept
    asked: pa.StringArray
    #: in the adapter's `body` type
    bodies: pa.StructArray
    #: JSON pointer of a body inside its line
    pointer: str = "/body"

    def only(self, where: pa.BooleanArray) -> "Answers":
        """The answers `where` they count; nearly always all."""
        if pc.all(where).as_py():
            return self
        lines, fetched_at, asked, bodies = (column.filter(where) for column in self[:4])
        return Answers(lines, fetched_at, asked, bodies, self.pointer)


class Items(NamedTuple):
    """The things listed in many answers, one row each."""

    answers: Answers
    things: pa.StructArray
    #: row of the answer that lists it, and its place in the list
    parents: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]

    def only(self, where: pa.BooleanArray) -> "Items":
        """The things `where` they count, where they stood."""
        kept = where.to_numpy(zero_copy_only=False)
        return Items(self.answers, self.things.filter(where), self.parents[kept], self.places[kept])

    def lines(self, where: pa.BooleanArray) -> list[int]:
        """The lines of the things `where` it holds."""
        found: list[int] = self.answers.lines.take(pa.array(self.parents)).filter(where).to_pylist()
        return found

    def columns(self, kind: Kind, pointer: str, values: dict[str, Any], *, seat: int = 0) -> Columns:
        """Records of a kind; `pointer` leads from the body to the list, `seat` is the first one's."""
        longest = int(self.places.max(initial=-1)) + 1
        pointers = pa.array([f"{self.answers.pointer}{pointer}{place}" for place in range(longest)], pa.string())
        parents = pa.array(self.parents)
        return Columns(
            kind, self.answers.lines.take(parents), pa.array(self.places + seat), pointers.take(pa.array(self.places)),
            self.answers.fetched_at.take(parents), values,
        )  # fmt: skip


def gather(answers: Answers, lists: pa.ListArray) -> Items:
    """The things in a list of each answer."""
    counts = pc.fill_null(pc.list_value_length(lists), _NONE).to_numpy(zero_copy_only=False).astype(np.int64)
    parents = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(len(parents)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Items(answers, pc.list_flatten(lists), parents, places)


def part(parents: pa.StructArray, *names: str) -> pa.Array:
    """What stands under a name, or a path of names, in each; null where nothing does."""
    return pc.struct_field(parents, list(names))


def said(values: pa.Array) -> Said:
    """Cells of which a payload speaks where they are there."""
    return Said(values, values.is_valid())


def got(parents: pa.StructArray, *names: str) -> Said:
    """What stands under a path of names, spoken of wherever the first of them is there."""
    return Said(part(parents, *names), part(parents, names[0]).is_valid())


def either(first: pa.Array, second: pa.Array) -> pa.Array:
    """The first text, or the second where that one is missing or empty."""
    return pc.coalesce(pc.if_else(pc.equal(first, _EMPTY), _NO_TEXT, first), second)


def constant(text: str, rows: int) -> Said:
    return Said(pa.repeat(scalar(text), rows))


@lru_cache(maxsize=256)  # for each value that it converts, Arrow looks for optional packages on the disk
def scalar(value: str | int) -> pa.Scalar:
    return pa.scalar(value)


def looked_up(texts: pa.StringArray, find: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """What is found for each text, asked once for each that is different; null for none."""
    encoded = texts.dictionary_encode()
    return pa.array([find(text) for text in encoded.dictionary.to_pylist()], kind).take(encoded.indices)
