"""Writing labels: former answers come back for nothing, clear cases are settled, new answers come into force."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pyarrow as pa
from sqlmodel import SQLModel

from base.clock import to_micros
from enrich.cascade import Cascade
from enrich.conversation import Due
from enrich.label_rows import label_row
from enrich.labeller import Labeller, Outcome
from enrich.ledger import NANO
from enrich.schema import CreatorLabels
from enrich.subjects import Subject
from jobs.carry_labels import relabelled
from jobs.context import Context
from jobs.enrich_creators.planned import PROMPT
from jobs.load_subjects import load_whole_subjects
from jobs.report import JobReport
from store import enrichments as store
from store.bulk import FrameWriter, arrow_schema
from store.enrichments import Chosen
from store.tables import Enrichment, EnrichmentFailure

_Row = dict[str, Any]


def relabel(context: Context) -> int:
    """Replace retired labels, without asking anybody. Returns how many creators got another row."""
    count = 0
    for rows in relabelled(context, PROMPT[0]):
        with context.writing_frames() as frames:
            store.take_out_of_force(frames, rows["creator_id"].to_pylist())
            store.save_enrichments(frames, rows)
        count += len(rows)
    return count


@dataclass(slots=True)
class Answers:
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

    def load_due(self, ids: Sequence[str]) -> list[Due]:
        """Those of a batch who have to be asked about, in the given order, wherever they stand.

        A creator that is what it once was gets its former answer back, and a clear case the cascade's, for nothing.
        """
        some = Chosen(ids)
        with self.context.reading_frames() as frames:
            known = store.load_enrichments(frames, some).to_pylist()
        history = {_key(row): row for row in known}
        answered = {row["creator_id"] for row in known}
        restored: list[_Row] = []
        asked: list[Due] = []
        for subject in load_whole_subjects(self.context, ids, some):
            # Of whom there was never an answer, no dossier is made to look for one.
            keys = self._keys(subject) if subject.creator_id in answered else []
            former = [history[key] for key in keys if key in history]
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
        force = {"is_current": True, "in_force_since": to_micros(self.context.as_of)}
        answers = [row | force for row in rows]
        store.save_enrichments(frames, pa.Table.from_pylist(answers, arrow_schema(Enrichment)))

    def _count(self, creators: int, **amounts: int) -> None:
        with self.lock:  # batches are read in another thread than that which hears of outcomes
            self.done += creators
            self.report.count(**amounts)
        self.context.progress("enrich_creators", self.done, len(self.reasons))


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
    return label_row(outcome, labels) | {
        "recipe_fingerprint": labeller.recipe.fingerprint,
        "provenance": labeller.provenance,
        "reason": reason,
        "model": labeller.model,
        "prompt_version": labeller.prompt_version,
        "taxonomy_version": context.taxonomy.taxonomy_version,
        "cost_usd": outcome.cost_nano_usd / NANO,
        "created_at": to_micros(context.as_of),
    }


def _known_of(row: _Row, model: type[SQLModel]) -> _Row:
    return {name: value for name, value in row.items() if name in model.model_fields}
