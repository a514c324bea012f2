"""A column of cells as they arrived → a checked Arrow column: what `fields.py` makes of each, thousands at a time.

What is plain goes through Arrow's kernels. Every other cell goes through the parser of its field, one by one, so a
column says of no cell anything else than the parser would.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from base.fingerprint import canonical_json
from ingest import fields

_EARLIEST, _LATEST = to_micros(fields.EARLIEST), to_micros(fields.LATEST)
_PLAIN_INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:?00)$"
_SECONDS = 19  # characters of such an instant up to its zone
_DIGITS = 18  # so many fit into 64 bits, whatever they are


class Cells(NamedTuple):
    """A checked column; an empty cell and a refused one are null."""

    values: pa.Array
    #: positions of the cells that the parser of the field refuses
    refused: list[int]


@dataclass(frozen=True, slots=True)
class Column:
    """How the cells of one field are taken, beside the type of what comes out."""

    type: pa.DataType
    check: Callable[[list[Any]], Cells]


def texts(limit: int) -> Column:
    """Free text, cut after `limit` characters."""
    parse = fields.text(limit)

    def check(values: list[Any]) -> Cells:
        given = _strings(values)
        if given is None:
            return _one_by_one(values, parse, pa.string())
        printable = pc.and_(pc.string_is_ascii(given), pc.ascii_is_printable(given))
        plain = pc.and_(printable, pc.less_equal(pc.binary_length(given), limit))
        return _mended(_or_null(pc.ascii_trim(given, " ")), plain, values, parse)

    return Column(pa.string(), check)


def _identifiers(values: list[Any]) -> Cells:
    given = _strings(values)
    if given is None:
        return _one_by_one(values, fields.identifier, pa.string())
    short = pc.less_equal(pc.binary_length(given), 200)
    plain = pc.and_(short, pc.match_substring_regex(given, r"^[A-Za-z0-9_.-][!-~]*$"))
    return _mended(given, plain, values, fields.identifier)


def _handles(values: list[Any]) -> Cells:
    given = _strings(values)
    if given is None:
        return _one_by_one(values, fields.handle, pa.string())
    plain = pc.match_substring_regex(given, r"^@?[A-Za-z0-9_.-]{1,100}$")
    return _mended(pc.ascii_lower(pc.ascii_ltrim(given, "@")), plain, values, fields.handle)


def _counts(values: list[Any]) -> Cells:
    types = set(map(type, values))
    if types <= {int, NoneType}:
        return _whole_numbers(values)
    given = _strings(values)
    if given is None:
        return _one_by_one(values, fields.count, pa.int64())
    plain = pc.and_(pc.ascii_is_decimal(given), pc.less_equal(pc.binary_length(given), _DIGITS))
    plain = pc.and_(plain, pc.string_is_ascii(given))
    return _mended(pc.if_else(plain, given, None).cast(pa.int64()), plain, values, fields.count)


def _whole_numbers(values: list[Any]) -> Cells:
    try:
        numbers = pa.array(values, pa.int64())
    except OverflowError:
        return _one_by_one(values, fields.count, pa.int64())
    return _mended(numbers, pc.greater_equal(numbers, 0), values, fields.count)


def _instants(values: list[Any]) -> Cells:
    given = _strings(values)
    if given is None:
        return _one_by_one(values, fields.instant, pa.int64())
    plain = pc.match_substring_regex(given, _PLAIN_INSTANT)
    seconds = pc.utf8_slice_codeunits(pc.if_else(plain, given, None), 0, _SECONDS)
    try:
        found = seconds.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowInvalid:  # a day that no calendar has
        return _one_by_one(values, fields.instant, pa.int64())
    within = pc.and_(pc.greater_equal(found, _EARLIEST), pc.less(found, _LATEST))
    return _mended(found, pc.and_kleene(plain, within), values, fields.instant)


def _flags(values: list[Any]) -> Cells:
    if set(map(type, values)) <= {bool, NoneType}:
        return Cells(pa.array(values, pa.bool_()), [])
    return _one_by_one(values, fields.flag, pa.bool_())


def _lists(values: list[Any]) -> Cells:
    return _one_by_one(values, _stored_list, pa.string())


def _stored_list(value: Any) -> str:
    if isinstance(value, list) and all(type(part) is str for part in value):
        return _list_of_texts(tuple(value))
    return canonical_json(fields.words(value))


@lru_cache(maxsize=4096)  # topics repeat
def _list_of_texts(parts: tuple[str, ...]) -> str:
    return canonical_json(fields.words(parts))


def repeated(parse: Callable[[Any], Any]) -> Column:
    """A column of text in which few values stand many times: each is parsed once."""

    def check(values: list[Any]) -> Cells:
        if not set(map(type, values)) <= {str, NoneType}:
            return _one_by_one(values, parse, pa.string())
        distinct = list(dict.fromkeys(values))
        found = _one_by_one(distinct, parse, pa.string())
        known = dict(zip(distinct, found.values.to_pylist(), strict=True))
        refused = {distinct[position] for position in found.refused}
        bad = [position for position, value in enumerate(values) if value in refused] if refused else []
        return Cells(pa.array([known[value] for value in values], pa.string()), bad)

    return Column(pa.string(), check)


IDENTIFIERS = Column(pa.string(), _identifiers)
HANDLES = Column(pa.string(), _handles)
COUNTS = Column(pa.int64(), _counts)
INSTANTS = Column(pa.int64(), _instants)
FLAGS = Column(pa.bool_(), _flags)
#: as the store keeps them: canonical JSON
LISTS = Column(pa.string(), _lists)


def _strings(values: list[Any]) -> pa.Array | None:
    """The column, when all of it is sound text or missing; every field takes an empty text for a missing one."""
    if not set(map(type, values)) <= {str, NoneType}:
        return None
    try:
        return _or_null(pa.array(values, pa.string()))
    except UnicodeEncodeError:  # a lone surrogate
        return None


def _or_null(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(pc.binary_length(texts), 0), None, texts)


def _mended(column: pa.Array, plain: pa.Array, values: list[Any], parse: Callable[[Any], Any]) -> Cells:
    """The column with every cell that is there and not plain taken by its parser."""
    left = pc.invert(pc.fill_null(plain, True))  # unknown whether a missing cell is plain, and it needs nothing
    positions = np.flatnonzero(left.to_numpy(zero_copy_only=False))
    if positions.size == 0:
        return Cells(column, [])
    rest = _one_by_one([values[position] for position in positions.tolist()], parse, column.type)
    refused = [int(positions[position]) for position in rest.refused]
    return Cells(pc.replace_with_mask(column, left, rest.values), refused)


def _one_by_one(values: list[Any], parse: Callable[[Any], Any], kind: pa.DataType) -> Cells:
    found, refused = [], []
    for position, value in enumerate(values):
        try:
            found.append(parse(value))
        except ValueError:
            found.append(None)
            refused.append(position)
    return Cells(pa.array(found, kind), refused)
