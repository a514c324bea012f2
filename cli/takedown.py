"""`takedown`: a creator who must not be shown any more."""

from typing import Annotated

import typer

from cli.night import run_and_show
from cli.state import AsOf, JsonFlag, err, parse_as_of, settings_of
from jobs.forget_taken_down import forget_taken_down, hide_creator
from jobs.runner import inspecting


def takedown(
    ctx: typer.Context,
    creator: Annotated[str, typer.Argument(help="Creator id, or one of its accounts as platform:id.")],
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Hide a creator from every search within seconds, delete it from the store, and never take it in again."""
    settings = settings_of(ctx)
    with inspecting(settings) as context:
        keys = hide_creator(context, creator)
    err.print(f"hidden: {creator}, {len(keys)} account keys; deleting from the store", markup=False)
    jobs = {"forget_taken_down": forget_taken_down}
    run_and_show("takedown", jobs, settings, parse_as_of(as_of), json, inputs={"creator": creator})
