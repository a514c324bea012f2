"""How well the index finds: three answers that are never blended into one.

Fidelity needs no labels: what share of the truly nearest the shipped path finds. Ranking needs judged queries: how good
the first places are, beside simpler rankings. Slices say whether a kind of creator is found less than others.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from base.errors import SourceError
from search.parse import parse_query
from search.score import Components, fuse
from search.searcher import Searcher

Floats = npt.NDArray[np.float64]

#: share of creators that a filter keeps
SHARES = (1.0, 0.5, 0.05, 0.005)
NEAREST = 50
RELEVANT = 2  # grades: 0 wrong, 1 somewhat, 2 good, 3 just right
RESAMPLES = 2_000
HYBRID = "hybrid"


class JudgedQuery(BaseModel):
    """One line of a judged file: a question, and a grade from 0 to 3 for each creator that was looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str
    #: kind of question, for a table by kind
    kind: str = ""
    grades: dict[str, int] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Fidelity:
    field: str
    share: float
    recall: float
    queries: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over the judged queries; the interval is of the difference to the hybrid, 95%, paired by query."""

    system: str
    ndcg_at_10: float
    precision_at_5: float
    recall_at_50: float
    #: share of the first ten that nobody has judged: they count as wrong
    unjudged_at_10: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Slice:
    """Relevant creators of a kind, and the share of them among the first 50."""

    name: str
    relevant: int
    recall_at_50: float


def read_judged(path: Path) -> list[JudgedQuery]:
    """JSON lines. Raises SourceError naming the line that is none."""
    judged = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                judged.append(JudgedQuery.model_validate_json(line))
            except ValidationError as error:
                hint = json.dumps(
                    {"query": "home workouts", "kind": "niche", "grades": {"cr_…": 3}}, ensure_ascii=False
                )
                raise SourceError(f"{path.name}:{number} is no judged query", hint=f"a line is {hint}") from error
    return judged


def measure_fidelity(searcher: Searcher, *, queries: int = 20, seed: int = 7) -> list[Fidelity]:
    """Recall of the nearest 50 against reading every row, per field and share kept by a filter.

    The queries are creators' own vectors: where questions land is where creators are.
    """
    dice = np.random.default_rng(seed)
    count = len(searcher.snapshot)
    masks = {share: None if share == 1 else dice.random(count) < share for share in SHARES}
    found = []
    for name, field in sorted(searcher.snapshot.fields.items()):
        seeds = dice.choice(field.docs, min(queries, len(field.docs)), replace=False)
        for share, mask in masks.items():
            recalls = []
            for doc in seeds:
                vector = field.vector_of(int(doc))
                assert vector is not None  # as chosen
                exact = field.nearest(vector, NEAREST, mask, exact=True).docs
                if len(exact):
                    shipped = field.nearest(vector, NEAREST, mask).docs
                    recalls.append(len(np.intersect1d(exact, shipped)) / len(exact))
            if recalls:
                found.append(Fidelity(name, share, float(np.mean(recalls)), len(recalls)))
    return found


def measure_ranking(searcher: Searcher, judged: Sequence[JudgedQuery], *, seed: int = 7) -> list[Quality]:
    """The hybrid beside words alone, meaning alone (all fields, and each by itself) and reciprocal rank fusion."""
    ranked = [dict(_rankings(searcher, one)) for one in judged]
    systems = list(ranked[0])
    ndcg = {
        system: np.array([ndcg_at(places[system], one.grades) for places, one in zip(ranked, judged, strict=True)])
        for system in systems
    }
    qualities = [_quality(system, ranked, judged, ndcg, seed) for system in systems]
    return sorted(qualities, key=lambda quality: (-quality.ndcg_at_10, quality.system))


def measure_slices(searcher: Searcher, judged: Sequence[JudgedQuery]) -> list[Slice]:
    """Recall by number of platforms, by language and by size: a fair ranking finds each alike."""
    found: dict[str, list[bool]] = {}
    for one in judged:
        first = set(_ranking(searcher, one)[:NEAREST])
        for creator_id, grade in one.grades.items():
            doc = searcher.snapshot.doc_of(creator_id)
            if grade >= RELEVANT and doc is not None:
                for name in _slices(searcher.snapshot.rows(np.array([doc]))[0]):
                    found.setdefault(name, []).append(creator_id in first)
    return [Slice(name, len(hits), float(np.mean(hits))) for name, hits in sorted(found.items())]


def ndcg_at(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin & Kekäläinen 2002), gain 2^grade − 1; 0 when nothing is relevant.

    >>> round(ndcg_at(["b", "a"], {"a": 3, "b": 0}), 4), ndcg_at(["a"], {"a": 1})
    (0.6309, 1.0)
    """
    gains = [2 ** grades.get(one, 0) - 1 for one in ranking[:depth]]
    ideal = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:depth]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def paired_interval(differences: Floats, *, seed: int = 7) -> tuple[float, float]:
    """The 95% interval of a mean difference, by resampling queries (Efron's percentile bootstrap)."""
    dice = np.random.default_rng(seed)
    means = differences[dice.integers(0, len(differences), (RESAMPLES, len(differences)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def _ranking(searcher: Searcher, judged: JudgedQuery) -> list[str]:
    return dict(_rankings(searcher, judged))[HYBRID]


def _rankings(searcher: Searcher, judged: JudgedQuery) -> Iterator[tuple[str, list[str]]]:
    ranking = searcher.rank(parse_query(judged.query))
    components = ranking.scores.components
    yield HYBRID, _best(searcher, components, ranking.scores.total)
    yield "reciprocal ranks", _best(searcher, components, fuse(searcher.snapshot, components, "rrf").total)
    yield "words", _best(searcher, components, components.keyword)
    yield "meaning", _best(searcher, components, components.semantic)
    for name, values in sorted(components.similarities.items()):
        yield name, _best(searcher, components, np.nan_to_num(values, nan=0.0))


def _best(searcher: Searcher, components: Components, values: Floats) -> list[str]:
    """The first ids by these values; who has none of it is not listed."""
    order = np.lexsort((components.docs, -values))
    docs = components.docs[order[values[order] > 0][:NEAREST]]
    ids = searcher.snapshot.creators["creator_id"]
    return [ids[int(doc)].as_py() for doc in docs]


def _quality(
    system: str,
    ranked: Sequence[Mapping[str, Sequence[str]]],
    judged: Sequence[JudgedQuery],
    ndcg: Mapping[str, Floats],
    seed: int,
) -> Quality:
    pairs = [(places[system], one.grades) for places, one in zip(ranked, judged, strict=True)]
    differences = ndcg[HYBRID] - ndcg[system]
    low, high = paired_interval(differences, seed=seed)
    return Quality(
        system=system,
        ndcg_at_10=float(ndcg[system].mean()),
        precision_at_5=float(np.mean([_relevant(ranking[:5], grades) / 5 for ranking, grades in pairs])),
        recall_at_50=float(np.mean([_recall(ranking, grades) for ranking, grades in pairs])),
        unjudged_at_10=float(np.mean([_unjudged(ranking[:10], grades) for ranking, grades in pairs])),
        difference=float(differences.mean()),
        low=low,
        high=high,
    )


def _relevant(ranking: Sequence[str], grades: Mapping[str, int]) -> int:
    return sum(grades.get(one, 0) >= RELEVANT for one in ranking)


def _recall(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    known = sum(grade >= RELEVANT for grade in grades.values())
    return _relevant(ranking[:NEAREST], grades) / known if known else 0.0


def _unjudged(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    return sum(one not in grades for one in ranking) / len(ranking) if ranking else 0.0


def _slices(creator: Mapping[str, object]) -> Iterator[str]:
    platforms = creator["platforms"]
    yield "one platform" if isinstance(platforms, list) and len(platforms) == 1 else "several platforms"
    yield f"language {creator['language'] or 'unknown'}"
    yield f"followers {creator['follower_band'] or 'unknown'}"
