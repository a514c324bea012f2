"""enrich, with calibrate: from which score the offline classifier may have the last word."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.night import enrich
from cli.state import JsonFlag, out, print_json, settings_of
from jobs.calibrate_cascade import calibrate_cascade
from jobs.runner import inspecting

enrich_app = typer.Typer(invoke_without_command=True)
enrich_app.callback()(enrich)


@enrich_app.command("calibrate")
def calibrate(
    ctx: typer.Context,
    target: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Agreement that accepted labels must surely reach.")
    ] = 0.95,
    labels: Annotated[
        Path | None, typer.Option(help="creator_id, primary_niche; default: the answers of models in the store.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Find the score from which offline labels agree with a sample, so that a model need not be asked; sets nothing."""
    with inspecting(settings_of(ctx)) as context:
        report = calibrate_cascade(context, target, labels)
    if json:
        print_json([report])
    else:
        _show(report)


def _show(report: dict[str, Any]) -> None:
    out.print(f"{report['creators']} creators with a label to compare with", markup=False)
    for title, rows in (("on the half that chose", report["curve"]), ("on the other half", report["chosen"])):
        if rows:
            out.print(f"\n{title}\n    score  accepted   share  agreement  95 %", markup=False)
        for row in rows:
            line = "{min_score:9.2f} {accepted:9} {share:7.3f} {agreement:10.3f}  {low:.3f} to {high:.3f}".format(**row)
            out.print(line, markup=False)
    if report["holds"]:
        out.print(f"\nset llm.cascade_min_score = {report['cascade_min_score']}", markup=False)
    else:
        out.print(f"\nno score is sure to reach {report['target']}: leave the cascade off", markup=False)
