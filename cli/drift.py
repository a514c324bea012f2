"""drift: thresholds of one's own."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.state import AsOf, JsonFlag, err, out, parse_as_of, print_json, settings_of
from jobs.calibrate_drift import calibrate_drift, write_thresholds
from jobs.runner import inspecting

drift_app = typer.Typer(no_args_is_help=True)


@drift_app.callback()
def _drift() -> None:
    """When content counts as moved."""


@drift_app.command("calibrate")
def calibrate(
    ctx: typer.Context,
    out_file: Annotated[Path | None, typer.Option("--out", help="Where to write the thresholds, as JSON.")] = None,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Find the thresholds of drift: what two halves of one creator's own posts differ by."""
    with inspecting(settings_of(ctx), parse_as_of(as_of)) as context:
        found = calibrate_drift(context)
    if out_file is not None:
        write_thresholds(out_file, found)
        err.print(f"wrote {out_file}", markup=False)
    if json:
        print_json([asdict(found) | {"as_of": found.as_of.isoformat()}])
        return
    for name, value in asdict(found).items():
        out.print(f"{name.replace('_', ' '):22} {value}", markup=False)
    if out_file is not None:
        err.print(f'to use them: llm.drift_thresholds = "{out_file}"', markup=False)
        return
    err.print(f"to use them: llm.soft_drift = {found.soft_drift}, llm.hard_drift = {found.hard_drift}", markup=False)
