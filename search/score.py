"""Every component of every candidate's score, computed exactly, so that nothing depends on who else is asked about.

score = α·keyword + β·semantic + γ·quality. Keyword is BM25 as a share of the query's upper bound; semantic is the
weighted mean of the similarities of the fields a creator has; quality was computed when the snapshot was built.
Each score is kept as the terms of its sum: they are the explanation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.manifest import FieldConstants
from index.snapshot import Snapshot
from search.candidates import Vectors
from search.filters import Docs
from search.query import Fusion

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Components:
    """Row i is `docs[i]`; every component lies in [0, 1]."""

    #: internal ids, ascending
    docs: Docs
    keyword: Floats
    #: field → similarity, NaN where a creator has no such vector
    similarities: Mapping[str, Floats]
    semantic: Floats
    quality: Floats
    #: 1 for a rising creator, when growth was asked for; None when it was not
    growth: Floats | None = None

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Components":
        """These rows only."""
        return Components(
            docs=self.docs[rows],
            keyword=self.keyword[rows],
            similarities={name: values[rows] for name, values in self.similarities.items()},
            semantic=self.semantic[rows],
            quality=self.quality[rows],
            growth=None if self.growth is None else self.growth[rows],
        )


@dataclass(frozen=True, slots=True)
class Scores:
    components: Components
    #: term of the sum → its value per row; `total` is their sum
    parts: Mapping[str, Floats]
    total: Floats

    @property
    def docs(self) -> Docs:
        return self.components.docs


def measure(
    snapshot: Snapshot, docs: Docs, terms: tuple[str, ...], vectors: Vectors, *, emerging: bool = False
) -> Components:
    """The components of the creators `docs` (ascending); growth among them when `emerging` ones are asked for.

    vectors: unit vector per field; a field without one is like nobody.
    """
    similarities = {name: _similarity(snapshot, name, docs, vectors) for name in snapshot.fields}
    return Components(
        docs=docs,
        keyword=snapshot.bm25.scores_of(terms, docs),
        similarities=similarities,
        semantic=weighted_mean(similarities, _weights(snapshot), len(docs)),
        quality=snapshot.quality[docs],
        growth=_growth(snapshot, docs) if emerging else None,
    )


def fuse(snapshot: Snapshot, components: Components, fusion: Fusion) -> Scores:
    """The scores of these candidates under one of the two fusions."""
    parts = _reciprocal_ranks(snapshot, components) if fusion == "rrf" else _linear(snapshot, components)
    total = np.zeros(len(components.docs))
    for part in parts.values():  # in a fixed order: sums are the same everywhere
        total += part
    return Scores(components, parts, total)


def similarity(cosine: Floats, constants: FieldConstants) -> Floats:
    """0 for what unrelated creators have in common, 1 for as close as neighbours come."""
    span = constants.top_cosine - constants.median_cosine
    return np.clip((cosine - constants.median_cosine) / span, 0, 1)


def weighted_mean(similarities: Mapping[str, Floats], weights: Mapping[str, float], count: int) -> Floats:
    """Σ w·sim / Σ w over the fields that are there; 0 for a creator without any.

    Renormalised, so that a creator on one platform is not ranked down for the platforms it is not on.
    """
    total = np.zeros(count)
    for share in _shares(similarities, weights, count).values():
        total += share
    return total


def best(scores: Scores, limit: int | None = None) -> npt.NDArray[np.intp]:
    """Rows of the highest scores, best first; equal scores by creator id, which is the order of internal ids."""
    rows = np.arange(len(scores.docs))
    if limit is not None and limit < len(rows):
        threshold = np.partition(scores.total, len(rows) - limit)[len(rows) - limit]
        rows = np.flatnonzero(scores.total >= threshold)
    return rows[np.lexsort((scores.docs[rows], -scores.total[rows]))][:limit]


def _linear(snapshot: Snapshot, components: Components) -> dict[str, Floats]:
    constants = snapshot.content.scoring
    shares = _shares(components.similarities, _weights(snapshot), len(components.docs))
    return {
        "keyword": constants.keyword_weight * components.keyword,
        **{name: constants.semantic_weight * share for name, share in shares.items()},
        "quality": constants.quality_weight * components.quality,
        **({} if components.growth is None else {"growth": constants.growth_weight * components.growth}),
    }


def _reciprocal_ranks(snapshot: Snapshot, components: Components) -> dict[str, Floats]:
    lists = {"keyword": components.keyword, **components.similarities, "quality": components.quality}
    if components.growth is not None:
        lists["growth"] = components.growth
    constant = snapshot.content.scoring.rrf_k  # late ranks still count a little, and no single list decides
    return {name: _reciprocal_rank(values, constant) for name, values in lists.items()}


def _reciprocal_rank(values: Floats, constant: int) -> Floats:
    """1 / (k + rank) among the candidates; 0 for who is not in the list. Equals share the better rank."""
    known = np.nan_to_num(values, nan=0.0)
    ordered = np.sort(known)
    ranks = len(known) - np.searchsorted(ordered, known, side="right") + 1
    return np.where(known > 0, 1 / (constant + ranks), 0.0)


def _shares(similarities: Mapping[str, Floats], weights: Mapping[str, float], count: int) -> dict[str, Floats]:
    """w·sim / Σ w per field, Σ over the fields that are there."""
    known = np.zeros(count)
    for name, values in similarities.items():
        known += weights[name] * ~np.isnan(values)
    known[known == 0] = 1
    return {
        name: np.where(np.isnan(values), 0.0, weights[name] * values / known) for name, values in similarities.items()
    }


def _growth(snapshot: Snapshot, docs: Docs) -> Floats:
    """1 for who is rising, 0 for anybody else, also for who has no series to tell by."""
    if "momentum" not in snapshot.creators.column_names:
        return np.zeros(len(docs))
    return snapshot.columns.one_of("momentum", ["rising"])[docs].astype(np.float64)


def _similarity(snapshot: Snapshot, name: str, docs: Docs, vectors: Vectors) -> Floats:
    if name not in vectors:
        return np.zeros(len(docs))
    return similarity(snapshot.fields[name].cosines_of(docs, vectors[name]), snapshot.content.embedding.fields[name])


def _weights(snapshot: Snapshot) -> dict[str, float]:
    return {name: constants.weight for name, constants in snapshot.content.embedding.fields.items()}
