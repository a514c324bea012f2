"""Label each creator once: plan from what stands in the store, ask a labeller about the due ones, write answers."""

import asyncio
from functools import partial
from typing import Any

import pyarrow as pa

from enrich.enricher import Enricher
from enrich.offline import OfflineClassifier
from jobs.ask_model import ask_model
from jobs.asked_again import refuse_a_jump
from jobs.batches.desk import BatchPrice
from jobs.cascade import cascade_of
from jobs.context import Context
from jobs.enrich_creators.answers import Answers, relabel
from jobs.enrich_creators.at_once import label_at_once
from jobs.enrich_creators.by_batch import desk_of, enrich_in_batches, fetch_answers, has_batches_under_way
from jobs.enrich_creators.figures import label_figures
from jobs.enrich_creators.planned import PROMPT, count_overdue, count_plan, reasons_in_turn, those_due, turns
from jobs.expected_costs import expected_cost, forecast, within_cap
from jobs.plan_enrichment import plan_night
from jobs.prices import price_of
from jobs.remember_plan import remember_plan
from jobs.report import JobReport
from prompts.catalog import load_prompt
from providers.llm import LLM
from providers.prices import Price
from store import enrichments as store

#: of a model on this machine
FREE = Price.model_validate({"input": 0})

_Row = dict[str, Any]


def enrich_creators(
    context: Context, llm: LLM | None = None, price: Price = FREE, *, force: str | None = None
) -> JobReport:
    """Give every creator that is due its labels.

    llm: who is asked, and at what price; the one that the settings select unless given, and the offline classifier
    when they select none. Raises GateRefused before anything is asked when many more than usual became due, unless
    `force` says why.
    """
    report = JobReport("enrich_creators")
    if llm is None and context.settings.llm.is_paid:
        # Imported here: the vendor's library takes a second to load, and most nights do not need it.
        from jobs.paid_llm import paid_batches, paid_llm

        if context.settings.llm.mode == "batch":
            return enrich_in_batches(context, *paid_batches(context.settings), force=force)
        # Sent before the settings said otherwise: paid for, so fetched, from the only vendor that takes them.
        if context.settings.llm.provider == "openai" and has_batches_under_way(context):
            asyncio.run(fetch_answers(desk_of(context, *paid_batches(context.settings)), report))
        llm, price = paid_llm(context.settings)
    labeller = _labeller(context, llm)
    report.count(relabelled=relabel(context))
    plan = plan_night(context, labeller)
    report.details["asked_again_share"] = refuse_a_jump(context, plan, force)
    due = those_due(plan)
    report.count(overdue=count_overdue(context, plan))
    report.count(read=len(plan), due=len(due), written=0, labelled=0, restored=0, quarantined=0)
    if isinstance(labeller, Enricher):
        assert llm is not None
        work = Answers(context, labeller, reasons_in_turn(due), report, cascade=cascade_of(context, labeller))
        loads = (partial(work.load_due, part) for part in turns(work.reasons))
        ask_model(context, llm, price, labeller, loads, save=work.save, ended=work.tell, report=report)
        report.count(deferred=len(due) - work.done)
    else:
        label_at_once(context, labeller, due, of=len(plan), report=report)
    with context.writing_frames() as frames:
        report.count(retired=store.retire_vanished(frames))
    report.count(remembered=remember_plan(context, plan))
    context.crashpoint("enrich_creators")
    report.details |= {"plan": count_plan(plan), **label_figures(context)}
    return report


def enrich_plan(context: Context, llm: LLM | None = None) -> pa.Table:
    """Who would be labelled now, and why: creator_id, decision, reason. Nothing is asked or written."""
    return plan_night(context, _labeller(context, llm))


def enrich_forecast(context: Context) -> tuple[pa.Table, list[_Row]]:
    """The plan of whoever the settings select, and what it costs by decision and reason; no key or cap is needed."""
    knobs = context.settings.llm
    if not knobs.is_paid:
        plan = enrich_plan(context)
        return plan, forecast(plan)
    from jobs.paid_llm import planned_model

    price = price_of(context.settings, knobs.model)
    labeller = Enricher(planned_model(context.settings), load_prompt(*PROMPT), context.taxonomy)
    asked = BatchPrice(price) if knobs.mode == "batch" else price
    plan = plan_night(context, labeller)
    expected = expected_cost(context, labeller, asked, plan)
    # What a batch may cost stays reserved until it is back; what a single answer did not cost is free again at once.
    each = expected.reserved_nano_usd if knobs.mode == "batch" else expected.usual_nano_usd
    plan = within_cap(context, plan, each)
    return plan, forecast(plan, expected)


def _labeller(context: Context, llm: LLM | None) -> Enricher | OfflineClassifier:
    if llm is not None:
        return Enricher(llm.id, load_prompt(*PROMPT), context.taxonomy)
    return context.offline_classifier
