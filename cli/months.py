"""`months`: what each month holds, taking one out of the store, and putting it back."""

import re
from typing import Annotated

import typer

from cli.night import run_and_show
from cli.state import AsOf, JsonFlag, out, parse_as_of, print_json, settings_of
from jobs.archive_months import archiving, dropping, list_months
from jobs.restore_months import restoring

months_app = typer.Typer(no_args_is_help=True)

MonthName = Annotated[str, typer.Argument(help="A month in UTC, as 2026-03.", metavar="MONTH")]


@months_app.command("list")
def list_(ctx: typer.Context, json: JsonFlag = False) -> None:
    """List the months of content and metrics, and how many rows each holds."""
    found = list_months(settings_of(ctx))
    if json:
        print_json(found)
        return
    for row in found:
        rows = "  ".join(f"{name} {count:>12,}" for name, count in row.items() if isinstance(count, int))
        out.print(f"{row['month']}  {rows}", markup=False)


@months_app.command()
def archive(
    ctx: typer.Context,
    month: MonthName,
    to: Annotated[str, typer.Option(help="Folder or URL that takes the Parquet files.", metavar="URL")],
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Write a month as Parquet to a folder or URL, read it back, then take it out of the store."""
    inputs = {"month": month, "to": _without_password(to)}
    jobs = archiving(month, to)
    run_and_show("months-archive", jobs, settings_of(ctx), parse_as_of(as_of), json, inputs=inputs)


@months_app.command()
def restore(
    ctx: typer.Context,
    month: MonthName,
    origin: Annotated[str, typer.Option("--from", help="Folder or URL it was archived to.", metavar="URL")],
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Read an archived month back into the store, all of it or nothing; rows that are there stay as they are."""
    inputs = {"month": month, "from": _without_password(origin)}
    jobs = restoring(month, origin)
    run_and_show("months-restore", jobs, settings_of(ctx), parse_as_of(as_of), json, inputs=inputs)


@months_app.command()
def drop(ctx: typer.Context, month: MonthName, as_of: AsOf = None, json: JsonFlag = False) -> None:
    """Take a month out of the store without keeping it elsewhere."""
    jobs = dropping(month)
    run_and_show("months-drop", jobs, settings_of(ctx), parse_as_of(as_of), json, inputs={"month": month})


def _without_password(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)
