"""Rows of a table (CSV, JSON Lines, Parquet) → entities: our own columns, or others' through a contract."""

import codecs
import csv
import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from base.errors import SourceError
from ingest.cells import INSTANTS
from ingest.columns import ABSENT, Columns, Drafted
from ingest.contracts import ACCOUNT_COLUMNS, CONTENT_COLUMNS, SourceContract
from ingest.decoding import LINE_BYTES
from ingest.fields import FieldError, instant
from ingest.records import CONTENT_FORMS, Entity, Kind, RejectedRow, build_record, rejections

PARQUET_BATCH_ROWS = 10_000
_DELIMITERS = ",;\t|"
_CONTENT_ONLY = frozenset(CONTENT_COLUMNS) - {"fetched_at"}
#: columns that say something about an account beyond its name: in a content file they make an account record
_ACCOUNT_ONLY = frozenset(ACCOUNT_COLUMNS) - frozenset(CONTENT_COLUMNS)
_NAMES = ("platform", "platform_user_id", "handle")

Row = dict[str, Any]

csv.field_size_limit(LINE_BYTES)


@dataclass(frozen=True, slots=True)
class RowReader:
    """Turns rows into entities; `fetched_at` (microseconds) stands in where a row does not say when it was fetched."""

    contract: SourceContract | None
    fetched_at: int

    def read(self, row: Row, line: int) -> list[Entity] | list[RejectedRow]:
        """The account or item of one row; a content row with columns of its account gives both."""
        try:
            values = self._ours(row)
            fetched_at = instant(values.pop("fetched_at", None)) or self.fetched_at
            drafts = self._drafts(values)
            return [Entity(build_record(kind, draft), line, "", fetched_at) for kind, draft in drafts]
        except ValidationError as error:
            return rejections(error, line, "")
        except FieldError as error:
            return [RejectedRow(line, "", "", str(error), error.hint)]

    def columns(self, rows: Sequence[tuple[int, Row]]) -> Drafted:
        """What many rows (line, row) say, without their checks; a row of any unusual form is refused."""
        drafted = Drafted()
        lines = [line for line, _row in rows]
        values = [self.contract.translate(row) if self.contract else row for _line, row in rows]
        names = sorted((_CONTENT_ONLY | frozenset(ACCOUNT_COLUMNS)) & frozenset().union(*values))
        table = {name: [row.get(name, ABSENT) for row in values] for name in names}
        given = [None if at is ABSENT else at for at in table.pop("fetched_at", [None] * len(rows))]
        cells = INSTANTS.check(given, set(map(type, given)))
        drafted.refused.update(lines[position] for position in cells.refused)
        picked = _Picked(table, lines, [at or self.fetched_at for at in cells.values.to_pylist()])
        ids = table.get("platform_content_id", [ABSENT] * len(rows))
        is_item = [self.contract.kind == "content"] * len(rows) if self.contract else [one is not ABSENT for one in ids]
        self._draft_items(drafted, picked, [row for row, is_one in enumerate(is_item) if is_one])
        self._draft_accounts(drafted, picked, [row for row, is_one in enumerate(is_item) if not is_one])
        return drafted

    def _draft_items(self, drafted: Drafted, picked: "_Picked", rows: list[int]) -> None:
        items = picked.columns("content", rows, _CONTENT_ONLY, seat=0)
        drafted.refused.update(_take_forms(items))
        drafted.columns.append(items)
        owners = picked.speaking(rows, [name for name in picked.table if name in _ACCOUNT_ONLY])
        drafted.columns.append(picked.columns("account", owners, _ACCOUNT_ONLY | {*_NAMES}, seat=1))

    def _draft_accounts(self, drafted: Drafted, picked: "_Picked", rows: list[int]) -> None:
        known = frozenset(ACCOUNT_COLUMNS)
        strange = [name for name in picked.table if name not in known]
        drafted.refused.update(picked.lines[row] for row in picked.speaking(rows, strange))
        drafted.columns.append(picked.columns("account", rows, known, seat=0))

    def check_columns(self, columns: Sequence[str], origin: str) -> list[str]:
        """The columns that will not be read. Raises SourceError when one that every row needs is missing."""
        if self.contract:
            read = set(self.contract.columns.values())
            ours = self.contract.translate(dict.fromkeys(columns))
        else:
            read = set(CONTENT_COLUMNS) | set(ACCOUNT_COLUMNS)
            ours = dict.fromkeys(name for name in columns if name in read)
        missing = self._missing(ours)
        if missing:
            raise SourceError(
                f"{origin}: no column for {missing}; it has {', '.join(columns[:30])}",
                hint="name its columns in a source contract: creatordex contract template",
            )
        return [name for name in columns if name not in read]

    def _ours(self, row: Row) -> Row:
        if self.contract:
            return self.contract.translate(row)
        return {name: value for name, value in row.items() if name in _CONTENT_ONLY or name in ACCOUNT_COLUMNS}

    def _drafts(self, values: Row) -> list[tuple[Kind, Row]]:
        if not self._is_content(values):
            return [("account", values)]
        content = {name: value for name, value in values.items() if name in _CONTENT_ONLY}
        drafts: list[tuple[Kind, Row]] = [("content", _with_form(content))]
        account = {name: value for name, value in values.items() if name in _ACCOUNT_ONLY}
        if account:
            drafts.append(("account", account | {name: values[name] for name in _NAMES if name in values}))
        return drafts

    def _is_content(self, values: Row) -> bool:
        return self.contract.kind == "content" if self.contract else "platform_content_id" in values

    def _missing(self, ours: Row) -> str:
        missing = [name for name in ("platform",) if name not in ours]
        if self.contract and self.contract.kind == "content" and "platform_content_id" not in ours:
            missing.append("platform_content_id")
        if not {"platform_user_id", "handle"} & set(ours):
            missing.append("platform_user_id or handle")
        return ", ".join(missing)


@dataclass(frozen=True, slots=True)
class _Picked:
    """Rows as columns: ABSENT where a row has no such cell."""

    table: dict[str, list[Any]]
    lines: list[int]
    fetched_at: list[int]

    def speaking(self, rows: list[int], names: list[str]) -> list[int]:
        """The rows that have a cell under one of these names."""
        columns = [self.table[name] for name in names]
        return [row for row in rows if any(column[row] is not ABSENT for column in columns)] if columns else []

    def columns(self, kind: Kind, rows: list[int], names: frozenset[str], *, seat: int) -> Columns:
        """These rows as records of a kind."""
        values = {name: _of(column, rows) for name, column in self.table.items() if name in names}
        count = len(rows)
        return Columns(kind, _of(self.lines, rows), [seat] * count, [""] * count, _of(self.fetched_at, rows), values)


def _of(column: list[Any], rows: list[int]) -> list[Any]:
    return column if len(rows) == len(column) else [column[row] for row in rows]


def _take_forms(items: Columns) -> list[int]:
    """Put our words for their kinds of content in place; returns the lines whose word is none."""
    words = items.values.get("content_type")
    if words is None:
        return []
    finer = items.values.get("subtype") or [ABSENT] * len(words)
    forms = [_form(word) if word is not ABSENT and word else (ABSENT, None) for word in words]
    items.values["content_type"] = [form[0] if form else ABSENT for form in forms]
    items.values["subtype"] = [
        form[1] if form and form[1] and (given is ABSENT or not given) else given
        for form, given in zip(forms, finer, strict=True)
    ]
    return [line for line, form in zip(items.lines, forms, strict=True) if form is None]


def _form(word: Any) -> tuple[Any, str | None] | None:
    return CONTENT_FORMS.get(str(word).strip().lower())


def _with_form(content: Row) -> Row:
    word = content.pop("content_type", None)
    if not word:
        return content
    form = _form(word)
    if form is None:
        raise FieldError(f"{str(word)[:40]!r} is not a content type", f"use {', '.join(sorted(CONTENT_FORMS))}")
    content["content_type"] = form[0]
    if not content.get("subtype") and form[1]:
        content["subtype"] = form[1]
    return content


class CsvRows:
    """The rows of a CSV file, read as they come. `ignored` names the columns that nothing reads."""

    def __init__(self, stream: io.BufferedReader, origin: str, reader: RowReader) -> None:
        self._stream, self._origin, self._reader = stream, origin, reader
        self.ignored: list[str] = []

    def __iter__(self) -> Iterator[tuple[int, Row] | RejectedRow]:
        contract = self._reader.contract
        text = io.TextIOWrapper(self._stream, encoding=_encoding(self._stream, contract), errors="replace", newline="")
        try:
            rows = iter(lambda: text.readline(LINE_BYTES), "")
            for _skipped in range(contract.skip_rows if contract else 0):
                next(rows, None)
            first = next((row for row in rows if row.strip()), None)
            if first is None:
                raise SourceError(f"{self._origin} holds no rows", hint="deliver a file with a header line")
            delimiter = (contract and contract.delimiter) or _sniff(first)
            table = csv.reader(_chained(first, rows), delimiter=delimiter)
            header = _unique([" ".join(name.split()) for name in next(table)])
            self.ignored = self._reader.check_columns(header, self._origin)
            yield from self._read(table, header)
        finally:
            text.detach()  # the stream is closed by who opened it

    def _read(self, table: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, Row] | RejectedRow]:
        line = 1
        while True:
            line += 1
            try:
                cells = next(table)
            except StopIteration:
                return
            except csv.Error as error:
                yield RejectedRow(line, "", "", str(error), "look for a quote that is never closed")
                continue
            if not any(cells):
                continue
            if len(cells) != len(header):
                reason = f"{len(cells)} cells under {len(header)} columns"
                yield RejectedRow(line, "", "", reason, "quote cells that hold the delimiter or a line break")
                continue
            yield line, dict(zip(header, cells, strict=True))


class ParquetRows:
    """The rows of a Parquet file, a batch at a time."""

    def __init__(self, stream: io.BufferedReader, origin: str, reader: RowReader) -> None:
        self._stream, self._origin, self._reader = stream, origin, reader
        self.ignored: list[str] = []

    def __iter__(self) -> Iterator[tuple[int, Row] | RejectedRow]:
        with tempfile.TemporaryFile() as aside:  # the format is read from its end
            shutil.copyfileobj(self._stream, aside)
            try:
                table = pq.ParquetFile(aside)
            except (pa.ArrowException, OSError) as error:
                raise SourceError(
                    f"{self._origin} is no readable Parquet file: {error}", hint="deliver it again, whole"
                ) from None
            self.ignored = self._reader.check_columns(table.schema_arrow.names, self._origin)
            line = 0
            for batch in table.iter_batches(PARQUET_BATCH_ROWS):
                for row in _without_nan(batch).to_pylist():
                    line += 1
                    yield line, row


def _without_nan(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Counts with gaps are often written as floats, with NaN for the gaps."""
    columns = [
        pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        if pa.types.is_floating(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _encoding(stream: io.BufferedReader, contract: SourceContract | None) -> str:
    start = stream.peek(2)[:2]
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    return contract.encoding if contract else "utf-8-sig"


def _sniff(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _unique(names: list[str]) -> list[str]:
    """Header names; a repeated one becomes `name.2`, so that a contract can name it.

    >>> _unique(["a", "b", "a"])
    ['a', 'b', 'a.2']
    """
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return unique


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
