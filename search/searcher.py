"""The searcher: opens a published snapshot and answers questions with ranked, explained creators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from base.errors import ConfigError
from index.snapshot import Snapshot
from index.text import tokens
from index.versions import Versions
from providers.embedder import Embedder
from providers.local import load_embedder
from search.parse import parse_query

from search.score import Scores, best, score

#: start of a model id → name of its embedder in the settings
_LOCAL_MODELS = {"minilm": "minilm", "wordllama": "fast"}
FACETS = ("follower_band", "primary_niche", "content_style", "language", "country", "activity")
MAX_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a creator stands where it stands."""

    #: the terms of the sum: keyword, one per vector field, quality; they add up to the score
    parts: Mapping[str, float]
    #: the same before weighting: keyword, similarity per field, semantic, quality; each in [0, 1]
    components: Mapping[str, float]
    #: vector fields of the snapshot that this creator does not have
    absent_fields: tuple[str, ...]
    #: words of the query that stand in the creator's text
    matched_words: tuple[str, ...]
    #: labels of the creator's niches that share a word with the query
    niche_match: tuple[str, ...]
    #: the filters in force; the creator satisfies all of them
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    rank: int
    creator_id: str
    score: float
    #: the creator's row in the snapshot: name, handle, platforms, followers, labels, summary, accounts
    creator: Mapping[str, Any]
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class SearchResult:
    query: Query
    hits: Sequence[Hit]
    #: creators that satisfy the filters and match the text by a word or by meaning
    total: int
    #: filter value → number of such creators, per facet
    facets: Mapping[str, Mapping[str, int]]
    version: int
    snapshot_id: str
    #: names the formula, its constants and the query encoder
    config_fingerprint: str


class Searcher:
    """Answers from one snapshot. Give it another embedder only for snapshots made with that one."""

    def __init__(self, snapshot: Snapshot, embedder: Embedder | None = None, *, model_dir: Path | None = None) -> None:
        self.snapshot = snapshot
        self._filters = FilterIndex(snapshot)
        self._embedder = _check_embedder(snapshot, embedder or _load_embedder(snapshot, model_dir))

    def search(self, text: str, *, limit: int = 20, **filters: Any) -> SearchResult:
        """The best creators for a phrase and filters. Raises ConfigError for a filter that does not exist."""
        if not 1 <= limit <= MAX_LIMIT:
            raise ConfigError(f"limit {limit} is not between 1 and {MAX_LIMIT}")
        query = parse_query(text, **filters)
        docs = np.flatnonzero(self._filters.mask(query))
        scores = _matching(score(self.snapshot, docs, query.terms, self._encode(query.text)), query)
        rows = best(scores, limit)
        content = self.snapshot.content
        return SearchResult(
            query=query,
            hits=self._hits(query, scores, rows),
            total=len(scores.docs),
            facets=self._facets(scores.docs),
            version=self.snapshot.manifest.version,
            snapshot_id=self.snapshot.manifest.snapshot_id,
            config_fingerprint=content.config_fingerprint,
        )

    def _encode(self, text: str) -> npt.NDArray[np.float32] | None:
        vector = self._embedder.embed([text], kind="query")[0] if text else None
        return vector if vector is not None and vector.any() else None

    def _hits(self, query: Query, scores: Scores, rows: npt.NDArray[np.intp]) -> list[Hit]:
        creators = self.snapshot.creators.take(scores.docs[rows]).to_pylist()
        words = self._words(query, scores.docs[rows])
        return [
            Hit(
                rank=place + 1,
                creator_id=creator["creator_id"],
                score=float(scores.total[row]),
                creator=creator,
                explanation=self._explain(query, scores, int(row), creator, words[place]),
            )
            for place, (row, creator) in enumerate(zip(rows, creators, strict=True))
        ]

    def _explain(
        self, query: Query, scores: Scores, row: int, creator: Mapping[str, Any], words: tuple[str, ...]
    ) -> Explanation:
        weights = self.snapshot.content.scoring
        present = {
            name: float(values[row]) for name, values in scores.similarities.items() if not np.isnan(values[row])
        }
        shares = _shares({name: self.snapshot.content.embedding.fields[name].weight for name in present})
        parts = {"keyword": weights.keyword_weight * float(scores.keyword[row])}
        parts |= {name: weights.semantic_weight * shares[name] * similarity for name, similarity in present.items()}
        parts["quality"] = weights.quality_weight * float(scores.quality[row])
        return Explanation(
            parts=parts,
            components={
                "keyword": float(scores.keyword[row]), **present,
                "semantic": float(scores.semantic[row]), "quality": float(scores.quality[row]),
            },
            absent_fields=tuple(name for name in scores.similarities if name not in present),
            matched_words=words,
            niche_match=self._niche_match(query, creator),
            filters=_given(query),
        )  # fmt: skip

    def _words(self, query: Query, docs: npt.NDArray[np.intp]) -> list[tuple[str, ...]]:
        holders = {term: np.isin(docs, self.snapshot.bm25.holders(term)[0]) for term in query.terms}
        return [tuple(term for term, held in holders.items() if held[place]) for place in range(len(docs))]

    def _niche_match(self, query: Query, creator: Mapping[str, Any]) -> tuple[str, ...]:
        labels = self.snapshot.content.niches
        niches = [creator["primary_niche"], *(creator["secondary_niches"] or [])]
        named = [labels[niche] for niche in niches if niche in labels]
        return tuple(label for label in named if set(tokens(label)) & set(query.terms))

    def _facets(self, docs: npt.NDArray[np.intp]) -> dict[str, dict[str, int]]:
        kept = self.snapshot.creators.select(FACETS).take(docs)
        counts = {}
        for name in FACETS:
            found = kept[name].drop_null().value_counts().to_pylist()
            counts[name] = {
                row["values"]: row["counts"] for row in sorted(found, key=lambda row: (-row["counts"], row["values"]))
            }
        return counts


def open_snapshot(path: Path, embedder: Embedder | None = None, *, model_dir: Path | None = None) -> Searcher:
    """A searcher over a snapshot folder: the version in force below `path`, or the version at `path` itself.

    The query encoder is loaded from this machine by the model id in the manifest, unless one is given.
    Raises SnapshotError when nothing is published, ConfigError when the encoder is not here.
    """
    folder = path if (path / "manifest.json").is_file() else Versions(path).current_path()
    return Searcher(Snapshot(folder), embedder, model_dir=model_dir)


def _load_embedder(snapshot: Snapshot, model_dir: Path | None) -> Embedder:
    model = snapshot.content.embedding.model
    for prefix, provider in _LOCAL_MODELS.items():
        if model.startswith(prefix):
            return load_embedder(provider, model_dir)
    raise ConfigError(
        f"no query encoder for vectors of {model}", hint="publish with embeddings.provider minilm or fast"
    )


def _check_embedder(snapshot: Snapshot, embedder: Embedder) -> Embedder:
    embedding = snapshot.content.embedding
    if (embedder.id, embedder.dim) != (embedding.model, embedding.dim):
        raise ConfigError(
            f"the snapshot's vectors were made by {embedding.model}, queries would be encoded by {embedder.id}",
            hint="embed and publish again with the installed model",
        )
    return embedder


def _matching(scores: Scores, query: Query) -> Scores:
    """A question with text is answered only by creators that match it; one without lists everybody by quality."""
    if not query.text:
        return scores
    kept = (scores.keyword > 0) | (scores.semantic > 0)
    return Scores(
        docs=scores.docs[kept],
        keyword=scores.keyword[kept],
        similarities={name: values[kept] for name, values in scores.similarities.items()},
        semantic=scores.semantic[kept],
        quality=scores.quality[kept],
        total=scores.total[kept],
    )


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}


def _given(query: Query) -> tuple[str, ...]:
    """The filters in force, in words."""
    given = query.filters.model_dump(exclude_defaults=True)
    return tuple(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in given.items())


def _shown(value: int | tuple[str, ...]) -> str:
    return f"{value:,}" if isinstance(value, int) else " or ".join(value)
