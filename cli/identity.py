"""Who is who: resolve, explain, judge."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from base.clock import SystemClock
from base.errors import ConfigError
from base.judgement import Verdict
from cli.night import run_and_show
from cli.render import creator_lines, explanation_lines
from cli.state import AsOf, JsonFlag, err, out, parse_as_of, print_json, settings_of
from jobs.account_versions import AccountVersion, FieldChange, account_versions, history
from jobs.explain_accounts import explain_accounts, show_pair
from jobs.explain_creator import CreatorExplanation, explain_creator
from jobs.night_summary import PairExplanation
from jobs.pair_page import write_pair_page
from jobs.plan_pairs import plan_file, plan_store
from jobs.resolve_creators import resolve_creators
from jobs.resolve_file import resolve_file
from jobs.runner import inspecting, names
from jobs.settings import Settings
from review.decide import judge as decide

SHOWN_FAULTS = 20
CREATOR_ID = re.compile(r"cr_[a-z2-7]{16}")

Account = Annotated[str, typer.Argument(help="platform:id, platform:@handle or a handle that stands once.")]


def resolve(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Accounts as CSV, JSON Lines or Parquet; default: the store.")
    ] = None,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Folder for the results of FILE.")] = None,
    judgements: Annotated[Path | None, typer.Option(help="Decisions of people that must hold.")] = None,
    previous: Annotated[Path | None, typer.Option(help="The --out of an earlier run, to compare ids with.")] = None,
    model: Annotated[Path | None, typer.Option(help="A model.json instead of the shipped one.")] = None,
    precision: Annotated[
        float | None, typer.Option(help="Pair precision aimed at for merges; default 0.985.", min=0.51, max=0.9999)
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only count the pairs that would be compared, by rule; decide nothing.")
    ] = False,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Decide which accounts are one creator's: in the store, or in FILE."""
    settings = _with_precision(settings_of(ctx), precision)
    if plan:
        _show_report(_plan(settings, file), json)
        return
    if file is None:
        run_and_show("resolve", names([resolve_creators]), settings, parse_as_of(as_of), json)
        return
    if out_dir is None:
        raise ConfigError("resolve FILE needs --out DIR", hint="creatordex resolve accounts.csv --out resolved")
    report = resolve_file(
        file, out_dir, judgements=judgements, previous=previous, model=model or settings.identity.model,
        precision=settings.identity.precision, memory_limit=settings.memory_limit,
        workers=settings.workers,
    )  # fmt: skip
    _show_report(report, json)
    rejected = sum(report["rejected"].values())
    if rejected > settings.max_rejected * report["rows"]:
        raise typer.Exit(3)


def _with_precision(settings: Settings, precision: float | None) -> Settings:
    if precision is None:
        return settings
    return settings.model_copy(update={"identity": settings.identity.model_copy(update={"precision": precision})})


def _plan(settings: Settings, file: Path | None) -> dict[str, Any]:
    if file is not None:
        return plan_file(file, memory_limit=settings.memory_limit, workers=settings.workers)
    with inspecting(settings) as context:
        return plan_store(context)


def _show_report(report: dict[str, Any], json: bool) -> None:
    if json:
        print_json([report])
        return
    for fault in report.get("faults", [])[:SHOWN_FAULTS]:
        err.print(f"row {fault['row']}: {fault['field']} {fault['reason']}", markup=False)
    for name, value in report.items():
        if name == "faults":
            continue
        parts = ", ".join(f"{key} {amount}" for key, amount in value.items()) if isinstance(value, dict) else value
        out.print(f"{name.replace('_', ' '):24} {parts}", markup=False)


def explain(
    ctx: typer.Context,
    one: Annotated[str, typer.Argument(help="A creator id, or an account: platform:id, platform:@handle, a handle.")],
    other: Annotated[
        str | None, typer.Argument(help="A second account; without it: what was delivered about the first.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the evidence between two accounts as a page.")] = None,
    json: JsonFlag = False,
) -> None:
    """Say why two accounts are one creator's or not, who a creator is, or what was delivered about an account."""
    if html is not None and (other is None or not html.parent.is_dir()):
        raise ConfigError("--html needs two accounts and a folder", hint="creatordex explain A B --html why.html")
    with inspecting(settings_of(ctx)) as context:
        if other is not None and html is not None:
            write_pair_page(html, show_pair(context, one, other))
            err.print(f"{html}: written", markup=False)
        elif other is not None:
            _show_pair(explain_accounts(context, one, other), json)
        elif CREATOR_ID.fullmatch(one):
            _show_creator(explain_creator(context, one), json)
        else:
            _show_history(list(history(account_versions(context, one))), json)


def _show_pair(found: PairExplanation, json: bool) -> None:
    if json:
        print_json([_values(found)])
        return
    out.print(f"{found.left}  {found.right}", markup=False)
    for line in explanation_lines(found):
        out.print(line)


def _show_creator(found: CreatorExplanation, json: bool) -> None:
    if json:
        steps = [asdict(step) | {"explanation": _values(step.explanation)} for step in found.steps]
        print_json([asdict(found) | {"steps": steps}])
        return
    for line in creator_lines(found):
        out.print(line)


def _values(found: PairExplanation) -> dict[str, Any]:
    return asdict(found) | {"thresholds": found.thresholds.model_dump()}


def _show_history(versions: list[tuple[AccountVersion, list[FieldChange]]], json: bool) -> None:
    if json:
        print_json(asdict(version) | {"changes": [asdict(change) for change in found]} for version, found in versions)
        return
    for version, found in versions:
        place = f"{version.origin} line {version.line} {version.pointer}".rstrip()
        out.print(f"{version.fetched_at:%Y-%m-%d %H:%M}  {place}  ({version.sha256[:12]})", markup=False)
        for change in found:
            out.print(f"    {change.field}: {change.before!r} → {change.after!r}", markup=False)


def judge(
    ctx: typer.Context,
    one: Account,
    other: Account,
    verdict: Annotated[Verdict, typer.Argument(help="same, different or unsure.")],
    by: Annotated[str, typer.Option("--by", help="Who decides.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_of: AsOf = None,
) -> None:
    """Keep a person's decision about two accounts; the next resolve obeys it."""
    decided_at = parse_as_of(as_of) or SystemClock().now()
    with inspecting(settings_of(ctx)) as context:
        kept = decide(context.store, one, other, verdict, reviewer=by, decided_at=decided_at, note=note)
    out.print(f"{kept.left} and {kept.right}: {kept.verdict.value}, says {kept.reviewer}", markup=False)
