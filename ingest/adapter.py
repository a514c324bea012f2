"""What a platform must offer: a pure reading of its API's answers. A new platform is one file that fills this in."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

import pyarrow as pa

from ingest.answers import Answers
from ingest.columns import Drafted
from ingest.fields import FieldError
from ingest.records import Kind, RejectedRow

Json = dict[str, Any]

#: what stands in for a request that was not kept
NO_REQUEST: Mapping[str, Any] = MappingProxyType({})


class Draft(NamedTuple):
    """One account or content item as found in an answer, not yet checked."""

    kind: Kind
    #: JSON pointer inside the body
    pointer: str
    #: record field → value as the platform sent it; a field that the answer does not speak of is left out
    values: Json


class Adapter(Protocol):
    """A platform's answers → drafts. Pure: no clock, no network, the same body always gives the same drafts."""

    @property
    def platform(self) -> str: ...

    @property
    def endpoints(self) -> frozenset[str]:
        """The endpoints whose answers `parse` understands."""
        ...

    def recognise(self, body: Json) -> str | None:
        """The endpoint a bare answer came from, by its shape; None when it is not this platform's."""
        ...

    def parse(
        self, endpoint: str, body: Json, fetched_at: datetime, request: Mapping[str, Any] = NO_REQUEST
    ) -> Iterable[Draft | RejectedRow]:
        """Everything the answer says. An item of the wrong shape is a RejectedRow (line 0), the others still count.

        request: the parameters that were asked with, as far as they were kept: some answers make sense only with them.
        """
        ...

    def precision(self, kind: Kind, metric: str) -> str:
        """exact, or rounded_3sf where the platform rounds."""
        ...

    def definition_version(self, metric: str, content_type: str | None, as_of: datetime) -> str:
        """Names what the platform meant by a metric at an instant; content_type is None for an account's total.

        The same all through a day of UTC: platforms announce the day of a change, not the hour.
        """
        ...


@runtime_checkable
class ReadsColumns(Adapter, Protocol):
    """An adapter that also reads many answers of one endpoint at once, for the speed of it."""

    @property
    def bodies(self) -> Mapping[str, pa.StructType]:
        """Endpoint → all that is read of its bodies. An answer in which anything has another type goes to `parse`."""
        ...

    def columns(self, endpoint: str, answers: Answers) -> Drafted:
        """Exactly what `parse` says of each answer; the lines of which it cannot say so are refused."""
        ...


def child(parent: Json, name: str) -> Json:
    """The object under a name; empty when there is none. Raises FieldError when something else stands there."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FieldError(f"{name} is a {type(value).__name__}, not an object", "the answer is damaged: fetch it again")
    return value


def children(parent: Json, name: str) -> list[Any]:
    """The list under a name; empty when there is none. Raises FieldError when something else stands there."""
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError(f"{name} is a {type(value).__name__}, not a list", "the answer is damaged: fetch it again")
    return value


def carried(parent: Mapping[str, Any], **names: str) -> Json:
    """The fields of an answer that it speaks of: record field = platform's name, left out when absent.

    >>> carried({"name": "Ann"}, display_name="name", bio="biography")
    {'display_name': 'Ann'}
    """
    return {ours: parent[theirs] for ours, theirs in names.items() if theirs in parent}


def read_items(items: Iterable[tuple[str, Any]], read: Callable[[str, Json], Draft]) -> Iterator[Draft | RejectedRow]:
    """One draft per (pointer, item), and a RejectedRow for an item of the wrong shape."""
    for pointer, item in items:
        try:
            if not isinstance(item, dict):
                raise FieldError(f"a {type(item).__name__}, not an object", "the answer is damaged: fetch it again")
            yield read(pointer, item)
        except FieldError as error:
            yield RejectedRow(0, pointer, "", str(error), error.hint)
