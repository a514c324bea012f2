"""Getting ready: a settings file, the schema, and a check that everything needed is there."""

from pathlib import Path
from typing import Annotated

import typer

from base.errors import ConfigError
from cli.state import JsonFlag, out, print_json, settings_of
from jobs.doctor import examine, schema_revision, upgrade_schema
from jobs.settings import DEFAULT_CONFIG, settings_template

db_app = typer.Typer(no_args_is_help=True)


def init(path: Annotated[Path, typer.Argument(help="Where to write the settings file.")] = DEFAULT_CONFIG) -> None:
    """Write a settings file to start from; never overwrites one."""
    if path.exists():
        raise ConfigError(f"{path} is already there", hint="name another path, or edit it")
    path.write_text(settings_template(), encoding="utf-8")
    out.print(f"wrote {path}", markup=False)


def show_settings(ctx: typer.Context) -> None:
    """Print every setting in force, as JSON."""
    out.print_json(settings_of(ctx).model_dump_json())


def doctor(ctx: typer.Context, json: JsonFlag = False) -> None:
    """Check that settings, store, home and models are in order; exit 1 when one is not."""
    findings = examine(settings_of(ctx))
    if json:
        print_json({"check": found.check, "ok": found.ok, "detail": found.detail} for found in findings)
    else:
        for found in findings:
            out.print(f"{'ok  ' if found.ok else 'FAIL'}  {found.check}: {found.detail}", markup=False)
    raise typer.Exit(0 if all(found.ok for found in findings) else 1)


@db_app.command("upgrade")
def upgrade(ctx: typer.Context) -> None:
    """Bring the store to this version's schema."""
    out.print(upgrade_schema(settings_of(ctx)), markup=False)


@db_app.command("current")
def current(ctx: typer.Context) -> None:
    """Print the store's schema revision, and the latest one."""
    found, latest = schema_revision(settings_of(ctx))
    out.print(f"{found or 'none'} (latest {latest})", markup=False)
