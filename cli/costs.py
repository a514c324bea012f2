"""costs: where the money went."""

from datetime import date
from typing import Annotated

import typer

from base.errors import ConfigError
from cli.render import aligned
from cli.state import JsonFlag, err, out, parse_as_of, print_json, settings_of
from jobs.costs import cost_lines
from jobs.costs import costs as costs_of

HEADER = ("for", "model", "prompt", "reason", "state", "calls", "tokens read", "written", "dollars")


def costs(
    ctx: typer.Context,
    run: Annotated[str | None, typer.Option(help="Only of this run.", metavar="RUN")] = None,
    night: Annotated[str | None, typer.Option(help="Only of this night, a UTC date.", metavar="DATE")] = None,
    since: Annotated[str | None, typer.Option(help="Only calls made since, ISO 8601.", metavar="TIME")] = None,
    json: JsonFlag = False,
) -> None:
    """Say what paid calls cost: by purpose, model, prompt, reason, and how they ended."""
    rows = costs_of(settings_of(ctx), run_id=run, night=_night(night), since=parse_as_of(since))
    if json:
        print_json(rows)
        return
    if not rows:
        err.print("no paid calls")
        return
    for line in aligned([HEADER, *cost_lines(rows)]):
        out.print(line, markup=False)


def _night(text: str | None) -> str | None:
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        raise ConfigError(f"not a date: {text}", hint="write it as 2026-03-01") from None
