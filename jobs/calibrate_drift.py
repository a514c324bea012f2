"""Thresholds of drift from one's own posts: what halves of one and the same creator differ by."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from base.errors import StoreError
from embeddings.drift import Windows, shift
from enrich.columns import hashed
from jobs.context import Context
from jobs.measure_drift import AT_ONCE
from jobs.plan_enrichment import in_stretches
from store.enrichment_states import load_post_vectors
from store.enrichments import Chosen, load_creator_ids

MOST_CREATORS = 20_000
LEAST_CREATORS = 40  # below, a share of one in forty is no creator at all
SOFT_QUANTILE = 0.975
HARD_TO_SOFT = 2.5 / 1.6  # as the shipped thresholds stand to each other


@dataclass(frozen=True, slots=True)
class DriftThresholds:
    """For the settings `llm.soft_drift` and `llm.hard_drift`, and where they come from."""

    soft_drift: float
    hard_drift: float
    #: share of halves that differ by less than the soft threshold
    quantile: float
    #: creators with posts enough for two halves
    creators: int
    #: of the halves' shifts: 1 where halves differ by chance
    mean_shift: float
    share_beyond_default: float
    embedding_model: str
    embedding_recipe: str
    as_of: datetime


def calibrate_drift(context: Context) -> DriftThresholds:
    """Halve the posts of each creator by a hash of their text, so that nothing can have moved, and compare.

    Raises StoreError with fewer than LEAST_CREATORS creators that have posts enough.
    """
    found = np.concatenate([np.zeros(0), *_shifts(context)])
    if len(found) < LEAST_CREATORS:
        raise StoreError(
            f"{len(found)} creators have posts enough for two halves, {LEAST_CREATORS} are needed",
            hint="creatordex ingest more posts, then creatordex embed",
        )
    soft = max(float(np.quantile(found, SOFT_QUANTILE)), 1.01)
    return DriftThresholds(
        soft_drift=round(soft, 3),
        hard_drift=round(soft * HARD_TO_SOFT, 3),
        quantile=SOFT_QUANTILE,
        creators=len(found),
        mean_shift=round(float(found.mean()), 3),
        share_beyond_default=round(float(np.mean(found >= context.settings.llm.soft_drift)), 4),
        embedding_model=context.embedder.id,
        embedding_recipe=context.embedding_recipe.fingerprint,
        as_of=context.as_of,
    )


def write_thresholds(path: Path, thresholds: DriftThresholds) -> None:
    """Write them for people to read; replaces an older file whole."""
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(orjson.dumps(asdict(thresholds), option=orjson.OPT_INDENT_2) + b"\n")
    draft.replace(path)


def _shifts(context: Context) -> list[np.ndarray]:
    with context.reading_frames() as frames:
        ids = load_creator_ids(frames)
    order = np.argsort(hashed(pa.chunked_array([ids], pa.string())), kind="stable")[:MOST_CREATORS]
    drawn = sorted(ids[place] for place in order)
    return [_shifts_of(context, part) for part in in_stretches(drawn, AT_ONCE)]


def _shifts_of(context: Context, ids: Sequence[str]) -> np.ndarray:
    with context.reading_frames() as frames:
        posts = load_post_vectors(frames, Chosen(ids), context.embedding_recipe.fingerprint)
    side = hashed(posts["input_fingerprint"]) % np.uint64(2) == 0
    halves = [Windows.of(posts.filter(pa.array(rows)), context.embedder.dim) for rows in (side, ~side)]
    least = context.settings.llm.min_new_items
    places = [dict(zip(half.ids.to_pylist(), range(len(half.ids)), strict=True)) for half in halves]
    both = [
        name
        for name in sorted(set(places[0]) & set(places[1]))
        if min(int(half.counts[place[name]]) for half, place in zip(halves, places, strict=True)) >= least
    ]
    rows = [np.array([place[name] for name in both], np.int64) for place in places]
    return shift(*(half.take(row) for half, row in zip(halves, rows, strict=True)))
