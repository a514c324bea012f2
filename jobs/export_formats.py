"""Frames as Parquet, CSV or JSON lines, written as they come: memory stays that of one batch.

An instant is a UTC timestamp in Parquet and ISO 8601 text elsewhere. A JSON column is a list or map in Parquet, JSON
in JSON lines, and its text in CSV.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, BinaryIO, Literal

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from base.text import FORMULA_START

Format = Literal["parquet", "csv", "jsonl"]

TIMESTAMP = pa.timestamp("us", tz="UTC")
LINES_AT_ONCE = 5_000  # a row as Python objects takes some kilobytes


def parquet_frame(frame: pa.Table, instants: Collection[str], json_columns: Mapping[str, pa.DataType]) -> pa.Table:
    """Instants as timestamps and JSON texts as the lists and maps they are."""
    for place, name in enumerate(frame.column_names):
        if name in instants:
            frame = frame.set_column(place, name, frame[name].cast(TIMESTAMP))
        elif name in json_columns:
            values = [_parsed(text) for text in frame[name].to_pylist()]
            frame = frame.set_column(place, name, pa.array(values, json_columns[name]))
    return frame


def csv_frame(frame: pa.Table, instants: Collection[str]) -> pa.Table:
    """Instants as text, and an apostrophe before every text that a spreadsheet would run as a formula.

    >>> csv_frame(pa.table({"name": ["=1+1", "ann"]}), ())["name"].to_pylist()
    ["'=1+1", 'ann']
    """
    frame = _with_iso_instants(frame, instants)
    for place, field in enumerate(frame.schema):
        if pa.types.is_string(field.type):
            frame = frame.set_column(place, field.name, _harmless(frame[field.name]))
    return frame


def json_lines(frame: pa.Table, instants: Collection[str], json_columns: Collection[str]) -> bytes:
    """One object per row, columns in order; JSON columns are not text but what the text says."""
    frame = _with_iso_instants(frame, instants)
    columns = {
        name: [_fragment(text) for text in frame[name].to_pylist()] if name in json_columns else frame[name].to_pylist()
        for name in frame.column_names
    }
    rows = zip(*columns.values(), strict=True)
    return b"".join(
        orjson.dumps(dict(zip(columns, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE) for row in rows
    )


def write_frames(
    target: BinaryIO,
    form: Format,
    frames: Iterable[pa.Table],
    empty: pa.Table,
    *,
    instants: Collection[str],
    json_columns: Mapping[str, pa.DataType],
) -> int:
    """Write frames of the columns of `empty` to an open binary file. Returns how many rows there were."""
    rows = 0
    begin = {"parquet": _begin_parquet, "csv": _begin_csv, "jsonl": _begin_json_lines}[form]
    write, end = begin(target, empty, instants, json_columns)
    for frame in frames:
        write(frame)
        rows += frame.num_rows
    end()
    return rows


_Write = Callable[[pa.Table], None]
_End = Callable[[], None]


def _begin_parquet(
    target: BinaryIO, empty: pa.Table, instants: Collection[str], json_columns: Mapping[str, pa.DataType]
) -> tuple[_Write, _End]:
    writer = pq.ParquetWriter(target, parquet_frame(empty, instants, json_columns).schema)
    return lambda frame: writer.write_table(parquet_frame(frame, instants, json_columns)), writer.close


def _begin_csv(
    target: BinaryIO, empty: pa.Table, instants: Collection[str], _json_columns: Mapping[str, pa.DataType]
) -> tuple[_Write, _End]:
    writer = pyarrow.csv.CSVWriter(target, csv_frame(empty, instants).schema)
    return lambda frame: writer.write_table(csv_frame(frame, instants)), writer.close


def _begin_json_lines(
    target: BinaryIO, _empty: pa.Table, instants: Collection[str], json_columns: Mapping[str, pa.DataType]
) -> tuple[_Write, _End]:
    def write(frame: pa.Table) -> None:
        parts = (frame.slice(start, LINES_AT_ONCE) for start in range(0, frame.num_rows, LINES_AT_ONCE))
        target.writelines(json_lines(part, instants, json_columns) for part in parts)

    return write, lambda: None


def _with_iso_instants(frame: pa.Table, instants: Collection[str]) -> pa.Table:
    for place, name in enumerate(frame.column_names):
        if name in instants:
            text = frame[name].cast(pa.timestamp("us")).cast(pa.string())
            iso = pc.binary_join_element_wise(pc.replace_substring(text, " ", "T"), "Z", "")
            frame = frame.set_column(place, name, iso)
    return frame


def _harmless(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    marked = pc.binary_join_element_wise("'", texts, "")
    return pc.if_else(pc.match_substring_regex(texts, FORMULA_START), marked, texts)


def _parsed(text: str | None) -> Any:
    value = None if text is None else orjson.loads(text)
    return sorted(value.items()) if isinstance(value, dict) else value


def _fragment(text: str | None) -> orjson.Fragment | None:
    return None if text is None else orjson.Fragment(text)
