"""evaluate: how right the decisions are, against a truth, what people judged, or a golden set of our own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from base.errors import SourceError
from cli.state import JsonFlag, MaxUsd, budget_of, err, out, print_json, settings_of
from jobs.enrich_creators import PROMPT
from jobs.evaluate_enrichment import evaluate_enrichment, gate_enrichment
from jobs.evaluation_page import evaluation_page
from jobs.query_encoder import query_encoder
from jobs.record_answers import record_selected
from jobs.runner import inspecting, run_jobs
from jobs.score_identity import assess_identity
from jobs.settings import Settings
from jobs.truth_files import read_truth
from search.evaluation import measure_fidelity, measure_ranking, measure_slices, read_judged
from search.searcher import open_snapshot

evaluate_app = typer.Typer(no_args_is_help=True)
BAR_CHARACTERS = 40


@evaluate_app.command("identity")
def evaluate_identity(
    ctx: typer.Context,
    truth: Annotated[
        Path | None,
        typer.Option(help="account_id, creator_id and, if known, trap: CSV, JSON Lines or Parquet; only compared."),
    ] = None,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Resolve again without each kind of evidence; needs --truth.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Also write one page with tables and the calibration.")] = None,
    json: JsonFlag = False,
) -> None:
    """Score the last resolution: precision, recall by evidence, calibration, bands, and what review would add."""
    if ablation and truth is None:
        raise typer.BadParameter("--ablation needs --truth FILE")
    known = None if truth is None else read_truth(truth)
    with inspecting(settings_of(ctx)) as context:
        try:
            report = assess_identity(context, known, ablation=ablation)
        except ValueError as error:
            raise SourceError(f"{truth}: {error}", hint="account_id is the account key, platform:id") from error
    if html is not None:
        html.write_text(evaluation_page(report), encoding="utf-8")
        err.print(f"wrote {html}", markup=False)
    if json:
        print_json([report])
    else:
        _show(report)


@evaluate_app.command("enrichment")
def enrichment(
    ctx: typer.Context,
    recorded: Annotated[
        Path | None, typer.Option(help="Recorded answers of a model; without, the offline classifier answers.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Recorded answers in force: refuse (exit 4) what is worse or dearer.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the model that the settings select, under the budget; needs --record.")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="Keep the answers of --live here; what it holds already is not asked again.")
    ] = None,
    prompt: Annotated[str, typer.Option(help="Version of the prompt that --live asks with.")] = PROMPT[1],
    max_usd: MaxUsd = None,
    json: JsonFlag = False,
) -> None:
    """Score labels on the golden and the hostile set: macro-F1, abstention, failures, flips by injection, cost."""
    if live != (record is not None) or (live and recorded is not None):
        raise typer.BadParameter("--live and --record FILE go together, and without --recorded")
    if record is not None:
        recorded = _record(settings_of(ctx, **budget_of(max_usd)), record, prompt)
    report = evaluate_enrichment(settings_of(ctx), recorded)
    if json:
        print_json([report])
    else:
        _show(report)
    if against is not None:
        change = gate_enrichment(settings_of(ctx), recorded, against)
        err.print("macro-F1 {difference:+.4f} (95%: {low:+.4f} to {high:+.4f})".format(**change), markup=False)


def _record(settings: Settings, path: Path, prompt_version: str) -> Path:
    """Ask the selected model, as a run of its own, and say what it cost."""
    job = partial(record_selected, path=path, prompt_version=prompt_version)
    inputs = {"record": str(path), "prompt": prompt_version}
    run = run_jobs("evaluate-enrichment", {"record_answers": job}, settings, inputs=inputs)
    err.print(f"cost {run.reports[0].details['cost']}, answers in {path}", markup=False)
    return path


@evaluate_app.command("search")
def evaluate_search(
    ctx: typer.Context,
    judged: Annotated[
        Path | None, typer.Option(help="Judged queries, JSON lines: query, kind, grades (creator id: 0 to 3).")
    ] = None,
    queries: Annotated[int, typer.Option(help="Queries per field for fidelity.", min=1)] = 20,
    json: JsonFlag = False,
) -> None:
    """Measure the index in force: how much of the exact answer it finds and, with judged queries, how well it ranks."""
    known = [] if judged is None else read_judged(judged)
    settings = settings_of(ctx)
    encoder = query_encoder(settings)
    searcher = open_snapshot(settings.home / "snapshots", encoder, model_dir=settings.embeddings.model_dir)
    report: dict[str, Any] = {
        "snapshot": searcher.snapshot.manifest.snapshot_id,
        "fidelity": [asdict(one) for one in measure_fidelity(searcher, queries=queries)],
        "ranking": [asdict(one) for one in measure_ranking(searcher, known)] if known else [],
        "slices": [asdict(one) for one in measure_slices(searcher, known)] if known else [],
    }
    if json:
        print_json([report])
    else:
        _show(report)


def _show(report: Mapping[str, Any]) -> None:
    for name, found in report.items():
        if name == "calibration":
            _show_calibration(found)
        elif isinstance(found, list):
            _show_table(name, found)
        elif isinstance(found, dict):
            out.print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in found.items()), markup=False)
        else:
            out.print(f"{name} {found}", markup=False)


def _show_table(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    out.print(f"\n{name.replace('_', ' ')}", markup=False)
    out.print("  ".join(f"{column:>14}" for column in rows[0]), markup=False)
    for row in rows:
        out.print("  ".join(f"{_cell(value):>14}" for value in row.values()), markup=False)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _show_calibration(tenths: Sequence[Mapping[str, Any]]) -> None:
    """A line per tenth: o what was promised, # what held, - its interval."""
    out.print("\ncalibration: o promised, # held, - interval of 95%", markup=False)
    for tenth in tenths:
        line = [" "] * (BAR_CHARACTERS + 1)
        low, high, held, promised = (
            round(tenth[name] * BAR_CHARACTERS) for name in ("low", "high", "held", "promised")
        )
        line[low : high + 1] = "-" * (high + 1 - low)
        line[promised] = "o"
        line[held] = "#"
        out.print(f"{tenth['promised']:7.3f} |{''.join(line)}| {tenth['held']:.3f} of {tenth['pairs']}", markup=False)
