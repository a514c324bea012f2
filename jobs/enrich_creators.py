"""Label each creator once: plan from what stands in the store, ask a labeller about the due ones, write answers."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from base.fingerprint import canonical_json
from embeddings.vectors import from_column
from enrich.conversation import Due
from enrich.enricher import Enricher
from enrich.labeller import Labeller, Labelling, Outcome
from enrich.ledger import NANO
from enrich.offline import OfflineClassifier
from enrich.plan import Decision
from enrich.questions import Questions
from enrich.schema import CreatorLabels
from enrich.shards import Line
from enrich.subjects import Subject, subjects
from enrich.summary import word_count
from enrich.taxonomy import load_taxonomy
from jobs.ask_model import ask_model
from jobs.asked_again import refuse_a_jump
from jobs.batches.desk import BatchDesk, BatchLabelling, BatchPrice
from jobs.batches.harvest import Harvest
from jobs.batches.harvest import harvest as bring_in
from jobs.batches.requests import Mistake, RequestWriter
from jobs.batches.submit import resume_unsent, submit
from jobs.context import Context
from jobs.plan_enrichment import in_stretches, plan_night
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
from store.llm_batches import load_pending_subjects
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
    if llm is None and context.settings.llm.is_paid:
        # Imported here: the vendor's library takes a second to load, and most nights do not need it.
        from jobs.paid_llm import paid_batches, paid_llm

        if context.settings.llm.mode == "batch":
            return enrich_in_batches(context, *paid_batches(context.settings))
        llm, price = paid_llm(context.settings)
    report = JobReport("enrich_creators")
    labeller = _labeller(context, llm)
    plan = plan_night(context, labeller)
    report.details["asked_again_share"] = refuse_a_jump(context, plan, force)
    due = plan.filter(pc.equal(plan["decision"], Decision.RUN))
    reasons = dict(zip(due["creator_id"].to_pylist(), due["reason"].to_pylist(), strict=True))
    report.count(read=len(plan), due=len(due), written=0, labelled=0, restored=0, quarantined=0)
    work = _Work(context, labeller, reasons, report)
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


def enrich_in_batches(context: Context, api: BatchApi, price: Price) -> JobReport:
    """Take in what earlier runs asked for, then ask about those who are due: their answers come in with a later run."""
    report = JobReport("enrich_creators")
    report.count(read=0, due=0, written=0, labelled=0, restored=0, quarantined=0, pending=0)
    prompt = load_prompt(*PROMPT)
    questions = Questions(api.id, prompt, load_taxonomy())
    desk = BatchDesk(context, api, questions, prompt.version, BatchPrice(price), context.settings.batches)
    asyncio.run(_work_in_batches(context, desk, report))
    with context.writing_frames() as frames:
        report.count(retired=store.retire_vanished(frames))
    context.crashpoint("enrich_creators")
    report.details |= _figures(context)
    return report


def enrich_plan(context: Context, llm: LLM | None = None) -> pa.Table:
    """Who would be labelled now, and why: creator_id, decision, reason. Nothing is asked or written."""
    return plan_night(context, _labeller(context, llm))


def _labeller(context: Context, llm: LLM | None) -> Enricher | OfflineClassifier:
    if llm is not None:
        return Enricher(llm.id, load_prompt(*PROMPT), load_taxonomy())
    return OfflineClassifier(load_taxonomy(), context.embedder, context.profile_recipe.fingerprint)


def _batches_due(ids: Sequence[str], due: _Row, size: int) -> Iterator[Sequence[str]]:
    """Those who are due, in batches that never span more than a stretch: a few scattered ones cost little memory."""
    for stretch in in_stretches(ids):
        yield from in_stretches([creator_id for creator_id in stretch if creator_id in due], size)


# --- doing ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    """Labelling those who are due, a batch at a time; answers and the calls behind them are one transaction."""

    context: Context
    labeller: Labelling
    #: creator → why it is due
    reasons: dict[str, str]
    report: JobReport
    done: int = 0
    lock: Lock = field(default_factory=Lock)

    def label(self, labeller: Labeller, ids: Sequence[str]) -> None:
        """The due ones of a batch by a labeller that answers at once."""
        outcomes = list(labeller.label([due.subject for due in self.load_due(ids)]))
        with self.context.writing_frames() as frames:
            self.save(frames, outcomes)
        self.context.crashpoint("enrich_creators")
        for outcome in outcomes:
            self.tell(outcome)

    def load_due(self, ids: Sequence[str]) -> list[Due]:
        """Those of a batch who have to be asked about; the others get their former answers back."""
        rows, asked = _remembered(self.context, self.labeller, ids)
        if rows:
            with self.context.writing_frames() as frames:
                _save(frames, rows, [])
            self._count(len(rows), restored=len(rows), written=len(rows))
        return [Due(subject, self.reasons[subject.creator_id]) for subject in asked]

    def save(self, frames: FrameWriter, outcomes: Sequence[Outcome]) -> None:
        """New answers get their force, and the former ones lose it; failures are kept apart."""
        failed = [_failure(self.context, self.labeller, outcome) for outcome in outcomes if outcome.labels is None]
        rows = [
            _row(self.context, self.labeller, outcome, outcome.labels, self.reasons[outcome.creator_id])
            for outcome in outcomes
            if outcome.labels is not None
        ]
        _save(frames, {_key(row): row for row in rows}, failed)

    def tell(self, outcome: Outcome) -> None:
        """Count an outcome that is saved."""
        if outcome.labels is None:
            self._count(1, quarantined=1, **{f"failed_{outcome.failure}": 1})
        else:
            self._count(1, labelled=1, written=1)

    def _count(self, creators: int, **amounts: int) -> None:
        with self.lock:  # batches are read in another thread than that which hears of outcomes
            self.done += creators
            self.report.count(**amounts)
        self.context.progress("enrich_creators", self.done, len(self.reasons))


def _remembered(
    context: Context, labeller: Labelling, ids: Sequence[str]
) -> tuple[dict[tuple[str, ...], _Row], list[Subject]]:
    """Former answers of creators that are what they once were, which cost nothing; and whom to ask about."""
    with context.reading_frames() as frames:
        known = store.load_enrichments(frames, Stretch(ids[0], ids[-1])).to_pylist()
    history = {_key(row): row for row in known}
    rows: dict[tuple[str, ...], _Row] = {}
    asked: list[Subject] = []
    for subject in _subjects(context, ids):
        key = (subject.creator_id, labeller.input_fingerprint(subject), labeller.recipe.fingerprint)
        if key in history:
            rows[key] = history[key] | {"is_current": True}
        else:
            asked.append(subject)
    return rows, asked


def _save(frames: FrameWriter, rows: dict[tuple[str, ...], _Row], failed: list[_Row]) -> int:
    """Write answers and failures; answers that were in force until now lose it. Returns how many answers changed."""
    store.save_failures(frames, pa.Table.from_pylist(failed, arrow_schema(EnrichmentFailure)))
    in_force = store.load_in_force(frames, sorted({row["creator_id"] for row in rows.values()})).to_pylist()
    changed = {_key(row): row | {"is_current": False} for row in in_force} | rows
    return store.save_enrichments(frames, pa.Table.from_pylist(list(changed.values()), arrow_schema(Enrichment)))


def _subjects(context: Context, ids: Sequence[str]) -> Iterator[Subject]:
    stretch = Stretch(ids[0], ids[-1])
    with context.reading_frames() as frames:
        profiles = store.load_member_profiles(frames, stretch)
        items = store.load_newest_items(frames, stretch, context.settings.llm.items_per_creator)
        vectors = store.load_member_vectors(frames, stretch, context.profile_recipe.fingerprint)
    return subjects(ids, profiles, items, vectors, from_column(vectors["vector"], context.embedder.dim))


def _key(row: _Row) -> tuple[str, ...]:
    return row["creator_id"], row["input_fingerprint"], row["recipe_fingerprint"]


def _failure(context: Context, labeller: Labelling, outcome: Outcome) -> _Row:
    return {
        "creator_id": outcome.creator_id,
        "input_fingerprint": outcome.input_fingerprint,
        "recipe_fingerprint": labeller.recipe.fingerprint,
        "error_class": outcome.failure,
        "detail": outcome.detail,
        "run_id": context.run_id,
        "failed_at": to_micros(context.as_of),
        "is_final": True,
    }


def _row(context: Context, labeller: Labelling, outcome: Outcome, labels: CreatorLabels, reason: str) -> _Row:
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
        "taxonomy_version": load_taxonomy().taxonomy_version,
        "cost_usd": outcome.cost_nano_usd / NANO,
        "created_at": to_micros(context.as_of),
    }


# --- doing, by batches ------------------------------------------------------------------------------------------


async def _work_in_batches(context: Context, desk: BatchDesk, report: JobReport) -> None:
    labelling = BatchLabelling(desk.questions, desk.api.id, desk.prompt_version)

    def save(frames: FrameWriter, harvest: Harvest) -> None:
        report.count(written=_save_harvest(context, labelling, frames, harvest))

    try:
        await resume_unsent(desk, report)
        await bring_in(desk, save, report)
        plan = plan_night(context, labelling)
        report.details["asked_again_share"] = refuse_a_jump(context, plan)
        with context.reading_frames() as frames:
            pending = load_pending_subjects(frames)["subject"]
        due = plan.filter(pc.equal(plan["decision"], Decision.RUN))
        due = due.filter(pc.invert(pc.is_in(due["creator_id"], value_set=pending.combine_chunks())))
        report.count(read=len(plan), due=len(due), pending=len(pending))
        report.details["plan"] = _counts(plan)
        reasons = dict(zip(due["creator_id"].to_pylist(), due["reason"].to_pylist(), strict=True))
        await submit(desk, _lines_due(context, desk, labelling, reasons, report), report)
        report.count(remembered=remember_plan(context, plan))
    finally:
        await desk.api.close()


def _lines_due(
    context: Context, desk: BatchDesk, labelling: Labelling, reasons: dict[str, str], report: JobReport
) -> Iterator[Line]:
    """A line for each creator that is due; one that is what it once was gets its former answer back instead."""
    writer = RequestWriter(desk, load_token_counter())
    for ids in in_stretches(sorted(reasons)):
        rows, asked = _remembered(context, labelling, ids)
        if rows:
            with context.writing_frames() as frames:
                report.count(restored=len(rows), written=_save(frames, rows, []))
        with context.reading_frames() as frames:
            failures = store.load_failures(frames, Stretch(ids[0], ids[-1]), labelling.recipe.fingerprint).to_pylist()
        repairs = {
            (row["creator_id"], row["input_fingerprint"]): Mistake(row["error_class"], row["detail"])
            for row in failures
            if not row["is_final"]
        }
        for subject in asked:
            yield writer.line(subject, reasons[subject.creator_id], repairs)


def _save_harvest(context: Context, labelling: Labelling, frames: FrameWriter, harvest: Harvest) -> int:
    """Write what a batch brought about creators that are still there."""
    answers = [answer for answer in harvest.answers if answer.fate in ("labelled", "failed")]
    known = store.load_known_creators(frames, sorted(answer.creator_id for answer in answers))
    recipe = {"recipe_fingerprint": harvest.batch["recipe_fingerprint"]}
    made = recipe | {name: harvest.batch[name] for name in ("model", "prompt_version")}
    rows: dict[tuple[str, ...], _Row] = {}
    failed: list[_Row] = []
    for answer in answers:
        if answer.creator_id not in known:
            continue
        outcome = Outcome(answer.creator_id, answer.input_fingerprint, answer.labels, answer.flags)
        if answer.labels is None:
            failure = replace(outcome, failure=answer.error_class, detail=answer.detail)
            failed.append(_failure(context, labelling, failure) | recipe | {"is_final": answer.is_final})
            continue
        cost = {"cost_usd": answer.settlement.cost_nano_usd / NANO}
        row = _row(context, labelling, outcome, answer.labels, harvest.reasons[answer.creator_id]) | made | cost
        rows[_key(row)] = row
    return _save(frames, rows, failed)


# --- telling ----------------------------------------------------------------------------------------------------


def _counts(plan: pa.Table) -> dict[str, int]:
    """Decision and reason → creators, e.g. run:new."""
    pairs = zip(plan["decision"].to_pylist(), plan["reason"].to_pylist(), strict=True)
    return dict(sorted(Counter(f"{decision}:{reason}" for decision, reason in pairs).items()))


def _figures(context: Context) -> dict[str, Any]:
    """How the labels in force look as a whole."""
    with context.reading_frames() as frames:
        labels = store.load_labels_in_force(frames)
    total = max(1, len(labels))
    niches = Counter(labels["primary_niche"].to_pylist())
    empty = {"primary_niche": load_taxonomy().abstain_id, "account_kind": "unknown"}
    words = [word_count(summary) for summary in labels["llm_summary"].to_pylist()]
    return {
        "niches": dict(sorted(niches.items(), key=lambda niche: (-niche[1], niche[0]))[:MOST_NICHES]),
        "abstain_rate": round(niches[load_taxonomy().abstain_id] / total, 4),
        "confidence": dict(sorted(Counter(labels["confidence"].to_pylist()).items())),
        "mean_summary_words": round(sum(words) / total, 1),
        "coverage": {
            name: round(sum(value not in (None, empty.get(name)) for value in labels[name].to_pylist()) / total, 4)
            for name in ("primary_niche", "content_style", "account_kind", "language")
        },
    }
