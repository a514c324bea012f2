"""Label each creator once: plan from what stands in the store, ask a labeller about the due ones, write answers."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import SQLModel

from base.clock import to_micros
from base.fingerprint import canonical_json
from embeddings.vectors import from_column
from enrich import ledger
from enrich.cascade import Cascade
from enrich.conversation import Due
from enrich.enricher import Enricher
from enrich.labeller import Labeller, LocalLabeller, Outcome
from enrich.ledger import NANO
from enrich.offline import OfflineClassifier
from enrich.plan import MICROS_PER_DAY, Decision, SkipReason
from enrich.schema import CreatorLabels
from enrich.shards import Line
from enrich.subjects import Subject, subjects
from enrich.summary import word_count
from enrich.taxonomy import UNKNOWN_KIND
from jobs.ask_model import ask_model
from jobs.asked_again import refuse_a_jump
from jobs.batches.desk import BatchDesk, BatchPrice
from jobs.batches.harvest import Harvest
from jobs.batches.harvest import harvest as bring_in
from jobs.batches.requests import Mistake, RequestWriter
from jobs.batches.submit import resume_unsent, submit
from jobs.carry_labels import relabelled
from jobs.cascade import cascade_of
from jobs.context import Context
from jobs.expected_costs import cap_nano_usd, expected_cost, forecast, worst_nano_usd
from jobs.plan_enrichment import in_stretches, plan_night
from jobs.prices import price_of
from jobs.remember_plan import remember_plan
from jobs.report import JobReport
from prompts.catalog import load_prompt
from providers.llm import LLM
from providers.llm_batches import BatchApi
from providers.prices import Price
from providers.tokens import load_token_counter
from store import enrichments as store
from store.bulk import FrameWriter, arrow_schema
from store.enrichments import Stretch
from store.llm_batches import load_batch_totals
from store.tables import Enrichment, EnrichmentFailure

PROMPT = ("creator_enrichment", "2")
MOST_NICHES = 10
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
        if context.settings.llm.provider == "openai" and _has_batches_under_way(context):
            asyncio.run(_fetch(_desk(context, *paid_batches(context.settings)), report))
        llm, price = paid_llm(context.settings)
    labeller = _labeller(context, llm)
    report.count(relabelled=_relabel(context))
    plan = _plan(context, labeller, price)
    report.details["asked_again_share"] = refuse_a_jump(context, plan, force)
    due = plan.filter(pc.equal(plan["decision"], Decision.RUN))
    reasons = dict(zip(due["creator_id"].to_pylist(), due["reason"].to_pylist(), strict=True))
    report.count(overdue=_overdue(context, plan))
    report.count(read=len(plan), due=len(due), written=0, labelled=0, restored=0, quarantined=0)
    work = _Work(context, labeller, reasons, report, cascade=cascade_of(context, labeller))
    batches = _batches_due(plan["creator_id"].to_pylist(), reasons, labeller.batch_size)
    if isinstance(labeller, Enricher):
        assert llm is not None
        loads = (partial(work.load_due, batch) for batch in batches)
        ask_model(context, llm, price, labeller, loads, save=work.save, ended=work.tell, report=report)
        report.count(left=len(due) - work.done)
    else:
        for batch in batches:
            work.label(labeller, batch)
    with context.writing_frames() as frames:
        report.count(retired=store.retire_vanished(frames))
    report.count(remembered=remember_plan(context, plan))
    context.crashpoint("enrich_creators")
    report.details |= {"plan": _counts(plan), **_figures(context)}
    return report


def enrich_in_batches(context: Context, api: BatchApi, price: Price, *, force: str | None = None) -> JobReport:
    """Take in what earlier runs asked for, then ask about those who are due: their answers come in with a later run."""
    report = JobReport("enrich_creators")
    report.count(read=0, due=0, written=0, labelled=0, restored=0, quarantined=0, pending=0)
    asyncio.run(_work_in_batches(_desk(context, api, price), report, force))
    with context.writing_frames() as frames:
        report.count(retired=store.retire_vanished(frames))
    context.crashpoint("enrich_creators")
    report.details |= _figures(context)
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
    plan = _plan(context, labeller, asked)
    return plan, forecast(plan, expected_cost(context, labeller.questions, asked, plan))


def _plan(context: Context, labeller: Enricher | OfflineClassifier, price: ledger.Price) -> pa.Table:
    """Tonight's plan; of a model's, no more than the cap affords when everything costs what it may at most."""
    if not isinstance(labeller, Enricher):
        return plan_night(context, labeller)
    worst = worst_nano_usd(labeller.questions, price)
    return plan_night(context, labeller, worst_nanos=worst, cap_nanos=cap_nano_usd(context))


def _labeller(context: Context, llm: LLM | None) -> Enricher | OfflineClassifier:
    if llm is not None:
        return Enricher(llm.id, load_prompt(*PROMPT), context.taxonomy)
    return context.offline_classifier


def _batches_due(ids: Sequence[str], due: _Row, size: int) -> Iterator[Sequence[str]]:
    """Those who are due, in batches that never span more than a stretch: a few scattered ones cost little memory."""
    for stretch in in_stretches(ids):
        yield from in_stretches([creator_id for creator_id in stretch if creator_id in due], size)


# --- doing ------------------------------------------------------------------------------------------------------


def _relabel(context: Context) -> int:
    """Replace retired labels, without asking anybody. Returns how many creators got another row."""
    count = 0
    for rows in relabelled(context, PROMPT[0]):
        with context.writing_frames() as frames:
            store.take_out_of_force(frames, rows["creator_id"].to_pylist())
            store.save_enrichments(frames, rows)
        count += len(rows)
    return count


@dataclass(slots=True)
class _Work:
    """Labelling those who are due, a batch at a time; answers and the calls behind them are one transaction."""

    context: Context
    labeller: Labeller
    #: creator → why it is due
    reasons: dict[str, str]
    report: JobReport
    #: columns that say how the answers were made, where that is not how the labeller would make them now
    made: _Row = field(default_factory=dict)
    #: has the last word on the clear cases, before the labeller is asked
    cascade: Cascade | None = None
    done: int = 0
    lock: Lock = field(default_factory=Lock)

    def label(self, labeller: LocalLabeller, ids: Sequence[str]) -> None:
        """The due ones of a batch by a labeller that answers at once."""
        outcomes = list(labeller.label([due.subject for due in self.load_due(ids)]))
        with self.context.writing_frames() as frames:
            self.save(frames, outcomes)
        self.context.crashpoint("enrich_creators")
        for outcome in outcomes:
            self.tell(outcome)

    def load_due(self, ids: Sequence[str]) -> list[Due]:
        """Those of a batch who have to be asked about.

        A creator that is what it once was gets its former answer back, and a clear case the cascade's, for nothing.
        """
        with self.context.reading_frames() as frames:
            known = store.load_enrichments(frames, Stretch(ids[0], ids[-1])).to_pylist()
        history = {_key(row): row for row in known}
        restored: list[_Row] = []
        asked: list[Due] = []
        for subject in _subjects(self.context, ids):
            former = [history[key] for key in self._keys(subject) if key in history]
            if former:
                restored.append(former[0])
            else:
                asked.append(Due(subject, self.reasons[subject.creator_id]))
        if restored:
            with self.context.writing_frames() as frames:
                self._put_in_force(frames, restored)
            self._count(len(restored), restored=len(restored), written=len(restored))
        return asked if self.cascade is None else self._unclear(self.cascade, asked)

    def save(self, frames: FrameWriter, outcomes: Sequence[Outcome]) -> None:
        """New answers get their force, and the former ones lose it; failures are kept apart."""
        failed = [
            _failure(self.context, self.labeller, outcome) | _known_of(self.made, EnrichmentFailure)
            for outcome in outcomes
            if outcome.labels is None
        ]
        store.save_failures(frames, pa.Table.from_pylist(failed, arrow_schema(EnrichmentFailure)))
        self._put_in_force(frames, [row | self.made for row in self._rows(self.labeller, outcomes)])

    def tell(self, outcome: Outcome) -> None:
        """Count an outcome that is saved."""
        if outcome.labels is None:
            self._count(1, quarantined=1, **{f"failed_{outcome.failure}": 1})
        else:
            self._count(1, labelled=1, written=1)

    def _keys(self, subject: Subject) -> list[tuple[str, ...]]:
        """Under which an answer to tonight's question about it is known; a paid one comes first."""
        seen = self.labeller.input_fingerprint(subject)
        labellers = [self.labeller] if self.cascade is None else [self.labeller, self.cascade]
        return [(subject.creator_id, seen, labeller.recipe.fingerprint) for labeller in labellers]

    def _unclear(self, cascade: Cascade, asked: Sequence[Due]) -> list[Due]:
        """Those whom the cascade leaves to the labeller; its own answers are saved."""
        clear = list(cascade.label([due.subject for due in asked]))
        if clear:
            with self.context.writing_frames() as frames:
                self._put_in_force(frames, self._rows(cascade, clear))
            self._count(len(clear), labelled=len(clear), clear=len(clear), written=len(clear))
        settled = {outcome.creator_id for outcome in clear}
        return [due for due in asked if due.subject.creator_id not in settled]

    def _rows(self, labeller: Labeller, outcomes: Sequence[Outcome]) -> list[_Row]:
        return [
            _row(self.context, labeller, outcome, outcome.labels, self.reasons[outcome.creator_id])
            for outcome in outcomes
            if outcome.labels is not None
        ]

    def _put_in_force(self, frames: FrameWriter, rows: Sequence[_Row]) -> None:
        if not rows:
            return
        store.take_out_of_force(frames, [row["creator_id"] for row in rows])
        answers = [row | {"is_current": True} for row in rows]
        store.save_enrichments(frames, pa.Table.from_pylist(answers, arrow_schema(Enrichment)))

    def _count(self, creators: int, **amounts: int) -> None:
        with self.lock:  # batches are read in another thread than that which hears of outcomes
            self.done += creators
            self.report.count(**amounts)
        self.context.progress("enrich_creators", self.done, len(self.reasons))


def _subjects(context: Context, ids: Sequence[str]) -> Iterator[Subject]:
    stretch = Stretch(ids[0], ids[-1])
    with context.reading_frames() as frames:
        profiles = store.load_member_profiles(frames, stretch)
        items = store.load_newest_items(frames, stretch, context.settings.llm.items_per_creator)
        vectors = store.load_member_vectors(frames, stretch, context.profile_recipe.fingerprint)
    return subjects(ids, profiles, items, vectors, from_column(vectors["vector"], context.embedder.dim))


def _key(row: _Row) -> tuple[str, ...]:
    return row["creator_id"], row["input_fingerprint"], row["recipe_fingerprint"]


def _failure(context: Context, labeller: Labeller, outcome: Outcome) -> _Row:
    return {
        "creator_id": outcome.creator_id,
        "input_fingerprint": outcome.input_fingerprint,
        "recipe_fingerprint": labeller.recipe.fingerprint,
        "error_class": outcome.failure,
        "detail": outcome.detail,
        "run_id": context.run_id,
        "failed_at": to_micros(context.as_of),
        "is_final": outcome.is_final,
    }


def _row(context: Context, labeller: Labeller, outcome: Outcome, labels: CreatorLabels, reason: str) -> _Row:
    return {
        "creator_id": outcome.creator_id,
        "input_fingerprint": outcome.input_fingerprint,
        "recipe_fingerprint": labeller.recipe.fingerprint,
        "is_current": True,
        "provenance": labeller.provenance,
        "reason": reason,
        "primary_niche": labels.primary_niche,
        "secondary_niches": canonical_json(labels.secondary_niches),
        "content_style": labels.content_style,
        "llm_summary": labels.llm_summary,
        "account_kind": labels.account_kind,
        "language": labels.language,
        "confidence": labels.confidence,
        "evidence": canonical_json(labels.evidence),
        "flags": canonical_json(list(outcome.flags)),
        "model": labeller.model,
        "prompt_version": labeller.prompt_version,
        "taxonomy_version": context.taxonomy.taxonomy_version,
        "cost_usd": outcome.cost_nano_usd / NANO,
        "created_at": to_micros(context.as_of),
    }


# --- doing, by batches ------------------------------------------------------------------------------------------


def _has_batches_under_way(context: Context) -> bool:
    with context.reading_frames() as frames:
        return load_batch_totals(frames)["batches"] > 0


def _desk(context: Context, api: BatchApi, price: Price) -> BatchDesk:
    labeller = Enricher(api.id, load_prompt(*PROMPT), context.taxonomy)
    return BatchDesk(context, api, labeller, BatchPrice(price), context.settings.batches)


async def _work_in_batches(desk: BatchDesk, report: JobReport, force: str | None) -> None:
    try:
        await _take_in(desk, report)
        report.count(relabelled=_relabel(desk.context))
        plan = _plan(desk.context, desk.labeller, desk.price)
        report.details["asked_again_share"] = refuse_a_jump(desk.context, plan, force)
        cascade = cascade_of(desk.context, desk.labeller)
        work = _Work(desk.context, desk.labeller, _due_by_now(plan, report), report, cascade=cascade)
        report.count(overdue=_overdue(desk.context, plan))
        await submit(desk, _lines_due(desk, work), report)
        report.count(remembered=remember_plan(desk.context, plan))
    finally:
        await desk.api.close()


async def _fetch(desk: BatchDesk, report: JobReport) -> None:
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
    due = plan.filter(pc.equal(plan["decision"], Decision.RUN))
    awaited = pc.sum(pc.equal(plan["reason"], SkipReason.AWAITED), min_count=0).as_py()
    report.count(read=len(plan), due=len(due), pending=awaited)
    report.details["plan"] = _counts(plan)
    return dict(zip(due["creator_id"].to_pylist(), due["reason"].to_pylist(), strict=True))


def _lines_due(desk: BatchDesk, work: _Work) -> Iterator[Line]:
    """A line for each creator that is due and is not what it once was."""
    writer = RequestWriter(desk, load_token_counter())
    for ids in in_stretches(sorted(work.reasons)):
        with desk.context.reading_frames() as frames:
            failures = store.load_failures(frames, Stretch(ids[0], ids[-1]), desk.labeller.recipe.fingerprint)
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
    _Work(desk.context, desk.labeller, dict(harvest.reasons), report, made).save(frames, kept)
    report.count(written=sum(outcome.labels is not None for outcome in kept))


def _known_of(row: _Row, model: type[SQLModel]) -> _Row:
    return {name: value for name, value in row.items() if name in model.model_fields}


# --- telling ----------------------------------------------------------------------------------------------------


def _counts(plan: pa.Table) -> dict[str, int]:
    """Decision and reason → creators, e.g. run:new."""
    pairs = zip(plan["decision"].to_pylist(), plan["reason"].to_pylist(), strict=True)
    return dict(sorted(Counter(f"{decision}:{reason}" for decision, reason in pairs).items()))


def _overdue(context: Context, plan: pa.Table) -> int:
    """Creators that have been waiting for their turn for more nights than they should."""
    longest = context.settings.llm.max_deferred_nights * MICROS_PER_DAY
    waited = pc.subtract(to_micros(context.as_of), plan["deferred_since"])
    found: int | None = pc.sum(pc.greater(waited, longest)).as_py()
    return found or 0


def _figures(context: Context) -> dict[str, Any]:
    """How the labels in force look as a whole."""
    with context.reading_frames() as frames:
        labels = store.load_labels_in_force(frames)
    total = max(1, len(labels))
    niches = Counter(labels["primary_niche"].to_pylist())
    abstain_id = context.taxonomy.abstain_id
    empty = {"primary_niche": abstain_id, "account_kind": UNKNOWN_KIND}
    words = [word_count(summary) for summary in labels["llm_summary"].to_pylist()]
    return {
        "niches": dict(sorted(niches.items(), key=lambda niche: (-niche[1], niche[0]))[:MOST_NICHES]),
        "abstain_rate": round(niches[abstain_id] / total, 4),
        "confidence": dict(sorted(Counter(labels["confidence"].to_pylist()).items())),
        "mean_summary_words": round(sum(words) / total, 1),
        "coverage": {
            name: round(sum(value not in (None, empty.get(name)) for value in labels[name].to_pylist()) / total, 4)
            for name in ("primary_niche", "content_style", "account_kind", "language")
        },
    }
