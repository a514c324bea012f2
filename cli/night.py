"""The night and each of its stages as a command."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow.parquet as pq
import typer

from cli.render import aligned, progress_reporter, stage_table
from cli.state import AsOf, JsonFlag, MaxUsd, budget_of, err, out, parse_as_of, print_json, settings_of
from jobs.embed_accounts import embed_accounts, expected_texts
from jobs.embed_creators import embed_creators
from jobs.enrich_creators import enrich_creators, enrich_forecast
from jobs.expected_costs import forecast_lines
from jobs.ingest_accounts import renormalize as renormalize_job
from jobs.nightly import deliveries_of, describe, night, run_night
from jobs.prices import likely_usd
from jobs.publish_index import publish_index
from jobs.runner import Job, RunResult, inspecting, names, run_jobs
from jobs.settings import Settings

SHOWN_REASONS = 5

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="Captures or rows files; default: every file of the settings' sources.", show_default=False),
]
Source = Annotated[str | None, typer.Option(help="Name of the source these files come from.")]
Contract = Annotated[Path | None, typer.Option(help="Source contract (TOML) that maps their columns.")]
FileMode = Annotated[
    Literal["delta", "full"] | None,
    typer.Option(help="delta: absence means nothing; full: absent accounts of the source are gone."),
]
MaxRejected = Annotated[
    float | None, typer.Option(help="Share of rows that may be rejected before the exit code is 3.", min=0, max=1)
]


def nightly(
    ctx: typer.Context,
    files: Files = None,
    source: Source = None,
    contract: Contract = None,
    mode: FileMode = None,
    max_rejected: MaxRejected = None,
    max_usd: MaxUsd = None,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Run the whole night: ingest, embed, resolve, enrich, embed creators, publish."""
    settings = _settings(ctx, max_rejected, max_usd)
    deliveries = deliveries_of(settings, files or [], source=source, contract=contract, mode=mode)
    with progress_reporter() as progress:
        result = run_night(settings, deliveries, parse_as_of(as_of), progress)
    _show(result, json)


def ingest(
    ctx: typer.Context,
    files: Files = None,
    source: Source = None,
    contract: Contract = None,
    mode: FileMode = None,
    max_rejected: MaxRejected = None,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Keep the raw bytes of files, then parse them into accounts, content and metrics."""
    settings = _settings(ctx, max_rejected)
    deliveries = deliveries_of(settings, files or [], source=source, contract=contract, mode=mode)
    stages = {"ingest_accounts": night(deliveries)["ingest_accounts"]}
    run_and_show(
        "ingest",
        stages,
        settings,
        parse_as_of(as_of),
        json,
        inputs={"deliveries": [describe(delivery) for delivery in deliveries]},
    )


def renormalize(ctx: typer.Context, as_of: AsOf = None, json: JsonFlag = False) -> None:
    """Rebuild accounts, content and metrics from the raw bytes alone."""
    run_and_show("renormalize", names([renormalize_job]), settings_of(ctx), parse_as_of(as_of), json)


def embed(
    ctx: typer.Context,
    plan: Annotated[bool, typer.Option("--plan", help="Only say how many texts await a vector, and the cost.")] = False,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Give vectors to content, accounts and creators whose text or recipe changed."""
    settings = settings_of(ctx)
    if not plan:
        run_and_show("embed", names([embed_accounts, embed_creators]), settings, parse_as_of(as_of), json)
        return
    with inspecting(settings, parse_as_of(as_of)) as context:
        texts, model = expected_texts(context), context.embedder.id
    cost = likely_usd(settings, texts) if settings.embeddings.is_paid else 0.0
    if json:
        print_json([{"model": model, "texts": texts, "estimated_usd": cost}])
    else:
        out.print(f"{texts:,} texts for {model}: about ${cost:.4f}", markup=False)


def enrich(
    ctx: typer.Context,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say how many would be labelled, why, and what it may cost.")
    ] = False,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="With --plan: one row per creator, as Parquet.", metavar="FILE")
    ] = None,
    force: Annotated[
        str | None,
        typer.Option(help="Go on although many more than usual are due, and record why.", metavar="REASON"),
    ] = None,
    max_usd: MaxUsd = None,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Label each creator once: niche, style, summary."""
    if ctx.invoked_subcommand:
        return
    settings = _settings(ctx, max_usd=max_usd)
    if not plan:
        jobs = {"enrich_creators": partial(enrich_creators, force=force)}
        inputs = {"force": force} if force else None
        run_and_show("enrich", jobs, settings, parse_as_of(as_of), json, inputs=inputs)
        return
    with inspecting(settings, parse_as_of(as_of)) as context:
        planned, rows = enrich_forecast(context)
    if out_file is not None:
        pq.write_table(planned, out_file)
        err.print(f"wrote {out_file}", markup=False)
    if json:
        print_json(rows)
        return
    for line in aligned(forecast_lines(rows)):
        out.print(line, markup=False)


def publish(
    ctx: typer.Context,
    force: Annotated[
        str | None, typer.Option(help="Publish whatever the gate finds, and record why.", metavar="REASON")
    ] = None,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Build a snapshot of the index, check it at the gate, and make it the current one."""
    jobs = {"publish_index": partial(publish_index, force=force)}
    inputs = {"force": force} if force else None
    run_and_show("publish", jobs, settings_of(ctx), parse_as_of(as_of), json, inputs=inputs)


def _settings(ctx: typer.Context, max_rejected: float | None = None, max_usd: float | None = None) -> Settings:
    """The settings in force, and over them what was typed; the cap of the night stays as it is."""
    typed: dict[str, Any] = {} if max_rejected is None else {"max_rejected": max_rejected}
    return settings_of(ctx, **typed, **budget_of(max_usd))


def run_and_show(
    command: str,
    jobs: Mapping[str, Job],
    settings: Settings,
    as_of: datetime | None,
    json: bool,
    inputs: Mapping[str, Any] | None = None,
) -> None:
    """Run jobs under the lock, print what they counted, and exit with their code."""
    with progress_reporter() as progress:
        _show(run_jobs(command, jobs, settings, inputs=inputs, as_of=as_of, progress=progress), json)


def _show(result: RunResult, json: bool) -> None:
    if json:
        print_json(_lines(result))
    else:
        out.print(stage_table(result))
        _tell_rejections(result)
    raise typer.Exit(result.exit_code)


def _tell_rejections(result: RunResult) -> None:
    """Why rows were refused, most frequent first, and where each of them is named."""
    reasons = Counter[str]()
    for report in result.reports:
        reasons.update(report.details.get("rejected_by_reason", {}))
    for reason, count in reasons.most_common(SHOWN_REASONS):
        err.print(f"rejected {count}: {reason}", markup=False)
    if reasons:
        err.print("each with its file, row, field and hint: table rejected_rows, or creatordex contract validate FILE")


def _lines(result: RunResult) -> Iterator[dict[str, Any]]:
    for report in result.reports:
        yield {"stage": report.stage, "seconds": round(result.seconds[report.stage], 3), **report.counts}
    yield {"run_id": result.run_id, "exit_code": result.exit_code, "resumed": result.resumed}
