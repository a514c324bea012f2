"""Accounts and judgements from files in our own columns: CSV, JSON Lines or Parquet, plain or gzipped.

Bad rows are counted and left out, never raised; only a file that cannot be read at all, or lacks a required column, is
a SourceError.
"""

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from base.errors import SourceError
from base.judgement import Judgement, Verdict
from base.platforms import PLATFORM_ALIASES
from base.text import sanitise
from engines.engine import Engine

REQUIRED_COLUMNS = ("account_id", "platform")
TEXT_COLUMNS = (
    *REQUIRED_COLUMNS, "handle", "platform_user_id", "display_name", "bio", "website", "email", "external_urls",
)  # fmt: skip
#: whole numbers; first_seen in microseconds since 1970 or as an ISO instant
NUMBER_COLUMNS = ("followers", "first_seen")
_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_UNREADABLE = "_unreadable"


def read_frame(path: Path) -> pa.Table:
    """The rows of a file as text columns. An unreadable line becomes a row without account_id, to be counted."""
    name = path.name.removesuffix(".gz")
    try:
        if name.endswith((".parquet", ".pq")):
            return pq.read_table(path)
        content = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    except (OSError, EOFError, pa.ArrowException) as error:
        raise SourceError(f"{path}: {error}", hint="give a CSV, JSON Lines or Parquet file") from error
    text = content.decode("utf-8-sig", errors="replace")
    if name.endswith(".csv"):
        return _from_rows(_csv_rows(text, path))
    if name.endswith((".jsonl", ".ndjson", ".json")):
        return _from_rows([_json_row(line) for line in text.split("\n") if line.strip()])
    raise SourceError(f"{path}: unknown kind of file", hint="name it .csv, .jsonl or .parquet (each may end in .gz)")


def accept_accounts(frame: pa.Table, engine: Engine) -> tuple[pa.Table, dict[str, Any]]:
    """The identity input of all good rows, sorted, and what was left out.

    A row needs account_id and platform; of rows with one account_id the first in the order of their values is kept.
    `faults` names row (from 1, a header not counted), field and reason.
    Raises SourceError when a required column is missing or no good row is left.
    """
    missing = [name for name in REQUIRED_COLUMNS if name not in frame.column_names]
    if missing:
        raise SourceError(
            f"column {missing[0]} is missing", hint=f"columns: {', '.join((*TEXT_COLUMNS, *NUMBER_COLUMNS))}"
        )
    texts = pa.table({name: _text_column(frame, name) for name in (*TEXT_COLUMNS, *NUMBER_COLUMNS)})
    texts = texts.append_column("row", pa.array(np.arange(1, frame.num_rows + 1)))
    complete = engine.sql(_ACCEPT, rows=texts, aliases=_alias_table())
    kept = engine.sql(_FIRST_OF_EACH, complete=complete)
    if not kept.num_rows:
        raise SourceError("no row has both account_id and platform", hint="see the columns of the file")
    incomplete, copies = frame.num_rows - complete.num_rows, complete.num_rows - kept.num_rows
    faults = engine.sql(_FAULTS, rows=texts, complete=complete, kept=kept)
    return kept.drop_columns(["copy", "row"]), {
        "rows": frame.num_rows,
        "rejected": {"incomplete": incomplete, "duplicate_account_id": copies},
        "faults": faults.to_pylist(),
    }


_OTHER_TEXTS = ", ".join(f"r.{name}" for name in TEXT_COLUMNS if name not in REQUIRED_COLUMNS)
_ACCEPT = f"""
    SELECT r."row", account_id, coalesce(a.name, lower(r.platform)) AS platform,
           {_OTHER_TEXTS},
           CAST(TRY_CAST(r.followers AS DOUBLE) AS BIGINT) AS followers,
           coalesce(TRY_CAST(r.first_seen AS BIGINT), epoch_us(TRY_CAST(r.first_seen AS TIMESTAMP))) AS first_seen
    FROM rows r LEFT JOIN aliases a ON a.alias = lower(r.platform)
    WHERE r.account_id IS NOT NULL AND r.platform IS NOT NULL
"""  # noqa: S608 - column names are our own
_ORDER = ", ".join(f"{name} NULLS LAST" for name in (*TEXT_COLUMNS[1:], *NUMBER_COLUMNS))
# Few ids repeat: only their rows are ranked.
_FIRST_OF_EACH = f"""
    WITH repeated AS (SELECT account_id FROM complete GROUP BY account_id HAVING count(*) > 1),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY {_ORDER}) AS copy
        FROM complete SEMI JOIN repeated USING (account_id)
    )
    SELECT *, 1 AS copy FROM complete ANTI JOIN repeated USING (account_id)
    UNION ALL SELECT * FROM ranked WHERE copy = 1 ORDER BY account_id
"""  # noqa: S608

MOST_FAULTS = 1_000  # enough to mend a file by; the counts are of all rows
_FAULTS = f"""
    SELECT * FROM (
        SELECT "row", CASE WHEN account_id IS NULL THEN 'account_id' ELSE 'platform' END AS field,
               'is empty; the row was left out' AS reason
        FROM rows WHERE account_id IS NULL OR platform IS NULL
        UNION ALL
        SELECT c."row", 'account_id', 'stands in another row too; this one was left out'
        FROM complete c ANTI JOIN kept k ON c."row" = k."row"
        UNION ALL
        SELECT "row", 'followers', 'is not a number; taken as unknown'
        FROM rows WHERE followers IS NOT NULL AND TRY_CAST(followers AS DOUBLE) IS NULL
    ) AS faults ORDER BY "row", field LIMIT {MOST_FAULTS}
"""  # noqa: S608 - the number is our own


def _alias_table() -> pa.Table:
    return pa.table({"alias": list(PLATFORM_ALIASES), "name": list(PLATFORM_ALIASES.values())})


def _text_column(frame: pa.Table, name: str) -> pa.ChunkedArray:
    """A column as trimmed text; what is absent or blank is NULL."""
    if name not in frame.column_names:
        return pa.chunked_array([pa.nulls(frame.num_rows, pa.string())])
    column = frame[name]
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = _texts([" ".join(filter(None, urls)) if urls else None for urls in column.to_pylist()])
    elif pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    if pc.any(pc.match_substring_regex(text, _CONTROLS)).as_py():
        text = _texts([None if value is None else sanitise(value).strip() for value in text.to_pylist()])
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _texts(values: list[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.string())])


def _csv_rows(text: str, path: Path) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey=_UNREADABLE, strict=False)
    try:
        return [{} if _UNREADABLE in row else row for row in reader]
    except csv.Error as error:
        raise SourceError(f"{path}: {error}", hint="is it a CSV file with a header line?") from error


def _json_row(line: str) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = _lenient_json(line)
    return row if isinstance(row, dict) else {}


def _lenient_json(line: str) -> Any:
    """Lone surrogates are valid JSON and invalid text: the standard parser takes them, `sanitise` mends them."""
    try:
        return json.loads(sanitise_escapes(line))
    except (ValueError, RecursionError):
        return {}


def sanitise_escapes(line: str) -> str:
    """A JSON line whose texts hold no lone surrogates.

    >>> sanitise_escapes('{"a": "x\\\\ud800"}')
    '{"a": "x\\ufffd"}'
    """
    return sanitise(json.dumps(json.loads(line), ensure_ascii=False))


def _from_rows(rows: list[dict[str, Any]]) -> pa.Table:
    wanted = (*TEXT_COLUMNS, *NUMBER_COLUMNS, *JUDGEMENT_COLUMNS)
    present = {name for row in rows for name in row if name in wanted}
    columns = {name: _texts([_as_text(row.get(name)) for row in rows]) for name in wanted if name in present}
    return pa.table(columns)


def _as_text(value: Any) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return None
        case int() | float():
            return str(value)
        case list():
            return " ".join(item for item in value if isinstance(item, str))
        case _:
            return None


# --- judgements ---------------------------------------------------------------------------------------------------

JUDGEMENT_COLUMNS = ("left", "right", "verdict", "reviewer", "decided_at", "note")


def read_judgements(path: Path) -> list[Judgement]:
    """Decisions from a file with left, right, verdict, reviewer, decided_at and, when there is one, note.

    Raises SourceError naming the first row that is none: a lost decision is worse than a stop.
    """
    return [_judgement(row, number, path) for number, row in enumerate(read_frame(path).to_pylist(), start=1)]


def _judgement(row: dict[str, Any], number: int, path: Path) -> Judgement:
    try:
        left, right = sorted((str(row["left"]), str(row["right"])))
        return Judgement(
            left=left, right=right, verdict=Verdict(str(row["verdict"]).strip().lower()),
            reviewer=str(row.get("reviewer") or "unknown"), decided_at=_instant(row["decided_at"]),
            note=row.get("note") or "",
        )  # fmt: skip
    except (KeyError, ValueError, TypeError) as error:
        raise SourceError(
            f"{path}: row {number} is no judgement: {error}", hint=f"columns: {', '.join(JUDGEMENT_COLUMNS)}"
        ) from error


def _instant(value: Any) -> datetime:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
