"""What every command shares: the settings file it was given, and how it prints."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from base.errors import ConfigError

if TYPE_CHECKING:
    from jobs.settings import Settings

#: data goes to stdout, progress and errors to stderr
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

MaxUsd = Annotated[
    float | None,
    typer.Option(help="Most dollars this run may spend on paid providers; instead of budget.max_usd.", min=0),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of tables.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="The instant the run stands for, ISO 8601; default: now.", metavar="TIME")
]


@dataclass(frozen=True, slots=True)
class State:
    #: the settings file given with --config
    config: Path | None = None


def settings_of(ctx: typer.Context, **overrides: Any) -> "Settings":
    """The settings in force for this command."""
    # Imported here: their knobs lie in every room, and a list of commands needs none of them.
    from jobs.settings import read_settings

    state = ctx.find_object(State) or State()
    return read_settings(state.config, **overrides)


def budget_of(max_usd: float | None) -> dict[str, Any]:
    """What --max-usd puts in the place of the settings; the cap of the night stays as it is."""
    return {} if max_usd is None else {"budget": {"max_usd": max_usd}}


def parse_as_of(text: str | None) -> datetime | None:
    """An aware UTC datetime; a time without a zone is taken as UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"not a time: {text}", hint="write it as 2026-03-01T02:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines on stdout."""
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
