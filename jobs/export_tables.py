"""Taking creators, members, labels and their changes out of the store, as files or a stream."""

import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from base.errors import ConfigError
from jobs.context import Context
from jobs.export_formats import Format, write_frames
from jobs.runner import inspecting
from jobs.settings import Settings
from store.bulk import arrow_schema_of
from store.exports import EXPORTS, JSON_COLUMNS, instants_of
from store.runs import load_run

BATCH_ROWS = 50_000


def export_table(
    settings: Settings, name: str, *, form: Format, since: str | None = None, target: Path | None = None
) -> int:
    """Write an export to a file that appears whole, or to stdout. Returns its rows.

    since: a run id; only what was stamped after its `as_of`. Raises ConfigError for an unknown run, a folder that is
    not there, and Parquet without a file.
    """
    if target is None and form == "parquet":
        raise ConfigError("Parquet cannot be streamed", hint="name a file with --out")
    with inspecting(settings) as context:
        moment = None if since is None else _as_of(context, since)
        if target is None:
            return _write(context, name, moment, form, sys.stdout.buffer)
        return _write_whole(context, name, moment, form, target)


def _as_of(context: Context, run_id: str) -> datetime:
    with context.reading() as session:
        run = load_run(session, run_id)
        if run is None:
            raise ConfigError(f"no run {run_id}", hint="creatordex runs list")
        return run.as_of


def _write_whole(context: Context, name: str, since: datetime | None, form: Format, target: Path) -> int:
    if not target.parent.is_dir():
        raise ConfigError(f"no folder {target.parent}", hint="make it first")
    draft = target.with_name(target.name + ".draft")
    try:
        with draft.open("wb") as file:
            rows = _write(context, name, since, form, file)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return rows


def _write(context: Context, name: str, since: datetime | None, form: Format, file: BinaryIO) -> int:
    statement = EXPORTS[name](since)
    with context.reading_frames() as frames:
        return write_frames(
            file,
            form,
            frames.batches(statement, BATCH_ROWS),
            arrow_schema_of(statement).empty_table(),
            instants=instants_of(statement),
            json_columns=JSON_COLUMNS,
        )
