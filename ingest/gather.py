"""Many answers of one endpoint, side by side: the pieces from which an adapter builds columns.

Each raises Irregular where one of the answers has a shape that only a reading record by record can judge.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from ingest.adapter import Answer, Irregular, Json
from ingest.columns import ABSENT, Columns
from ingest.records import Kind


@dataclass(frozen=True, slots=True)
class Items:
    """The things listed in many answers: lists of one length, one entry per thing."""

    items: list[Json]
    lines: list[int]
    seats: list[int]
    pointers: list[str]
    fetched_at: list[int]

    def columns(self, kind: Kind, values: dict[str, list[Any]]) -> Columns:
        return Columns(kind, self.lines, self.seats, self.pointers, self.fetched_at, values)

    def without(self, is_out: Callable[[Json], bool]) -> "Items":
        """The others, where they stood."""
        out = [is_out(item) for item in self.items]
        if not any(out):
            return self
        kept = [place for place, is_one in enumerate(out) if not is_one]
        return Items(*([column[place] for place in kept] for column in self._columns()))

    def _columns(self) -> Sequence[list[Any]]:
        return self.items, self.lines, self.seats, self.pointers, self.fetched_at


def gather(answers: Sequence[Answer], lists: Sequence[list[Any]], pointer: str, *, seat: int = 0) -> Items:
    """The things in a list of each answer; `pointer` leads from the body to the list, `seat` is the first one's."""
    items = [item for things in lists for item in things]
    if not set(map(type, items)) <= {dict}:
        raise Irregular
    found = Items(items, [], [], [], [])
    longest = max(map(len, lists), default=0)
    places = {
        prefix: [f"{prefix}{pointer}{place}" for place in range(longest)] for prefix in {a.pointer for a in answers}
    }
    seats = list(range(seat, seat + longest))
    for answer, things in zip(answers, lists, strict=True):
        count = len(things)
        found.lines.extend([answer.line] * count)
        found.seats.extend(seats[:count])
        found.pointers.extend(places[answer.pointer][:count])
        found.fetched_at.extend([answer.fetched_at] * count)
    return found


def objects(parents: Sequence[Json], name: str) -> list[Json]:
    """The object under a name in each; empty where there is none."""
    found = [parent.get(name) for parent in parents]
    if not set(map(type, found)) <= {dict, NoneType}:
        raise Irregular
    return [each or {} for each in found]


def has(parents: Sequence[Json], name: str) -> list[bool]:
    return [name in parent for parent in parents]


def said(parents: Sequence[Json], name: str) -> list[Any]:
    """What stands under a name in each; ABSENT where nothing does."""
    return [parent.get(name, ABSENT) for parent in parents]


def got(parents: Sequence[Json], name: str, where: Sequence[bool]) -> list[Any]:
    """What stands under a name in each, None where nothing does; ABSENT but `where` the parent was asked for."""
    found = [parent.get(name) for parent in parents]
    return found if all(where) else only(found, where)


def only(values: list[Any], where: Sequence[bool]) -> list[Any]:
    """The values `where` they count, else ABSENT."""
    return [value if counts else ABSENT for value, counts in zip(values, where, strict=True)]
