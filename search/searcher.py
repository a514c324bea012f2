"""The searcher: opens a published snapshot and answers questions with ranked, explained creators."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from base.errors import ConfigError
from index.snapshot import Snapshot
from index.versions import Versions
from providers.embedder import Embedder
from providers.local import load_embedder
from search.candidates import Vector, Vectors, propose
from search.cursor import Cursor, name_of, read_cursor, write_cursor
from search.explain import Explanation, explain
from search.filters import Docs, Facets, FilterIndex, Mask
from search.lookalike import find_creator, vectors_like
from search.parse import parse_query
from search.query import Fusion, Query
from search.score import Components, Scores, best, fuse, measure

#: start of a model id → name of its embedder in the settings
_LOCAL_MODELS = {"minilm": "minilm", "wordllama": "fast"}
MAX_LIMIT = 1_000
KEPT_ENCODINGS = 256  # texts asked for last: a page turned needs no model

#: name of a stage → what surrounds it, such as a stopwatch
Watch = Callable[[str], AbstractContextManager[None]]


def unwatched(_stage: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Hit:
    rank: int
    creator_id: str
    score: float
    #: the creator's row in the snapshot: name, handle, platforms, followers, labels, summary, accounts
    creator: Mapping[str, Any]
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Ranking:
    """A question answered before a page is cut from it."""

    query: Query
    fusion: Fusion
    scores: Scores
    #: creators that satisfy the filters
    kept: int
    #: how candidates were found
    plan: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everybody was scored; else who is further down than the candidates is not listed."""
        return len(self.plan) == 1


@dataclass(frozen=True, slots=True)
class SearchResult:
    query: Query
    hits: Sequence[Hit]
    #: creators that satisfy the filters
    kept: int
    #: of those, the ones that match the text by a word or by meaning, as far as they were scored
    total: int
    #: whether everybody who satisfies the filters was scored; else `total` counts candidates only
    is_complete: bool
    #: filter value → number of creators among `total`, per facet; empty unless asked for
    facets: Facets
    #: how candidates were found
    plan: tuple[str, ...]
    #: gives the next page; None on the last
    next_cursor: str | None
    version: int
    snapshot_id: str
    #: names the formula, its constants and the query encoder
    config_fingerprint: str


class Searcher:
    """Answers from one snapshot. Give it another embedder only for snapshots made with that one."""

    def __init__(
        self,
        snapshot: Snapshot,
        embedder: Embedder | None = None,
        *,
        model_dir: Path | None = None,
        watch: Watch = unwatched,
    ) -> None:
        self.snapshot = snapshot
        self.watch = watch
        self.filters = FilterIndex(snapshot)
        self.embedder = _check_embedder(snapshot, embedder or _load_embedder(snapshot, model_dir))
        self._encode = lru_cache(KEPT_ENCODINGS)(self._encoded)

    def search(
        self,
        text: str,
        *,
        limit: int = 20,
        cursor: str | None = None,
        fusion: Fusion = "linear",
        facets: bool = False,
        hidden: Mask | None = None,
        **filters: Any,
    ) -> SearchResult:
        """The best creators for a phrase and filters, a page at a time.

        hidden: True for creators that must not be seen; None hides nobody.
        Raises ConfigError for a filter that does not exist, StaleCursor for a page of an earlier snapshot.
        """
        ranking = self.rank(parse_query(text, **filters), fusion=fusion, hidden=hidden)
        return self.page(ranking, limit=limit, cursor=cursor, facets=facets)

    def rank(self, query: Query, *, fusion: Fusion = "linear", hidden: Mask | None = None) -> Ranking:
        """Every candidate with its score, in no order."""
        with self.watch("encode"):
            seed, vectors = self._vectors(query)
        with self.watch("filter"):
            kept = self._kept(query, hidden, seed)
        with self.watch("propose"):
            candidates = propose(self.snapshot, kept, query.terms, vectors)
        with self.watch("score"):
            components = measure(self.snapshot, candidates.docs, query.terms, vectors, emerging=query.emerging)
            scores = fuse(self.snapshot, _matching(components, query), fusion)
        return Ranking(query, fusion, scores, candidates.kept, candidates.plan)

    def page(
        self, ranking: Ranking, *, limit: int = 20, cursor: str | None = None, facets: bool = False
    ) -> SearchResult:
        """One page of a ranking, with reasons; `search` says the rest."""
        if not 1 <= limit <= MAX_LIMIT:
            raise ConfigError(f"limit {limit} is not between 1 and {MAX_LIMIT}")
        question = name_of(ranking.query, ranking.fusion)
        after = read_cursor(cursor, snapshot_id=self._id, question=question) if cursor else None
        place, rows = _page(ranking.scores, self._place_of(after) if after else None, limit)
        with self.watch("explain"):
            hits = self._hits(ranking, rows, place)
        more = place + len(rows) < len(ranking.scores.docs)
        last = Cursor(hits[-1].score, hits[-1].creator_id) if more else None
        return SearchResult(
            query=ranking.query,
            hits=hits,
            kept=ranking.kept,
            total=len(ranking.scores.docs),
            is_complete=ranking.is_complete,
            facets=self.facets(ranking) if facets else {},
            plan=ranking.plan,
            next_cursor=write_cursor(last, snapshot_id=self._id, question=question) if last else None,
            version=self.snapshot.manifest.version,
            snapshot_id=self._id,
            config_fingerprint=self.snapshot.content.config_fingerprint,
        )

    def warm_up(self) -> None:
        """Read what the first question would have to wait for."""
        self.snapshot.warm()
        self.search("warm up", language="en", min_followers=1, facets=True)

    def facets(self, ranking: Ranking) -> Facets:
        """How many of the ranked creators have each value."""
        return self.filters.facets(ranking.scores.docs)

    def mask_of(self, creator_ids: Iterable[str]) -> Mask:
        """True for these creators."""
        return self.filters.mask_of(creator_ids)

    @property
    def _id(self) -> str:
        return self.snapshot.manifest.snapshot_id

    def _kept(self, query: Query, hidden: Mask | None, seed: int | None) -> Mask:
        """Who may be a hit: the filters' mask, less who is hidden; nobody is their own look-alike."""
        kept = self.filters.mask(query)
        if hidden is not None:
            kept = kept & ~hidden
        if seed is not None:
            kept = kept.copy()
            kept[seed] = False
        return kept

    def _vectors(self, query: Query) -> tuple[int | None, Vectors]:
        """The creator to be alike, if any, and what to be near to."""
        if query.like is not None:
            seed = find_creator(self.snapshot, query.like)
            return seed, vectors_like(self.snapshot, seed)
        vector = self._encode(query.text)
        return None, {} if vector is None else dict.fromkeys(self.snapshot.fields, vector)

    def _encoded(self, text: str) -> Vector | None:
        """None for a text without a meaning: it is like nothing."""
        vector = self.embedder.embed([text], kind="query")[0] if text else None
        return vector if vector is not None and vector.any() else None

    def _place_of(self, cursor: Cursor) -> tuple[float, int]:
        doc = self.snapshot.doc_of(cursor.creator_id)
        if doc is None:
            raise ConfigError("not a cursor", hint="give back `next_cursor` as it came")
        return cursor.score, doc

    def _hits(self, ranking: Ranking, rows: Docs, place: int) -> list[Hit]:
        scores = ranking.scores
        creators = self.snapshot.rows(scores.docs[rows])
        reasons = explain(self.snapshot, ranking.query, scores, rows.tolist(), creators)
        return [
            Hit(
                rank=place + number,
                creator_id=creator["creator_id"],
                score=float(scores.total[row]),
                creator=creator,
                explanation=reason,
            )
            for number, (row, creator, reason) in enumerate(zip(rows, creators, reasons, strict=True), start=1)
        ]


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


def _matching(components: Components, query: Query) -> Components:
    """A question with text is answered only by creators that match it; one without lists everybody by quality."""
    if not query.text and query.like is None:
        return components
    return components.take((components.keyword > 0) | (components.semantic > 0))


def _page(scores: Scores, after: tuple[float, int] | None, limit: int) -> tuple[int, Docs]:
    """(hits before the page, rows of the page, best first): what stands behind a score and an internal id."""
    if after is None:
        return 0, best(scores, limit)
    score, doc = after
    behind = (scores.total < score) | ((scores.total == score) & (scores.docs > doc))
    rows = np.flatnonzero(behind)
    left = replace(
        scores,
        components=scores.components.take(rows),
        parts={name: part[rows] for name, part in scores.parts.items()},
        total=scores.total[rows],
    )
    return len(behind) - len(rows), rows[best(left, limit)]
