"""What a payload says, column by column: drafts of many records at once, and the frames they become when checked.

A frame holds one kind of record, one row each: where it stands (`line`, `seat`, `pointer`), when it was fetched,
`carried` (a bit per field that the payload spoke of, as `stored.py` numbers them) and the checked fields. Lists are
JSON, as the store keeps them. A field that was not carried is null, and so is one that is empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import canonical_json
from ingest.cells import ARROW_TYPES, Column, Types
from ingest.records import AccountRecord, ContentRecord, Entity, Kind, RejectedRow
from ingest.stored import FIELD_ORDERS, LISTS, STORED_NAMES

MODELS: dict[Kind, type[AccountRecord | ContentRecord]] = {"account": AccountRecord, "content": ContentRecord}
_PLACE = [("line", pa.int64()), ("seat", pa.int64()), ("pointer", pa.string()), ("fetched_at", pa.int64())]


class _Absent:
    """Stands in a column where a payload does not speak of the field."""


ABSENT: Any = _Absent()


class Said(NamedTuple):
    """Cells of one plain type, already an Arrow column."""

    values: pa.Array
    #: where the payload speaks of the field; None is everywhere, and elsewhere the cell is null
    where: pa.BooleanArray | None = None


@dataclass(slots=True)
class Columns:
    """Records of one kind as they arrived, not yet checked: lists or arrays of one length, one entry per record."""

    kind: Kind
    #: 1-based line or row
    lines: list[int] | pa.Array
    #: place among the records of the line, so that they keep their order
    seats: list[int] | pa.Array
    #: JSON pointer inside the line
    pointers: list[str] | pa.Array
    #: microseconds since 1970 UTC
    fetched_at: list[int] | pa.Array
    #: record field → what the payload says: Said, or a list with ABSENT where it says nothing
    values: dict[str, Any]


@dataclass(slots=True)
class Drafted:
    """What many lines say, not yet checked."""

    columns: list[Columns] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    #: lines that must be read record by record
    refused: set[int] = field(default_factory=set)


class Checked(NamedTuple):
    """A frame, and the lines of which something was refused: their rows in the frame are worth nothing."""

    frame: pa.Table
    refused: set[int]


def check(columns: Columns) -> Checked:
    """Take every cell that its field's parser takes."""
    rows, lines = len(columns.lines), _array(columns.lines)
    carried = np.zeros(rows, np.int64)
    refused: set[int] = set()
    found: dict[str, pa.Array] = {}
    for name, column in columns.values.items():
        present, given, types = _spoken(column)
        found[name], bad = _parsers(columns.kind)[name].check(given, types)
        refused.update(lines.take(pa.array(bad, pa.int64())).to_pylist())
        carried |= _bit(columns.kind, name, found[name]) * present
    fields = [found.get(name, pa.nulls(rows, kind)) for name, kind in _fields(columns.kind)]
    place = [lines, columns.seats, columns.pointers, columns.fetched_at, carried | _always(columns.kind)]
    frame = pa.table([*place, *fields], schema=record_schema(columns.kind))
    refused.update(_nameless(frame, columns.kind))
    return Checked(frame, refused)


def frame_of(kind: Kind, entities: Sequence[tuple[int, Entity]]) -> pa.Table:
    """The same frame from records that were checked one by one, each with its seat."""
    rows = [
        {
            "line": entity.line, "seat": seat, "pointer": entity.pointer, "fetched_at": entity.fetched_at,
            "carried": _carried(kind, entity.record), **_row(entity.record),
        }
        for seat, entity in entities
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=record_schema(kind))


@cache
def record_schema(kind: Kind) -> pa.Schema:
    """The schema of a frame of records."""
    return pa.schema([*_PLACE, ("carried", pa.int64()), *_fields(kind)])


@cache
def _parsers(kind: Kind) -> dict[str, Column]:
    fields = MODELS[kind].model_fields.items()
    return {name: next(each for each in info.metadata if isinstance(each, Column)) for name, info in fields}


def _fields(kind: Kind) -> list[tuple[str, pa.DataType]]:
    return [(name, column.type) for name, column in _parsers(kind).items()]


def _array(numbers: list[int] | pa.Array) -> pa.Array:
    return numbers if isinstance(numbers, pa.Array) else pa.array(numbers, pa.int64())


def _spoken(column: list[Any] | Said) -> tuple[int | npt.NDArray[np.int64], list[Any] | pa.Array, Types]:
    """1 where the payload speaks and 0 where it does not, the cells with None for the latter, and their types."""
    if isinstance(column, Said):
        return 1 if column.where is None else _ones(column.where), column.values, ARROW_TYPES[column.values.type]
    types = set(map(type, column))
    if _Absent not in types:
        return 1, column, types
    present = np.fromiter((value is not ABSENT for value in column), np.int64, len(column))
    return present, [None if value is ABSENT else value for value in column], types - {_Absent} | {NoneType}


def _ones(flags: pa.BooleanArray) -> npt.NDArray[np.int64]:
    ones: npt.NDArray[np.int64] = flags.to_numpy(zero_copy_only=False).astype(np.int64)
    return ones


def _bit(kind: Kind, name: str, values: pa.Array) -> Any:
    bit = FIELD_ORDERS[kind].bits.get(STORED_NAMES.get(name, name), 0)
    # Without a handle the account keeps the one it is known by.
    return bit * _ones(values.is_valid()) if name == "handle" else bit


def _always(kind: Kind) -> int:
    """What every record of a kind carries: an item says whose it is."""
    return FIELD_ORDERS[kind].bits.get("account_key", 0)


def _nameless(frame: pa.Table, kind: Kind) -> list[int]:
    """Lines of records that do not say what they are about."""
    unnamed = pc.and_(frame["platform_user_id"].is_null(), frame["handle"].is_null())
    for name in ("platform", "platform_content_id")[: 1 + (kind == "content")]:
        unnamed = pc.or_(unnamed, frame[name].is_null())
    lines: list[int] = frame["line"].filter(unnamed).to_pylist()
    return lines


def _carried(kind: Kind, record: AccountRecord | ContentRecord) -> int:
    bits = FIELD_ORDERS[kind].bits
    names = record.model_fields_set if record.handle else record.model_fields_set - {"handle"}
    return _always(kind) | sum(bits.get(STORED_NAMES.get(name, name), 0) for name in names)


def _row(record: AccountRecord | ContentRecord) -> dict[str, Any]:
    carried = {name: getattr(record, name) for name in record.model_fields_set}
    return carried | {
        name: canonical_json(carried[name]) if carried[name] else None for name in LISTS if name in carried
    }
