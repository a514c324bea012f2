"""A known truth from a file: which account is whose, and what is tricky about it. It only ever scores."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from base.errors import SourceError

#: our column → names it may have in the file, the first present one counts
COLUMNS = {
    "account_id": ("account_id", "account_key"),
    "creator_id": ("creator_id", "person_id", "creator"),
    "trap": ("trap_name", "trap", "kind"),
}
_READERS = {".parquet": pq.read_table, ".csv": pyarrow.csv.read_csv, ".jsonl": pyarrow.json.read_json}


def read_truth(path: Path) -> pa.Table:
    """account_id, creator_id, and trap when the file says it, as text; rows without an account or creator are left out.

    Raises SourceError for a file that cannot be read or lacks a column.
    """
    return _named(read_frame(path), path)


def read_frame(path: Path) -> pa.Table:
    """A CSV, JSON Lines or Parquet file as it is. Raises SourceError for a file that cannot be read."""
    reader = _READERS.get(path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix)
    if reader is None:
        raise SourceError(f"{path}: unknown kind of file", hint="name it .csv, .jsonl or .parquet")
    try:
        return reader(path)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{path}: {error}", hint="give a CSV, JSON Lines or Parquet file") from error


def _named(frame: pa.Table, path: Path) -> pa.Table:
    found = {
        ours: next((name for name in names if name in frame.column_names), None) for ours, names in COLUMNS.items()
    }
    for ours in ("account_id", "creator_id"):
        if found[ours] is None:
            raise SourceError(f"{path}: column {ours} is missing", hint=f"or name it {' or '.join(COLUMNS[ours])}")
    named = pa.table({ours: frame[name].cast(pa.string()) for ours, name in found.items() if name is not None})
    complete = pc.and_(pc.is_valid(named["account_id"]), pc.is_valid(named["creator_id"]))
    return named.filter(complete)
