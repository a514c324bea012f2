"""Labelling by batches: what earlier runs asked for comes in, and tonight's questions go out."""

import asyncio
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from enrich.enricher import Enricher
from enrich.plan import SkipReason
from enrich.shards import Line
from jobs.asked_again import refuse_a_jump
from jobs.batches.desk import BatchDesk, BatchPrice
from jobs.batches.harvest import Harvest
from jobs.batches.harvest import harvest as bring_in
from jobs.batches.requests import Mistake, RequestWriter
from jobs.batches.submit import resume_unsent, submit
from jobs.cascade import cascade_of
from jobs.context import Context
from jobs.enrich_creators.answers import Answers, relabel
from jobs.enrich_creators.figures import label_figures
from jobs.enrich_creators.planned import PROMPT, count_overdue, count_plan, reasons_in_turn, those_due, turns
from jobs.plan_enrichment import plan_night
from jobs.remember_plan import remember_plan
from jobs.report import JobReport
from prompts.catalog import load_prompt
from providers.llm_batches import BatchApi
from providers.prices import Price
from providers.tokens import load_token_counter
from store import enrichments as store
from store.bulk import FrameWriter
from store.enrichments import Chosen
from store.llm_batches import load_batch_totals


def enrich_in_batches(context: Context, api: BatchApi, price: Price, *, force: str | None = None) -> JobReport:
    """Take in what earlier runs asked for, then ask about those who are due: their answers come in with a later run."""
    report = JobReport("enrich_creators")
    report.count(read=0, due=0, written=0, labelled=0, restored=0, quarantined=0, pending=0)
    asyncio.run(_work_in_batches(desk_of(context, api, price), report, force))
    with context.writing_frames() as frames:
        report.count(retired=store.retire_vanished(frames))
    context.crashpoint("enrich_creators")
    report.details |= label_figures(context)
    return report


def has_batches_under_way(context: Context) -> bool:
    with context.reading_frames() as frames:
        return load_batch_totals(frames)["batches"] > 0


def desk_of(context: Context, api: BatchApi, price: Price) -> BatchDesk:
    labeller = Enricher(api.id, load_prompt(*PROMPT), context.taxonomy)
    return BatchDesk(context, api, labeller, BatchPrice(price), context.settings.batches)


async def _work_in_batches(desk: BatchDesk, report: JobReport, force: str | None) -> None:
    try:
        await _take_in(desk, report)
        report.count(relabelled=relabel(desk.context))
        plan = plan_night(desk.context, desk.labeller)
        report.details["asked_again_share"] = refuse_a_jump(desk.context, plan, force)
        cascade = cascade_of(desk.context, desk.labeller)
        work = Answers(desk.context, desk.labeller, _due_by_now(plan, report), report, cascade=cascade)
        report.count(overdue=count_overdue(desk.context, plan))
        await submit(desk, _lines_due(desk, work), report)
        report.count(deferred=len(work.reasons) - work.done - report.counts.get("batched", 0))
        report.count(remembered=remember_plan(desk.context, plan))
    finally:
        await desk.api.close()


async def fetch_answers(desk: BatchDesk, report: JobReport) -> None:
    try:
        await _take_in(desk, report)
    finally:
        await desk.api.close()


async def _take_in(desk: BatchDesk, report: JobReport) -> None:
    """Mend what a kill left half sent, then write the answers that are there."""

    def save(frames: FrameWriter, harvest: Harvest) -> None:
        _save_harvest(desk, frames, harvest, report)

    await resume_unsent(desk, report)
    await bring_in(desk, save, report)


def _due_by_now(plan: pa.Table, report: JobReport) -> dict[str, str]:
    """Creator → why it is due."""
    due = reasons_in_turn(those_due(plan))
    awaited = pc.sum(pc.equal(plan["reason"], SkipReason.AWAITED), min_count=0).as_py()
    report.count(read=len(plan), due=len(due), pending=awaited)
    report.details["plan"] = count_plan(plan)
    return due


def _lines_due(desk: BatchDesk, work: Answers) -> Iterator[Line]:
    """In their turn, a line for each creator that is due and is not what it once was."""
    writer = RequestWriter(desk, load_token_counter())
    for ids in turns(work.reasons):
        with desk.context.reading_frames() as frames:
            failures = store.load_failures(frames, Chosen(ids), desk.labeller.recipe.fingerprint)
        repairs = {
            (row["creator_id"], row["input_fingerprint"]): Mistake(row["error_class"], row["detail"])
            for row in failures.to_pylist()
            if not row["is_final"]
        }
        for due in work.load_due(ids):
            yield writer.line(due.subject, due.reason, repairs)


def _save_harvest(desk: BatchDesk, frames: FrameWriter, harvest: Harvest, report: JobReport) -> None:
    """Write what a batch brought about creators that are still there."""
    outcomes = harvest.outcomes
    known = store.load_known_creators(frames, [outcome.creator_id for outcome in outcomes])
    made = {name: harvest.batch[name] for name in ("recipe_fingerprint", "model", "prompt_version")}
    kept = [outcome for outcome in outcomes if outcome.creator_id in known]
    Answers(desk.context, desk.labeller, dict(harvest.reasons), report, made).save(frames, kept)
    report.count(written=sum(outcome.labels is not None for outcome in kept))
