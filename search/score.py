"""Every component of every kept creator's score, computed exactly: no candidate list, so nothing depends on one.

score = α·keyword + β·semantic + γ·quality. Keyword is BM25 as a share of the query's upper bound; semantic is the
weighted mean of the similarities of the fields a creator has; quality was computed when the snapshot was built.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.field import Field
from index.manifest import FieldConstants
from index.snapshot import Snapshot

Floats = npt.NDArray[np.float64]
Docs = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Scores:
    """Row i is `docs[i]`; every part lies in [0, 1]."""

    #: internal ids, ascending
    docs: Docs
    keyword: Floats
    #: field → similarity, NaN where a creator has no such vector
    similarities: Mapping[str, Floats]
    semantic: Floats
    quality: Floats
    total: Floats


def score(snapshot: Snapshot, docs: Docs, terms: tuple[str, ...], query: npt.NDArray[np.float32] | None) -> Scores:
    """The scores of the creators `docs`.

    query: unit vector of the text; None, for a text without one, is like nothing.
    """
    constants = snapshot.content.scoring
    keyword = snapshot.bm25.scores(terms)[docs]
    similarities = _similarities(snapshot, docs, query)
    semantic = weighted_mean(similarities, _weights(snapshot), len(docs))
    quality = snapshot.creators["quality"].to_numpy()[docs]
    total = (
        constants.keyword_weight * keyword + constants.semantic_weight * semantic + constants.quality_weight * quality
    )
    return Scores(docs, keyword, similarities, semantic, quality, total)


def similarity(cosine: Floats, constants: FieldConstants) -> Floats:
    """0 for what unrelated creators have in common, 1 for as close as neighbours come."""
    span = constants.top_cosine - constants.median_cosine
    return np.clip((cosine - constants.median_cosine) / span, 0, 1)


def weighted_mean(similarities: Mapping[str, Floats], weights: Mapping[str, float], count: int) -> Floats:
    """Σ w·sim / Σ w over the fields that are there; 0 for a creator without any.

    Renormalised, so that a creator on one platform is not ranked down for the platforms it is not on.
    """
    earned, known = np.zeros(count), np.zeros(count)
    for name, values in similarities.items():
        earned += weights[name] * np.nan_to_num(values, nan=0.0)
        known += weights[name] * ~np.isnan(values)
    return np.divide(earned, known, out=np.zeros(count), where=known > 0)


def best(scores: Scores, limit: int) -> npt.NDArray[np.intp]:
    """Rows of the highest scores, best first; equal scores by creator id, which is the order of internal ids."""
    rows = np.arange(len(scores.docs))
    if limit < len(rows):
        threshold = np.partition(scores.total, len(rows) - limit)[len(rows) - limit]
        rows = np.flatnonzero(scores.total >= threshold)
    return rows[np.lexsort((scores.docs[rows], -scores.total[rows]))][:limit]


def _similarities(snapshot: Snapshot, docs: Docs, query: npt.NDArray[np.float32] | None) -> dict[str, Floats]:
    constants = snapshot.content.embedding.fields
    return {name: _field_similarity(field, docs, query, constants[name]) for name, field in snapshot.fields.items()}


def _field_similarity(
    field: Field, docs: Docs, query: npt.NDArray[np.float32] | None, constants: FieldConstants
) -> Floats:
    if query is None:
        return np.where(np.isin(docs, field.docs), 0.0, np.nan)
    return similarity(field.cosines_of(docs, query), constants)


def _weights(snapshot: Snapshot) -> dict[str, float]:
    return {name: constants.weight for name, constants in snapshot.content.embedding.fields.items()}
