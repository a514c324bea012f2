"""`export`: creators, members, labels, relations, changes, and metrics by week, for other programs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.state import err, settings_of
from jobs.export_formats import Format
from jobs.export_tables import export_table

Exported = Literal["creators", "members", "enrichments", "relations", "changes", "weekly"]
FORMAT_OF_ENDING: dict[str, Format] = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl"}


def export(
    ctx: typer.Context,
    what: Annotated[Exported, typer.Argument(help="Which table to take out.")],
    since: Annotated[
        str | None, typer.Option(help="A run id: only what is stamped after the instant it stood for.", metavar="RUN")
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: by the ending of --out, else JSON lines.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write, whole or not at all; default: stdout.")] = None,
) -> None:
    """Take creators, members, labels, changes or metrics by week out of the store, as Parquet, CSV or JSON lines."""
    chosen = form or (FORMAT_OF_ENDING.get(out.suffix, "jsonl") if out else "jsonl")
    rows = export_table(settings_of(ctx), what, form=chosen, since=since, target=out)
    if out is not None:
        err.print(f"{out}: {rows:,} rows", markup=False)
