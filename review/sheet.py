"""Questions as a file that a person fills in, and back: CSV for spreadsheets, JSON lines for programs.

Both are lossless. In CSV a text that a spreadsheet would run as a formula gets an apostrophe in front, and loses it
again when it is read.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import orjson

from base.errors import SourceError
from base.text import FORMULA_START

Form = Literal["csv", "jsonl"]
Row = dict[str, Any]

_DANGEROUS = re.compile(FORMULA_START.replace("^", "^'*", 1))
_MARKED = re.compile(FORMULA_START.replace("^", "^'+", 1))
_DELIMITERS = ",;\t"  # spreadsheets of half of Europe write semicolons
_LARGEST_CELL = 1_000_000  # characters


def form_of(path: Path) -> Form:
    """By the ending. Raises SourceError for another one."""
    endings: dict[str, Form] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    if path.suffix not in endings:
        raise SourceError(f"{path}: unknown kind of file", hint="name it .csv or .jsonl")
    return endings[path.suffix]


def write_sheet(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: Form) -> str:
    """The text of a file: every row with these columns, in this order; None is empty in CSV and null in JSON."""
    if form == "jsonl":
        return "".join(orjson.dumps({name: row[name] for name in columns}).decode() + "\n" for row in rows)
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # line ends of two characters: a lone one inside a cell is quoted
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def read_sheet(path: Path) -> list[Row]:
    """The rows of a filled-in file as texts, blank cells as "". A row that cannot be read is `{}`, so that rows count.

    Raises SourceError for a file that is not there, is not UTF-8, or has no column names.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}", hint="give a file of creatordex review export") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8 text", hint="save it as CSV UTF-8") from error
    if form_of(path) == "jsonl":
        return [_object(line) for line in text.split("\n") if line.strip()]
    return _csv_rows(text, path)


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs.

    >>> harmless("=1+1"), harmless("ann"), original(harmless("'=1+1"))
    ("'=1+1", 'ann', "'=1+1")
    """
    return f"'{text}" if _DANGEROUS.match(text) else text


def original(cell: str) -> str:
    """What a cell was before it was made harmless."""
    return cell[1:] if _MARKED.match(cell) else cell


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else value


def _csv_rows(text: str, path: Path) -> list[Row]:
    head = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    csv.field_size_limit(_LARGEST_CELL)
    try:
        # strict: a quote that never closes would swallow the rest of the file
        names, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError) as error:
        raise SourceError(f"{path}: {error}", hint="is it CSV with a header line?") from error
    return [_named(names, cells) for cells in rows if any(cell.strip() for cell in cells)]


def _named(names: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) > len(names):
        return {}
    padded = [*cells, *[""] * (len(names) - len(cells))]
    return {name.strip(): original(cell) for name, cell in zip(names, padded, strict=True)}


def _object(line: str) -> Row:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return {name: "" if value is None else value for name, value in row.items()} if isinstance(row, dict) else {}
