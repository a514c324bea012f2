"""Columns of text, worked on whole: a kernel for the many easy values, a Python function for the few hard ones.

Every function here takes and returns Arrow arrays of one length. A column function and its scalar twin agree on every
value; the scalar one says what is meant, the column one is how a million rows afford it.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine

Texts: TypeAlias = pa.StringArray
Rows: TypeAlias = npt.NDArray[np.int64]


def texts(column: pa.ChunkedArray) -> Texts:
    """One contiguous array of a string column; no copy where it is one."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def in_order(frame: pa.Table, key: str, engine: Engine) -> pa.Table:
    """The rows sorted by a text column without NULL; as they are where they already stand so."""
    keys = texts(frame[key])
    is_sorted = pc.all(pc.less_equal(keys.slice(0, max(len(keys) - 1, 0)), keys.slice(1))).as_py()
    return frame if is_sorted else engine.sql(f"SELECT * FROM frame ORDER BY {key}", frame=frame)


def each_distinct(column: Texts, function: Callable[[str], str | None]) -> Texts:
    """The function over every distinct value, each once; NULL stays NULL."""
    encoded = column.dictionary_encode()
    values = [function(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(encoded.indices)


def by_difficulty(
    column: Texts, is_hard: pa.BooleanArray, easy: Callable[[Texts], Texts], hard: Callable[[str], str | None]
) -> Texts:
    """`easy` over the whole column, with the values of hard rows put right by `hard`."""
    chosen = pc.fill_null(is_hard, False)
    rare = column.filter(chosen)
    result = easy(column)
    return pc.replace_with_mask(result, chosen, each_distinct(rare, hard)) if len(rare) else result


def is_not_ascii(column: Texts) -> pa.BooleanArray:
    return pc.invert(pc.string_is_ascii(column))


def matches(column: Texts, pattern: str) -> pa.BooleanArray:
    """Where an RE2 pattern is found; False for NULL."""
    return pc.fill_null(pc.match_substring_regex(column, pattern), False)


def rows_where(mask: pa.BooleanArray) -> list[int]:
    rows: list[int] = pc.indices_nonzero(mask).to_pylist()
    return rows


def chosen(column: Texts, mask: pa.BooleanArray) -> Iterator[tuple[int, str]]:
    """Row and value where the mask holds."""
    return zip(rows_where(mask), column.filter(mask).to_pylist(), strict=True)


def nothing_as_null(column: Texts) -> Texts:
    return pc.if_else(pc.equal(column, ""), None, column)


def lists_by_row(rows: Rows, values: pa.Array, length: int) -> pa.ListArray:
    """One list per row 0..length-1; values of one row keep their order."""
    order = np.argsort(rows, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=length))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values.take(pa.array(order)))


@lru_cache(maxsize=16)
def character_class(pattern: str) -> str:
    """The inside of an RE2 class of exactly the characters that a Python pattern for one character takes.

    Python's and RE2's ideas of a letter differ in places and in Unicode versions; the two forms must not.
    """
    runs = (match.group() for match in re.finditer(f"(?:{pattern})+", _every_character()))
    return "".join(rf"\x{{{ord(run[0]):x}}}-\x{{{ord(run[-1]):x}}}" for run in runs)


@lru_cache(maxsize=1)
def _every_character() -> str:
    codes = np.concatenate([np.arange(0xD800), np.arange(0xE000, 0x110000)])  # what lies between is no character
    return codes.astype("<u4").tobytes().decode("utf-32-le")
