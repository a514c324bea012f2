"""A delivered file → the entities in it, whatever its format: captures, answers, CSV, JSON Lines, Parquet, gzip."""

import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from base.errors import SourceError
from ingest.captures import (
    Opened,
    draft_answers,
    is_envelope,
    open_envelope,
    open_response,
    read_envelope,
    read_response,
)
from ingest.columns import MODELS, Drafted, check, frame_of, record_schema
from ingest.contracts import SourceContract
from ingest.decoding import LINE_BYTES, decode_json, lines, unpacked
from ingest.envelopes import read_envelopes
from ingest.fields import FieldError
from ingest.records import Entity, Kind, RejectedRow
from ingest.rows import CsvRows, ParquetRows, RowReader

Mode = Literal["delta", "full"]
KINDS: tuple[Kind, Kind] = ("account", "content")
#: decoded bytes that are read as columns together: every kernel of Arrow costs as much as some hundred cells
UNIT_BYTES = 8 << 20
#: decoded bytes in one batch, some 80 000 records of an API: a page of the store that many touch is written once
BATCH_BYTES = 64 << 20
ROW_BYTES = 512  # what a row of a table is counted as

#: 1-based line, and the value that stands there; bytes are a JSON text that was not decoded yet
Line = tuple[int, Any]

_BREAKS = (EOFError, gzip.BadGzipFile, zlib.error, pa.ArrowException)
_FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "lines", ".ndjson": "lines", ".json": "document"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file to take in."""

    path: Path
    #: the name under which its rows are known
    source: str
    #: how to read a file that is not in our own columns
    contract: SourceContract | None = None
    #: delta: absence means nothing · full: an account of this source that is absent is gone
    mode: Mode = "delta"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some whole lines of a payload."""

    #: frames of records (see `columns.py`), in the order of the payload
    accounts: pa.Table
    content: pa.Table
    rejected: list[RejectedRow]
    #: of the last line: capture, response or rows; "" where no line could be read
    media: str


class Payload:
    """What one delivered file holds, read as a stream: record by record, or by `batches` of frames.

    `origin` is the file's name, `fetched_at` (microseconds) stands in where the payload does not say when. Reading
    raises SourceError when nothing of the file can be read; a file that breaks off later ends with a RejectedRow.
    `workers`: threads that read units of lines; they change nothing of what is found, nor its order.
    """

    def __init__(
        self,
        stream: io.BufferedReader,
        origin: str,
        contract: SourceContract | None,
        fetched_at: int,
        *,
        workers: int = 1,
    ) -> None:
        self._workers = workers
        self._stream, self._origin, self._fetched_at = stream, origin, fetched_at
        self._rows = RowReader(contract, fetched_at)
        self._is_table = False
        #: capture, response or rows; settled by the last value
        self.media = "rows"
        #: decoded bytes since the last unit
        self._read_bytes = 0
        #: columns that nothing reads
        self.ignored: list[str] = []

    def __iter__(self) -> Iterator[Entity | RejectedRow]:
        last = 0
        try:
            for each in map(_decoded, self._read()):
                if not isinstance(each, RejectedRow):
                    self.media = self._form(each[1])
                for found in [each] if isinstance(each, RejectedRow) else self._explained(*each):
                    last = found.line
                    yield found
        except _BREAKS as error:
            yield self._broken_off(last, error)

    def batches(self) -> Iterator[Batch]:
        """The same in frames of many records, whole lines of some BATCH_BYTES at a time."""
        last, pending, size = 0, [], 0
        for unit, batch in self._read_units():
            self.media = batch.media or self.media
            if unit.error:
                batch.rejected.append(self._broken_off(max(last, _last_line(batch)), unit.error))
            last = max(last, _last_line(batch))
            pending.append(batch)
            size += unit.size
            if size >= BATCH_BYTES:
                yield _joined(pending)
                pending, size = [], 0
        if pending:
            yield _joined(pending)

    def _broken_off(self, last: int, error: Exception) -> RejectedRow:
        if last == 0:
            raise SourceError(f"{self._origin} cannot be read: {error}", hint="deliver the file again, whole") from None
        return RejectedRow(last + 1, "", "", f"the file breaks off here: {error}", "deliver the file again, whole")

    # --- by columns

    def _read_units(self) -> Iterator[tuple["_Unit", Batch]]:
        """Units in the order of the payload, some of them read side by side: Arrow leaves the interpreter free."""
        with ThreadPoolExecutor(self._workers, "read") as pool:
            ahead: deque[tuple[_Unit, Future[Batch]]] = deque()
            for unit in self._units():
                ahead.append((unit, pool.submit(self._batch, unit.found)))
                if len(ahead) > self._workers:
                    first, batch = ahead.popleft()
                    yield first, batch.result()
            yield from ((unit, batch.result()) for unit, batch in ahead)

    def _units(self) -> Iterator["_Unit"]:
        """Lines to be read together."""
        unit = _Unit()
        try:
            for each in self._read():
                unit.found.append(each)
                unit.size = self._read_bytes
                if unit.size >= min(UNIT_BYTES, BATCH_BYTES):
                    yield unit
                    unit, self._read_bytes = _Unit(), 0
        except _BREAKS as error:
            unit.error = error
        yield unit

    def _batch(self, found: list[Line | RejectedRow]) -> Batch:
        """Envelopes by Arrow, what it does not vouch for by columns of Python values, and what is left one by one."""
        lines = {each[0]: each[1] for each in found if not isinstance(each, RejectedRow)}
        enveloped = _vouched(self._enveloped({line: data for line, data in lines.items() if isinstance(data, bytes)}))
        left = [each for each in lines.items() if not isinstance(each[1], bytes) or each[0] in enveloped.refused]
        decoded = [_decoded(each) for each in left]
        values = {each[0]: each[1] for each in decoded if not isinstance(each, RejectedRow)}
        drafted = _vouched(self._drafted(values))
        seated = [each for line in sorted(drafted.refused) for each in enumerate(self._explained(line, values[line]))]
        rejected = [each for each in (*found, *decoded) if isinstance(each, RejectedRow)]
        rejected += [*enveloped.rejected, *drafted.rejected]
        rejected += [each for _seat, each in seated if isinstance(each, RejectedRow)]
        accounts, content = (_frame(kind, [*enveloped.frames[kind], *drafted.frames[kind]], seated) for kind in KINDS)
        damaged = {each.line for each in decoded if isinstance(each, RejectedRow)}
        last = max(lines.keys() - damaged, default=0)
        media = self._form(values[last]) if last in values else "capture" if last else ""
        return Batch(accounts, content, sorted(rejected, key=lambda row: row.line), media)

    def _enveloped(self, lines: dict[int, bytes]) -> Drafted:
        if self._rows.contract:
            return Drafted(refused=set(lines))
        return read_envelopes(lines, self._fetched_at)

    def _drafted(self, lines: dict[int, Any]) -> Drafted:
        """What lines say by columns; those of no known form are refused."""
        rows: list[tuple[int, Any]] = []
        opened: list[Opened] = []
        refused: set[int] = set()
        for line, value in lines.items():
            try:
                form = self._form(value)
                if form == "rows" and isinstance(value, dict):
                    rows.append((line, value))
                elif form == "rows":
                    refused.add(line)
                else:
                    opened.append(self._open(form, value, line))
            except FieldError:
                refused.add(line)
        drafted = [self._rows.columns(rows), draft_answers(opened)] if rows else [draft_answers(opened)]
        return Drafted(
            [columns for each in drafted for columns in each.columns],
            [row for each in drafted for row in each.rejected],
            refused.union(*(each.refused for each in drafted)),
        )

    # --- one by one

    def _explained(self, line: int, value: Any) -> Iterable[Entity | RejectedRow]:
        form = self._form(value)
        if form == "capture":
            return read_envelope(value, line, self._fetched_at)
        if form == "response":
            return read_response(value, line, self._fetched_at)
        if isinstance(value, dict):
            return self._rows.read(value, line)
        return [RejectedRow(line, "", "", f"a {type(value).__name__}, not an object", "write one object per line")]

    def _form(self, value: Any) -> str:
        """capture, response or rows."""
        if self._is_table or self._rows.contract:
            return "rows"
        if is_envelope(value):
            return "capture"
        return "rows" if isinstance(value, dict) and "platform" in value else "response"

    def _open(self, form: str, value: Any, line: int) -> Opened:
        return (open_envelope if form == "capture" else open_response)(value, line, self._fetched_at)

    # --- from bytes to values

    def _read(self) -> Iterator[Line | RejectedRow]:
        """Line and value of each line, not yet understood."""
        stream = unpacked(self._stream)
        start = stream.peek(64)[:64]
        if not start:
            raise SourceError(f"{self._origin} is empty", hint="look at what was to be delivered")
        match _format(self._origin, start):
            case "parquet":
                yield from self._table(ParquetRows(stream, self._origin, self._rows))
            case "csv":
                yield from self._table(CsvRows(stream, self._origin, self._rows))
            case "document":
                yield from self._document(stream)
            case _:
                yield from self._lines(stream)

    def _table(self, table: CsvRows | ParquetRows) -> Iterator[Line | RejectedRow]:
        self._is_table = True
        for found in table:
            self.ignored = table.ignored
            self._read_bytes += ROW_BYTES
            yield found

    def _lines(self, stream: io.BufferedReader) -> Iterator[Line | RejectedRow]:
        for line, data in lines(stream):
            if data is None:
                reason = f"the line is longer than {LINE_BYTES >> 20} MiB"
                yield RejectedRow(line, "", "", reason, "write one answer or row per line")
                continue
            self._read_bytes += len(data)
            yield line, data

    def _document(self, stream: io.BufferedReader) -> Iterator[Line | RejectedRow]:
        data = stream.read(LINE_BYTES + 1)
        if len(data) > LINE_BYTES:
            raise SourceError(
                f"{self._origin} is one JSON value of more than {LINE_BYTES >> 20} MiB", hint="deliver JSON Lines"
            )
        try:
            value = decode_json(data.removeprefix(b"\xef\xbb\xbf"))
        except FieldError as error:
            raise SourceError(f"{self._origin}: {error}", hint=error.hint) from None
        yield from enumerate(value if isinstance(value, list) else [value], start=1)


@dataclass(slots=True)
class _Unit:
    """Lines to be read together, and what broke the reading off after them."""

    found: list[Line | RejectedRow] = field(default_factory=list)
    size: int = 0
    error: Exception | None = None


class _Vouched(NamedTuple):
    """What was drafted and checked."""

    frames: dict[Kind, list[pa.Table]]
    rejected: list[RejectedRow]
    #: lines of which something was refused: nothing else here is theirs
    refused: set[int]


def _vouched(drafted: Drafted) -> _Vouched:
    checked = [(columns.kind, check(columns)) for columns in drafted.columns]
    refused = drafted.refused.union(*(each.refused for _kind, each in checked))
    frames: dict[Kind, list[pa.Table]] = {kind: [] for kind in KINDS}
    for kind, each in checked:
        frames[kind].append(_without(each.frame, refused) if refused else each.frame)
    return _Vouched(frames, [row for row in drafted.rejected if row.line not in refused], refused)


def _without(frame: pa.Table, lines: set[int]) -> pa.Table:
    return frame.filter(pc.invert(pc.is_in(frame["line"], pa.array(sorted(lines), pa.int64()))))


def _frame(kind: Kind, frames: list[pa.Table], seated: list[tuple[int, Entity | RejectedRow]]) -> pa.Table:
    """The frame of one kind: what was vouched for, and what was explained instead of the rest."""
    entities = [(seat, each) for seat, each in seated if isinstance(each, Entity)]
    mine = [(seat, each) for seat, each in entities if isinstance(each.record, MODELS[kind])]
    frame = pa.concat_tables([record_schema(kind).empty_table(), *frames, *([frame_of(kind, mine)] if mine else [])])
    return frame.sort_by([("line", "ascending"), ("seat", "ascending")])


def _decoded(found: Line | RejectedRow) -> Line | RejectedRow:
    """A line and its value; a text that is not JSON is rejected."""
    if isinstance(found, RejectedRow) or not isinstance(found[1], bytes):
        return found
    try:
        return found[0], decode_json(found[1])
    except FieldError as error:
        return RejectedRow(found[0], "", "", str(error), error.hint)


def _joined(batches: list[Batch]) -> Batch:
    return Batch(
        pa.concat_tables([batch.accounts for batch in batches]),
        pa.concat_tables([batch.content for batch in batches]),
        [row for batch in batches for row in batch.rejected],
        batches[-1].media,
    )


def _last_line(batch: Batch) -> int:
    """The last line that said anything."""
    lines = [row.line for row in batch.rejected[-1:]]
    lines += [frame["line"][-1].as_py() for frame in (batch.accounts, batch.content) if frame.num_rows]
    return max(lines, default=0)


def _format(origin: str, start: bytes) -> str:
    if start.startswith(b"PAR1"):
        return "parquet"
    suffix = PurePath(origin.lower().removesuffix(".gz")).suffix
    if suffix in _FORMATS:
        return _FORMATS[suffix]
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return {b"{": "lines", b"[": "document"}.get(first, "csv")
