"""`contract template` and `contract validate`: describe and check the files you deliver."""

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from base.clock import SystemClock
from cli.state import JsonFlag, err, out, print_json
from jobs.check_source import Validation, check_source, source_templates

DONE_WITH_REJECTIONS = 3
SHOWN_ROWS = 20
TITLES = {
    "csv": "a file in our own columns", "toml": "a source contract", "vendor": "the file which that contract reads",
}  # fmt: skip

contract_app = typer.Typer(no_args_is_help=True)


class Kind(StrEnum):
    ACCOUNTS = "accounts"
    CONTENT = "content"


@contract_app.command()
def template(
    kind: Annotated[Kind, typer.Argument(help="What the rows are.")],
    toml: Annotated[bool, typer.Option("--toml", help="Only the example contract.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Only the example file in our own columns.")] = False,
    vendor: Annotated[bool, typer.Option("--vendor", help="Only the example file that the contract reads.")] = False,
) -> None:
    """Print a valid example file, and a contract for a file that names its columns otherwise."""
    parts = source_templates(kind.value)
    wanted = [name for name, chosen in (("csv", csv), ("toml", toml), ("vendor", vendor)) if chosen] or list(parts)
    for name in wanted:
        if len(wanted) > 1:
            err.print(f"--- {TITLES[name]}", markup=False)
        typer.echo(parts[name], nl=False)


@contract_app.command()
def validate(
    file: Annotated[Path, typer.Argument(help="Capture or rows file.")],
    contract: Annotated[Path | None, typer.Option(help="Source contract (TOML) that maps its columns.")] = None,
    max_rejected: Annotated[
        float, typer.Option(help="Share of rows that may be rejected before the exit code is 3.", min=0, max=1)
    ] = 0.01,
    json: JsonFlag = False,
) -> None:
    """Show what would be rejected, row by row with a hint, and which fields the file fills. Writes nothing."""
    validation = check_source(file, contract, SystemClock().now())
    if json:
        print_json([dataclasses.asdict(validation) | {"rejected_share": validation.rejected_share}])
    else:
        _print(validation)
    if validation.rejected_share > max_rejected:
        raise typer.Exit(DONE_WITH_REJECTIONS)


def _print(validation: Validation) -> None:
    amounts = f"{validation.entities:,} would go in, {validation.rejected:,} would not"
    out.print(f"{validation.file} ({validation.media}): {amounts}", markup=False)
    if validation.ignored_columns:
        out.print(f"not read: {', '.join(validation.ignored_columns)}", markup=False)
    if validation.rejections:
        out.print(_rejections(validation))
    out.print(_coverage(validation))


def _rejections(validation: Validation) -> Table:
    table = Table("row", "field", "reason", "hint", title=f"rejected (first {SHOWN_ROWS})", title_justify="left")
    for row in validation.rejections[:SHOWN_ROWS]:
        place = f"{row.line} {row.pointer}".strip()
        table.add_row(place, row.field, row.reason.replace("[", "\\["), row.hint.replace("[", "\\["))
    return table


def _coverage(validation: Validation) -> Table:
    table = Table("kind", "field", "present", "newest", title="coverage", title_justify="left")
    for row in validation.coverage:
        table.add_row(row["kind"], row["field"], f"{row['present']:.0%}", row["newest"])
    return table
