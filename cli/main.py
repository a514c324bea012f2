"""The command line: parse, call a function that returns data, hand it to one that prints, exit with its code."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from base.errors import EngineError
from cli import (
    cascade,
    contracts,
    costs,
    demo,
    drift,
    evaluate,
    export,
    identity,
    months,
    night,
    review,
    runs,
    search,
    serve,
    setup,
    takedown,
    train,
)
from cli.state import State, err


class _EngineGroup(TyperGroup):
    """Turns the engine's errors into one line, a hint and the documented exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EngineError as error:
            err.print(f"[red]error:[/red] {type(error).__name__}: {error.message}", markup=True)
            if error.hint:
                err.print(f"hint: {error.hint}", markup=False)
            raise SystemExit(error.exit_code) from error


app = typer.Typer(
    cls=_EngineGroup,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="From accounts and posts to creators, labels and a search index that explains itself.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"creatordex {version('creatordex')}")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; default: ./creatordex.toml if it is there.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    ctx.obj = State(config=config)


app.command("demo")(demo.demo)
app.command("init")(setup.init)
app.command("ingest")(night.ingest)
app.add_typer(contracts.contract_app, name="contract", help="Describe and check the files you deliver.")
app.command("renormalize")(night.renormalize)
app.command("embed")(night.embed)
app.command("resolve")(identity.resolve)
enrich_app = typer.Typer(invoke_without_command=True)
enrich_app.callback()(night.enrich)
enrich_app.command("calibrate")(cascade.calibrate)
app.add_typer(enrich_app, name="enrich")
app.command("publish")(night.publish)
app.command("nightly")(night.nightly)
app.command("status")(runs.status)
app.add_typer(runs.runs_app, name="runs", help="What earlier runs did.")
app.command("costs")(costs.costs)
app.command("explain")(identity.explain)
app.command("judge")(identity.judge)
app.command("split")(review.split)
app.add_typer(review.review_app, name="review", help="Questions for people, and their answers.")
app.command("train")(train.train)
app.add_typer(drift.drift_app, name="drift", help="When content counts as moved.")
app.add_typer(evaluate.evaluate_app, name="evaluate", help="How right the decisions are.")
app.command("search")(search.search)
app.command("export")(export.export)
app.add_typer(months.months_app, name="months", help="Content and metrics by month.")
app.command("serve")(serve.serve)
app.add_typer(serve.keys_app, name="keys", help="API keys of the search service.")
app.command("takedown")(takedown.takedown)
app.add_typer(search.snapshot_app, name="snapshot", help="Published snapshots of the index.")
app.add_typer(setup.db_app, name="db", help="The store's schema.")
app.command("settings")(setup.show_settings)
app.command("doctor")(setup.doctor)
