"""A delivered file → the entities in it, whatever its format: captures, answers, CSV, JSON Lines, Parquet, gzip."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

import pyarrow as pa

from base.errors import SourceError
from ingest.captures import is_envelope, read_envelope, read_response
from ingest.contracts import SourceContract
from ingest.decoding import LINE_BYTES, decode_json, lines, unpacked
from ingest.fields import FieldError
from ingest.records import Entity, RejectedRow
from ingest.rows import CsvRows, ParquetRows, RowReader

Mode = Literal["delta", "full"]
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


class Payload:
    """The entities of one delivered file, read as a stream.

    `origin` is the file's name, `fetched_at` (microseconds) stands in where the payload does not say when. Iterating
    raises SourceError when nothing of the file can be read; a file that breaks off later ends with a RejectedRow.
    """

    def __init__(
        self, stream: io.BufferedReader, origin: str, contract: SourceContract | None, fetched_at: int
    ) -> None:
        self._stream, self._origin, self._fetched_at = stream, origin, fetched_at
        self._rows = RowReader(contract, fetched_at)
        #: capture, response or rows; settled by the first value
        self.media = "rows"
        #: columns that nothing reads
        self.ignored: list[str] = []

    def __iter__(self) -> Iterator[Entity | RejectedRow]:
        line = 0
        try:
            for found in self._found():
                line = found.line
                yield found
        except _BREAKS as error:
            if line == 0:
                raise SourceError(
                    f"{self._origin} cannot be read: {error}", hint="deliver the file again, whole"
                ) from None
            yield RejectedRow(line + 1, "", "", f"the file breaks off here: {error}", "deliver the file again, whole")

    def _found(self) -> Iterator[Entity | RejectedRow]:
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

    def _table(self, table: CsvRows | ParquetRows) -> Iterator[Entity | RejectedRow]:
        for found in table:
            self.ignored = table.ignored
            yield found

    def _lines(self, stream: io.BufferedReader) -> Iterator[Entity | RejectedRow]:
        for line, data in lines(stream):
            if data is None:
                reason = f"the line is longer than {LINE_BYTES >> 20} MiB"
                yield RejectedRow(line, "", "", reason, "write one answer or row per line")
                continue
            try:
                value = decode_json(data)
            except FieldError as error:
                yield RejectedRow(line, "", "", str(error), error.hint)
                continue
            yield from self._value(value, line)

    def _document(self, stream: io.BufferedReader) -> Iterator[Entity | RejectedRow]:
        data = stream.read(LINE_BYTES + 1)
        if len(data) > LINE_BYTES:
            raise SourceError(
                f"{self._origin} is one JSON value of more than {LINE_BYTES >> 20} MiB", hint="deliver JSON Lines"
            )
        try:
            value = decode_json(data.removeprefix(b"\xef\xbb\xbf"))
        except FieldError as error:
            raise SourceError(f"{self._origin}: {error}", hint=error.hint) from None
        for line, part in enumerate(value if isinstance(value, list) else [value], start=1):
            yield from self._value(part, line)

    def _value(self, value: Any, line: int) -> Iterator[Entity | RejectedRow]:
        if self._rows.contract is None and is_envelope(value):
            self.media = "capture"
            yield from read_envelope(value, line, self._fetched_at)
        elif self._rows.contract is None and not (isinstance(value, dict) and "platform" in value):
            self.media = "response"
            yield from read_response(value, line, self._fetched_at)
        elif isinstance(value, dict):
            yield from self._rows.read(value, line)
        else:
            yield RejectedRow(line, "", "", f"a {type(value).__name__}, not an object", "write one object per line")


def _format(origin: str, start: bytes) -> str:
    if start.startswith(b"PAR1"):
        return "parquet"
    suffix = PurePath(origin.lower().removesuffix(".gz")).suffix
    if suffix in _FORMATS:
        return _FORMATS[suffix]
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return {b"{": "lines", b"[": "document"}.get(first, "csv")
