"""The command line: parse, call a function that returns data, hand it to one that prints, exit with its code."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from base.errors import EngineError
from cli.late import LateCommand
from cli.state import State, err

#: name, place, line in the help, in the order of the help
COMMANDS = (
    ("demo", "demo:demo", "Invent a corpus, run a night over it offline, and show what came out."),
    ("init", "setup:init", "Write a settings file to start from; never overwrites one."),
    ("ingest", "night:ingest", "Keep the raw bytes of files, then parse them into accounts, content and metrics."),
    ("contract", "contracts:contract_app", "Describe and check the files you deliver."),
    ("renormalize", "night:renormalize", "Rebuild accounts, content and metrics from the raw bytes alone."),
    ("embed", "night:embed", "Give vectors to content, accounts and creators whose text or recipe changed."),
    ("resolve", "identity:resolve", "Decide which accounts are one creator's: in the store, or in FILE."),
    ("enrich", "cascade:enrich_app", "Label each creator once: niche, style, summary."),
    ("publish", "night:publish", "Build a snapshot of the index, check it at the gate, and make it the current one."),
    ("nightly", "night:nightly", "Run the whole night: ingest, embed, resolve, enrich, embed creators, publish."),
    ("status", "runs:status", "Say how the last run ended and how complete and fresh the store is."),
    ("runs", "runs:runs_app", "What earlier runs did."),
    ("costs", "costs:costs", "Say what paid calls cost: by purpose, model, prompt, reason, and how they ended."),
    ("explain", "identity:explain",
     "Say why two accounts are one creator's or not, who a creator is, or what was delivered about an account."),
    ("judge", "identity:judge", "Keep a person's decision about two accounts; the next resolve obeys it."),
    ("split", "review:split", "Keep some accounts of a creator apart from all its others; the next resolve obeys it."),
    ("review", "review:review_app", "Questions for people, and their answers."),
    ("train", "train:train",
     "Fit the weights to your own accounts and judgements; nothing uses the model until you say so."),
    ("drift", "drift:drift_app", "When content counts as moved."),
    ("evaluate", "evaluate:evaluate_app", "How right the decisions are."),
    ("search", "search:search",
     "Find creators by words and meaning in the published index, each with the reasons for its rank."),
    ("export", "export:export",
     "Take creators, members, labels, changes or metrics by week out of the store, as Parquet, CSV or JSON lines."),
    ("months", "months:months_app", "Content and metrics by month."),
    ("serve", "serve:serve",
     "Serve the search API and the search page over the index in force; a newer one is swapped in as it comes."),
    ("keys", "serve:keys_app", "API keys of the search service."),
    ("takedown", "takedown:takedown",
     "Hide a creator from every search within seconds, delete it from the store, and never take it in again."),
    ("snapshot", "search:snapshot_app", "Published snapshots of the index."),
    ("db", "setup:db_app", "The store's schema."),
    ("settings", "setup:show_settings", "Print every setting in force, as JSON."),
    ("doctor", "setup:doctor", "Check that settings, store, home and models are in order; exit 1 when one is not."),
)  # fmt: skip


class _EngineGroup(TyperGroup):
    """Every command, imported when called; the engine's errors as one line, a hint and the documented exit code."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, place, line in COMMANDS:
            self.add_command(LateCommand(name, place, line))

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
