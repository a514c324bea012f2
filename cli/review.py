"""People and merges: split a creator, take questions out, bring answers in."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from base.clock import SystemClock
from base.errors import ConfigError
from cli.state import AsOf, JsonFlag, err, out, parse_as_of, print_json, settings_of
from jobs.runner import inspecting
from review.answers import Answers, import_answers
from review.decide import split as split_apart
from review.queue import COLUMNS, review_rows
from review.sheet import Form, form_of, write_sheet

TOO_MANY_REFUSED = 3

review_app = typer.Typer(no_args_is_help=True)


def split(
    ctx: typer.Context,
    creator: Annotated[str, typer.Argument(help="A creator id, standing or retired.")],
    accounts: Annotated[list[str], typer.Argument(help="Its accounts that are somebody else's.")],
    by: Annotated[str, typer.Option("--by", help="Who decides.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_of: AsOf = None,
) -> None:
    """Keep some accounts of a creator apart from all its others; the next resolve obeys it."""
    decided_at = parse_as_of(as_of) or SystemClock().now()
    with inspecting(settings_of(ctx)) as context:
        kept = split_apart(context.store, creator, accounts, reviewer=by, decided_at=decided_at, note=note)
    for one in kept:
        out.print(f"{one.left} and {one.right}: {one.verdict.value}, says {one.reviewer}", markup=False)


@review_app.command("export")
def export_questions(
    ctx: typer.Context,
    target: Annotated[Path | None, typer.Option("--out", help="File to write; default: stdout.")] = None,
    form: Annotated[
        Literal["csv", "jsonl"] | None, typer.Option("--format", help="Default: by the ending of --out, else CSV.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Open pairs, those most worth a look first.", min=0)] = 200,
    audit: Annotated[int, typer.Option(help="Merges drawn at random, to see how good the machine is.", min=0)] = 0,
    as_of: AsOf = None,
) -> None:
    """Write what waits for a person: second looks first, then open pairs, then a sample of merges."""
    settings = settings_of(ctx)
    chosen: Form = form or (form_of(target) if target else "csv")
    if target is not None and not target.parent.is_dir():
        raise ConfigError(f"no folder {target.parent}", hint="make it first")
    with inspecting(settings, parse_as_of(as_of)) as context:
        rows = review_rows(
            context.store, limit=limit, audit=audit, queued_at=context.as_of, model=settings.identity.model
        )
    sheet = write_sheet(rows, COLUMNS, chosen)
    if target is None:
        typer.echo(sheet, nl=False)
        return
    draft = target.with_name(target.name + ".draft")
    draft.write_text(sheet, encoding="utf-8", newline="")
    draft.replace(target)
    err.print(f"{target}: {len(rows)} rows", markup=False)


@review_app.command("import")
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A filled-in file of review export.")],
    by: Annotated[str | None, typer.Option("--by", help="Who decided, for rows that do not say.")] = None,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Keep the verdicts of a filled-in file; rows that are none are named, and the others go on."""
    settings = settings_of(ctx)
    decided_at = parse_as_of(as_of) or SystemClock().now()
    with inspecting(settings) as context:
        answers = import_answers(context.store, file, reviewer=by, decided_at=decided_at)
    _show(answers, json)
    if len(answers.refused) > settings.max_rejected * answers.rows:
        raise typer.Exit(TOO_MANY_REFUSED)


def _show(answers: Answers, json: bool) -> None:
    for one in answers.refused:
        err.print(f"{one.file} row {one.row}: {one.field} {one.problem} (hint: {one.hint})", markup=False)
    if answers.conflict:
        err.print(f"the next resolve will stop: {answers.conflict}", markup=False)
    if json:
        print_json([asdict(answers)])
        return
    counts = f"{answers.kept} kept, {answers.repeated} kept before, {answers.open} open, {len(answers.refused)} refused"
    out.print(f"{answers.rows} rows: {counts}", markup=False)
