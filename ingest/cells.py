"""A column of cells as they arrived → a checked Arrow column: what `fields.py` makes of each, thousands at a time.

What is plain goes through Arrow's kernels. Every other cell goes through the parser of its field, one by one, so a
column says of no cell anything else than the parser would.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType
from typing import Any, NamedTuple, TypeAlias
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from base.fingerprint import canonical_json
from ingest import fields

_EARLIEST, _LATEST = pa.scalar(to_micros(fields.EARLIEST)), pa.scalar(to_micros(fields.LATEST))
#: what `base.text.sanitise` takes out; of what is left it only composes the characters
_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
_PLAIN_INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:?00)$"
# As scalars: a plain number or None is converted with a search for optional packages, each time.
_NO_TEXT, _TRUE, _FALSE, _ZERO, _NO_BYTES = (
    pa.scalar(None, pa.string()),
    pa.scalar(True),
    pa.scalar(False),
    pa.scalar(0),
    pa.scalar(0, pa.int32()),
)
_SECONDS = 19  # characters of such an instant up to its zone
_LONGEST_ID = pa.scalar(200, pa.int32())
_DIGITS = pa.scalar(18, pa.int32())  # so many fit into 64 bits, whatever they are


Types = AbstractSet[type]
#: cells as they arrived, or already an array of one of the types below
Given: TypeAlias = list[Any] | pa.Array
_TEXT: Types = {str, NoneType}
#: what is in the cells of an array
ARROW_TYPES: dict[pa.DataType, Types] = {
    pa.string(): _TEXT,
    pa.int64(): {int, NoneType},
    pa.bool_(): {bool, NoneType},
}


class Cells(NamedTuple):
    """A checked column; an empty cell and a refused one are null."""

    values: pa.Array
    #: positions of the cells that the parser of the field refuses
    refused: list[int]


@dataclass(frozen=True, slots=True)
class Column:
    """How the cells of one field are taken, beside the type of what comes out."""

    type: pa.DataType
    #: from the cells and the types among them
    check: Callable[[Given, Types], Cells]


def texts(limit: int) -> Column:
    """Free text, cut after `limit` characters."""
    parse, longest = fields.text(limit), pa.scalar(limit, pa.int32())

    def check(values: Given, types: Types) -> Cells:
        given = _strings(values, types)
        if given is None:
            return _one_by_one(values, parse, pa.string())
        is_short = pc.less_equal(pc.binary_length(given), longest)
        is_plain = pc.and_(pc.string_is_ascii(given), pc.ascii_is_printable(given))
        bare = _or_null(pc.ascii_trim(given, " "))
        left = pc.fill_null(pc.invert(is_plain), _FALSE)
        rest = given.filter(left)
        if len(rest) == 0:
            return _mended(bare, is_short, values, parse)
        is_clean = pc.invert(pc.match_substring_regex(rest, _CONTROLS))
        composed = [normalize("NFC", each).strip()[:limit] or None for each in rest.to_pylist()]
        found = pc.replace_with_mask(bare, left, pa.array(composed, pa.string()))
        return _mended(found, pc.and_(is_short, pc.replace_with_mask(is_plain, left, is_clean)), values, parse)

    return Column(pa.string(), check)


def _identifiers(values: Given, types: Types) -> Cells:
    given = _strings(values, types)
    if given is None:
        return _one_by_one(values, fields.identifier, pa.string())
    short = pc.less_equal(pc.binary_length(given), _LONGEST_ID)
    plain = pc.and_(short, pc.match_substring_regex(given, r"^[A-Za-z0-9_.-][!-~]*$"))
    return _mended(given, plain, values, fields.identifier)


def _handles(values: Given, types: Types) -> Cells:
    given = _strings(values, types)
    if given is None:
        return _one_by_one(values, fields.handle, pa.string())
    plain = pc.match_substring_regex(given, r"^@?[A-Za-z0-9_.-]{1,100}$")
    return _mended(pc.ascii_lower(pc.ascii_ltrim(given, "@")), plain, values, fields.handle)


def _counts(values: Given, types: Types) -> Cells:
    if types <= {int, NoneType}:
        return _whole_numbers(values)
    given = _strings(values, types)
    if given is None:
        return _one_by_one(values, fields.count, pa.int64())
    plain = pc.and_(pc.ascii_is_decimal(given), pc.less_equal(pc.binary_length(given), _DIGITS))
    plain = pc.and_(plain, pc.string_is_ascii(given))
    return _mended(pc.if_else(plain, given, _NO_TEXT).cast(pa.int64()), plain, values, fields.count)


def _whole_numbers(values: Given) -> Cells:
    try:
        numbers = _array(values, pa.int64())
    except OverflowError:
        return _one_by_one(values, fields.count, pa.int64())
    return _mended(numbers, pc.greater_equal(numbers, _ZERO), values, fields.count)


def _instants(values: Given, types: Types) -> Cells:
    given = _strings(values, types)
    if given is None:
        return _one_by_one(values, fields.instant, pa.int64())
    plain = pc.match_substring_regex(given, _PLAIN_INSTANT)
    seconds = pc.utf8_slice_codeunits(pc.if_else(plain, given, _NO_TEXT), 0, _SECONDS)
    try:
        found = seconds.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowInvalid:  # a day that no calendar has
        return _one_by_one(values, fields.instant, pa.int64())
    within = pc.and_(pc.greater_equal(found, _EARLIEST), pc.less(found, _LATEST))
    return _mended(found, pc.and_kleene(plain, within), values, fields.instant)


def _flags(values: Given, types: Types) -> Cells:
    if types <= {bool, NoneType}:
        return Cells(_array(values, pa.bool_()), [])
    return _one_by_one(values, fields.flag, pa.bool_())


def _lists(values: Given, _types: Types) -> Cells:
    return _one_by_one(values, _stored_list, pa.string())


def _stored_list(value: Any) -> str | None:
    if isinstance(value, list) and all(type(part) is str for part in value):
        return _list_of_texts(tuple(value))
    found = fields.words(value)
    return canonical_json(found) if found else None


@lru_cache(maxsize=4096)  # topics repeat
def _list_of_texts(parts: tuple[str, ...]) -> str | None:
    found = fields.words(parts)
    return canonical_json(found) if found else None


def repeated(parse: Callable[[Any], Any]) -> Column:
    """A column of text in which few values stand many times: each is parsed once."""

    def check(values: Given, types: Types) -> Cells:
        given = _strings(values, types)
        if given is None:
            return _one_by_one(values, parse, pa.string())
        encoded = given.dictionary_encode(null_encoding="encode")
        found = _one_by_one(encoded.dictionary, parse, pa.string())
        bad = pc.is_in(encoded.indices, pa.array(found.refused, encoded.indices.type))
        refused = np.flatnonzero(bad.to_numpy(zero_copy_only=False)).tolist() if found.refused else []
        return Cells(found.values.take(encoded.indices), refused)

    return Column(pa.string(), check)


IDENTIFIERS = Column(pa.string(), _identifiers)
HANDLES = Column(pa.string(), _handles)
COUNTS = Column(pa.int64(), _counts)
INSTANTS = Column(pa.int64(), _instants)
FLAGS = Column(pa.bool_(), _flags)
#: as the store keeps them, canonical JSON; an empty one is null
LISTS = Column(pa.string(), _lists)


def _strings(values: Given, types: Types) -> pa.Array | None:
    """The column, when all of it is sound text or missing; every field takes an empty text for a missing one."""
    if not types <= _TEXT:
        return None
    try:
        return _or_null(_array(values, pa.string()))
    except UnicodeEncodeError:  # a lone surrogate
        return None


def _array(values: Given, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def _or_null(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(pc.binary_length(texts), _NO_BYTES), _NO_TEXT, texts)


def _mended(column: pa.Array, plain: pa.Array, values: Given, parse: Callable[[Any], Any]) -> Cells:
    """The column with every cell that is there and not plain taken by its parser."""
    left = pc.invert(pc.fill_null(plain, _TRUE))  # unknown whether a missing cell is plain, and it needs nothing
    positions = np.flatnonzero(left.to_numpy(zero_copy_only=False))
    if positions.size == 0:
        return Cells(column, [])
    rest = _one_by_one(_picked(values, positions.tolist()), parse, column.type)
    refused = [int(positions[position]) for position in rest.refused]
    return Cells(pc.replace_with_mask(column, left, rest.values), refused)


def _picked(values: Given, positions: list[int]) -> list[Any]:
    if isinstance(values, pa.Array):
        picked: list[Any] = values.take(pa.array(positions)).to_pylist()
        return picked
    return [values[position] for position in positions]


def _one_by_one(values: Given, parse: Callable[[Any], Any], kind: pa.DataType) -> Cells:
    found, refused = [], []
    for position, value in enumerate(values.to_pylist() if isinstance(values, pa.Array) else values):
        try:
            found.append(parse(value))
        except ValueError:
            found.append(None)
            refused.append(position)
    return Cells(pa.array(found, kind), refused)
