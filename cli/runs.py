"""What earlier runs did, and how the store is."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.state import JsonFlag, out, print_json, settings_of
from jobs.history import recent_runs, run_manifest, store_status

runs_app = typer.Typer(no_args_is_help=True)

RunId = Annotated[str, typer.Argument(help="A run id of `creatordex runs list`.")]


def status(ctx: typer.Context, json: JsonFlag = False) -> None:
    """Say how the last run ended and how complete and fresh the store is."""
    facts = store_status(settings_of(ctx))
    if json:
        print_json([facts])
        return
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), _listed(value) if isinstance(value, dict) else str(value))
    out.print(table)


def _listed(amounts: dict[str, Any]) -> str:
    return ", ".join(f"{key} {amount}" for key, amount in amounts.items()) or "nothing"


@runs_app.command("list")
def list_runs(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 20,
    json: JsonFlag = False,
) -> None:
    """List runs, newest first."""
    rows = recent_runs(settings_of(ctx), limit)
    if json:
        print_json(rows)
        return
    table = Table("run", "state", "exit", "as of", "seconds", box=None)
    for row in rows:
        table.add_row(row["run_id"], row["state"], str(row["exit_code"]), row["as_of"], str(row["seconds"]))
    out.print(table)


@runs_app.command("show")
def show_run(ctx: typer.Context, run_id: RunId) -> None:
    """Print a run's manifest as JSON."""
    out.print_json(data=run_manifest(settings_of(ctx), run_id))


@runs_app.command("diff")
def diff_runs(ctx: typer.Context, before: RunId, after: RunId, json: JsonFlag = False) -> None:
    """Say what differs between the deterministic parts of two manifests."""
    settings = settings_of(ctx)
    manifests = [run_manifest(settings, run_id)["content"] for run_id in (before, after)]
    changes = list(_differences(*manifests))
    if json:
        print_json({"path": path, "before": old, "after": new} for path, old, new in changes)
        return
    for path, old, new in changes:
        out.print(f"{path}: {old} → {new}", markup=False)


def _differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif before != after:
        yield path, before, after
