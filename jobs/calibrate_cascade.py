"""From which score the offline classifier may have the last word, by a sample."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from base.errors import SourceError
from embeddings.vectors import from_column
from enrich.cascade import Agreement, Calibration, Flags, Scores, calibrate
from enrich.subjects import Subject, subjects
from jobs.context import Context
from jobs.plan_enrichment import in_stretches
from jobs.truth_files import read_frame
from store import enrichments as store
from store.enrichments import Stretch

Report = dict[str, Any]


def calibrate_cascade(context: Context, target: float, labels: Path | None = None) -> Report:
    """Compare the offline classifier with a model's answers in the store, or with labels of a file; choose a score.

    labels: creator_id and primary_niche. Only looks; `llm.cascade_min_score` is for a person to set.
    """
    wanted = _answers_of_models(context) if labels is None else _labels_from(labels)
    ids, scores, agrees = _compared(context, wanted)
    return _told(calibrate(ids, scores, agrees, target), len(ids))


def _answers_of_models(context: Context) -> dict[str, str]:
    """Creator → the primary niche that a model gave it."""
    niches: dict[str, str] = {}
    with context.reading_frames() as frames:
        for ids in in_stretches(store.load_creator_ids(frames)):
            for row in store.load_enrichments(frames, Stretch(ids[0], ids[-1])).to_pylist():
                if row["is_current"] and row["provenance"] == "llm":
                    niches[row["creator_id"]] = row["primary_niche"]
    return niches


def _labels_from(path: Path) -> dict[str, str]:
    frame = read_frame(path)
    if not {"creator_id", "primary_niche"} <= set(frame.column_names):
        raise SourceError(f"{path}: creator_id and primary_niche are needed", hint="one row per creator")
    return dict(zip(frame["creator_id"].to_pylist(), frame["primary_niche"].to_pylist(), strict=True))


def _compared(context: Context, wanted: dict[str, str]) -> tuple[list[str], Scores, Flags]:
    """The creators of the sample that are in the store: ids, offline scores, whether the labels agree."""
    classifier = context.offline_classifier
    ids: list[str] = []
    scores: list[float] = []
    agrees: list[bool] = []
    for stretch in in_stretches(sorted(wanted)):
        for outcome in classifier.label(_subjects(context, stretch)):
            if outcome.labels is not None and outcome.score is not None:
                ids.append(outcome.creator_id)
                scores.append(outcome.score)
                agrees.append(outcome.labels.primary_niche == wanted[outcome.creator_id])
    return ids, np.array(scores, np.float64), np.array(agrees, np.bool_)


def _subjects(context: Context, ids: Sequence[str]) -> list[Subject]:
    """Those of the ids that have accounts."""
    stretch = Stretch(ids[0], ids[-1])
    with context.reading_frames() as frames:
        profiles = store.load_member_profiles(frames, stretch)
        items = store.load_newest_items(frames, stretch, context.settings.llm.items_per_creator)
        vectors = store.load_member_vectors(frames, stretch, context.profile_recipe.fingerprint)
    known = set(profiles["creator_id"].to_pylist())
    matrix = from_column(vectors["vector"], context.embedder.dim)
    return list(subjects([each for each in ids if each in known], profiles, items, vectors, matrix))


def _told(found: Calibration, creators: int) -> Report:
    chosen = found.chosen
    return {
        "creators": creators,
        "target": found.target,
        "cascade_min_score": None if chosen is None else chosen.min_score,
        "holds": found.holds,
        "chosen": [] if chosen is None else [_row(chosen)],
        "curve": [_row(each) for each in found.curve],
    }


def _row(found: Agreement) -> Report:
    low, high = found.interval
    figures = {"accepted": found.accepted, "share": found.share_accepted, "agreement": found.rate}
    return {"min_score": found.min_score, **figures, "low": low, "high": high}
