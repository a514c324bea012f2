"""How right the stored creators are, against a known truth or what people judged; both are only ever compared."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from base.judgement import Judgement
from engines.engine import Engine
from identity.ablation import without
from identity.assessment import (
    calibration,
    errors_by_trap,
    held_after_review,
    precision_by_band,
    recall_by_path,
    with_truth,
    with_verdicts,
)
from identity.evaluation import Evaluation, evaluate
from identity.evidence_paths import evidence_paths
from identity.recalibration import audit_judgements
from identity.resolution import Resolution
from identity.review_order import review_order
from identity.triage import Triage
from identity.weights import Model, load_model
from jobs.context import Context
from jobs.resolve_creators import Frames, load_stored, resolve_stored, with_neighbours
from store.creators import load_accounts, load_members
from store.judgements import load_judgements
from store.pairs import load_pairs

#: review decisions after which the gain is told
DECISIONS = (1_000, 10_000)

Report = dict[str, Any]


class Scored(NamedTuple):
    evaluation: Evaluation
    #: promised probability, share of pairs that are one creator, pairs; one entry per tenth of promise
    calibration: list[tuple[float, float, int]]


def score_identity(context: Context, truth: pa.Table) -> Scored:
    """Score members and probabilities on the accounts of `truth` (account_id, creator_id)."""
    with context.reading_frames() as frames:
        members, pairs = load_members(frames), load_pairs(frames)
    with context.engine() as engine:
        return Scored(evaluate(members, truth, engine), calibration_of(pairs, truth, engine))


def calibration_of(pairs: pa.Table, truth: pa.Table, engine: Engine) -> list[tuple[float, float, int]]:
    """What match probabilities promised and what held, by tenths of the promise, over pairs whose truth is known."""
    return [(tenth.promised, tenth.held, tenth.pairs) for tenth in calibration(with_truth(pairs, truth, engine))]


def assess_identity(context: Context, truth: pa.Table | None = None, *, ablation: bool = False) -> Report:
    """Everything that can be said of the last resolution: plain values, for a page or JSON.

    truth: account_id, creator_id and, when known, trap. Without it, what people judged takes its place where it can;
    scores, recall, review and traps are then left out. ablation: resolve again without each kind of evidence.
    Raises ValueError when members and truth have no account in common.
    """
    with context.reading_frames() as frames:
        members, pairs, accounts = load_members(frames), load_pairs(frames), load_accounts(frames)
    model = load_model(context.settings.identity.model)
    with context.engine() as engine:
        if truth is None:
            with context.reading() as session:
                return assess_judged(pairs, load_judgements(session))
        report = assess(members, pairs, accounts, truth, model, engine)
        if ablation:
            report["ablation"] = list(_ablation(context, truth, model, engine))
    return report


def assess(
    members: pa.Table, pairs: pa.Table, accounts: pa.Table, truth: pa.Table, model: Model, engine: Engine
) -> Report:
    """Members and pairs (left, right, levels, match_probability, triage) of one resolution against a truth."""
    known = with_truth(pairs, truth, engine)
    with_paths = pairs.append_column("path", evidence_paths(pairs["levels"], model))
    doubtful = pairs.filter(pc.equal(pairs["triage"], Triage.REVIEW.value))
    queue = doubtful.take(review_order(doubtful, accounts))
    return {
        "against": "truth",
        "scores": evaluate(members, truth, engine).summary(),
        "recall_by_path": _rows(recall_by_path(with_paths, members, truth, engine)),
        "calibration": _rows(calibration(known)),
        "precision_by_band": _rows(precision_by_band(known)),
        "review": _rows(held_after_review(queue, members, truth, DECISIONS, engine)),
        "errors_by_trap": _rows(errors_by_trap(members, truth, engine)) if "trap" in truth.column_names else [],
    }


def assess_judged(pairs: pa.Table, judgements: list[Judgement]) -> Report:
    """What people's verdicts say about promises: of merges only the audited ones, because others were picked."""
    merged = pc.equal(pairs["triage"], Triage.LINK.value)
    known = pa.concat_tables(
        [
            with_verdicts(pairs.filter(merged), audit_judgements(judgements)),
            with_verdicts(pairs.filter(pc.invert(merged)), judgements),
        ]
    )
    return {
        "against": "judgements",
        "calibration": _rows(calibration(known)),
        "precision_by_band": _rows(precision_by_band(known)),
    }


def _ablation(context: Context, truth: pa.Table, model: Model, engine: Engine) -> Iterator[Report]:
    """Scores with everything, then without each kind of evidence."""
    stored = with_neighbours(context, load_stored(context))
    yield _ablated("nothing", resolve_stored(context, stored, engine, model), truth, engine)
    for comparison in model.comparisons:
        resolution = resolve_stored(context, stored, engine, without(model, comparison.name))
        yield _ablated(comparison.name, resolution, truth, engine)
    if "neighbours" in stored:
        blind: Frames = {name: frame for name, frame in stored.items() if name != "neighbours"}
        yield _ablated("bio_neighbours", resolve_stored(context, blind, engine, model), truth, engine)


def _ablated(what: str, resolution: Resolution, truth: pa.Table, engine: Engine) -> Report:
    scores = evaluate(resolution.members, truth, engine).summary()
    kept = {name: scores[name] for name in ("pair_precision", "pair_recall", "pair_f1", "b3_f1")}
    return {"without": what, **kept, "candidate_pairs": resolution.pairs.num_rows}


def _rows(found: Any) -> list[Report]:
    return [asdict(row) for row in found]
