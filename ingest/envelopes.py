"""Captured answers, many lines at once: Arrow's JSON reader makes columns of them, outside Python.

It vouches for a line only where nothing in it is unusual; every other line is left to `captures.py`. Arrow is as strict
as JSON, and a value of another type than the schema's is an error to it. What it does not tell is kept from it: null
from absence, NaN from a number, and where a line ends.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import NoneType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from ingest import platforms
from ingest.adapter import Adapter, ReadsColumns
from ingest.answers import Answers, looked_up, part, scalar
from ingest.cells import INSTANTS
from ingest.columns import Drafted
from ingest.fields import FieldError, platform_name

#: null, NaN and Infinity, of which Arrow makes something else than we do, and numbers that nobody writes
_STRANGE = r"[:,\[]\s*-?(null|NaN|Inf(inity)?)\s*[,}\]]|[0-9]{100}"
_PLATFORM, _ENDPOINT = (re.compile(rb'"%s"\s*:\s*"([A-Za-z_.]+)"' % name) for name in (b"platform", b"endpoint"))
_SHOWS = 256  # bytes of a line that show whether it is an envelope, and of which platform
_SPACE = b" \t\r\n"
# As scalars, as in `cells.py`.
_OK, _EPOCH, _FALSE = pa.scalar(200), pa.scalar(0), pa.scalar(False)
_NO_INSTANT = pa.scalar(None, pa.int64())

#: 1-based number and bytes of each line
Lines = Sequence[tuple[int, bytes]]


def read_envelopes(lines: Mapping[int, bytes], fetched_at: int) -> Drafted:
    """What captured answers say; lines that are anything else, or in any way unusual, are refused.

    `fetched_at` (microseconds) stands in where an envelope does not say when.
    """
    drafted = Drafted(refused=set(lines))
    for adapter, endpoint, alike in _by_endpoint(lines):
        for numbers, envelopes in _parsed(alike, _envelope(adapter.bodies[endpoint])):
            answers = _answers(adapter, endpoint, numbers, envelopes, fetched_at)
            found = adapter.columns(endpoint, answers)
            drafted.columns += found.columns
            drafted.rejected += found.rejected
            drafted.refused -= set(answers.lines.to_pylist()) - found.refused
    return drafted


def _by_endpoint(lines: Mapping[int, bytes]) -> Iterator[tuple[ReadsColumns, str, Lines]]:
    """The lines that may be read, with the platform and endpoint of which they seem to be."""
    found: dict[tuple[bytes, bytes], list[tuple[int, bytes]]] = {}
    for line, data in lines.items():
        platform, endpoint = _PLATFORM.search(data, 0, _SHOWS), _ENDPOINT.search(data, 0, _SHOWS)
        if platform and endpoint:
            found.setdefault((platform[1], endpoint[1]), []).append((line, data.strip(_SPACE)))
    for names, alike in found.items():
        name, asked = (each.decode() for each in names)
        adapter = platforms.adapter_for(_platform(name) or "")
        if isinstance(adapter, ReadsColumns) and asked in adapter.bodies:
            yield adapter, asked, _plain(alike)


def _plain(lines: Lines) -> Lines:
    """The lines of one object and nothing strange: between two of these, no value goes on."""
    is_strange = pc.match_substring_regex(pa.array([data for _line, data in lines], pa.binary()), _STRANGE)
    return [
        each
        for each, is_one in zip(lines, is_strange.to_pylist(), strict=True)
        if not is_one and each[1].startswith(b"{") and each[1].endswith(b"}")
    ]


def _parsed(lines: Lines, schema: pa.Schema) -> Iterator[tuple[pa.Int64Array, pa.StructArray]]:
    """Line numbers and values. Where one of the lines does not fit, they are halved until it stands alone."""
    if not lines:
        return
    envelopes = _fitting([data for _line, data in lines], schema)
    if envelopes is not None:
        yield pa.array([line for line, _data in lines], pa.int64()), envelopes
    elif len(lines) > 1:
        middle = len(lines) // 2
        yield from _parsed(lines[:middle], schema)
        yield from _parsed(lines[middle:], schema)


def _fitting(texts: Sequence[bytes], schema: pa.Schema) -> pa.StructArray | None:
    """A row for each text, None when one of them is not of this form."""
    data = b"\n".join(texts)
    parsing = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    try:
        table = pj.read_json(pa.BufferReader(data), pj.ReadOptions(use_threads=False, block_size=len(data)), parsing)
        table.validate(full=True)  # that texts are UTF-8
    except pa.ArrowInvalid:
        return None
    return table.to_struct_array().combine_chunks() if table.num_rows == len(texts) else None


@cache
def _envelope(answer: pa.StructType) -> pa.Schema:
    body = pa.struct([*answer, ("error", pa.struct([]))])
    texts = [(name, pa.string()) for name in ("platform", "endpoint", "fetched_at")]
    return pa.schema([*texts, ("status", pa.int64()), ("request", pa.struct({"id": pa.string()})), ("body", body)])


def _answers(
    adapter: Adapter, endpoint: str, numbers: pa.Int64Array, envelopes: pa.StructArray, fetched_at: int
) -> Answers:
    """The envelopes that hold an answer of this endpoint."""
    instants = INSTANTS.check(part(envelopes, "fetched_at"), {str, NoneType})
    is_answer = pc.and_(_holds_answer(adapter, envelopes), _except(instants.refused, len(numbers)))
    is_ours = pc.fill_null(pc.equal(part(envelopes, "endpoint"), scalar(endpoint)), _FALSE)
    at = pc.if_else(pc.equal(instants.values, _EPOCH), _NO_INSTANT, instants.values)
    at = pc.fill_null(at, scalar(fetched_at))
    answers = Answers(numbers, at, part(envelopes, "request", "id"), part(envelopes, "body"))
    return answers.only(pc.and_(is_answer, is_ours))


def _holds_answer(adapter: Adapter, envelopes: pa.StructArray) -> pa.BooleanArray:
    platform = looked_up(part(envelopes, "platform"), _platform, pa.string())
    is_ours = pc.fill_null(pc.equal(platform, scalar(adapter.platform)), _FALSE)
    is_success = pc.and_(
        pc.equal(pc.fill_null(part(envelopes, "status"), _OK), _OK), part(envelopes, "body").is_valid()
    )
    return pc.and_(is_ours, pc.and_(is_success, part(envelopes, "body", "error").is_null()))


def _platform(name: str) -> str | None:
    try:
        return platform_name(name)
    except FieldError:
        return None


def _except(places: list[int], rows: int) -> pa.BooleanArray:
    """True but in these places."""
    flags = np.ones(rows, bool)
    flags[places] = False
    return pa.array(flags)
