"""What the service does, before it is HTTP: a caller's question in, an answer with that tenant's overlay out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from base.clock import Clock, SystemClock
from base.errors import ConfigError
from search.access import Caller, caller_of
from search.answers import (
    CreatorAnswer,
    EmbedAnswer,
    FacetAnswer,
    FacetParams,
    PageParams,
    SearchAnswer,
    hit_answer,
    search_answer,
)
from search.filters import Mask
from search.live import Live, Opened
from search.logs import JsonLog, logged_rows, query_entry
from search.lookalike import find_creator
from search.metrics import Metrics
from search.parse import parse_query
from search.searcher import Ranking, SearchResult
from tenants.database import TenantDatabase
from tenants.keys import Scope
from tenants.overlay import Overlay, Written


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    #: whether callers without a key are turned away
    needs_key: bool = False
    #: names this service answers to; any other Host header is refused
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    #: between two looks at which snapshot is in force
    refresh_seconds: float = 1.0
    #: folders for the two logs; None: off
    audit_folder: Path | None = None
    query_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A retired creator id, and the one that answers for it."""

    creator_id: str


@dataclass
class Service:
    live: Live
    database: TenantDatabase
    options: ServiceOptions = ServiceOptions()
    clock: Clock = field(default_factory=SystemClock)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        audit, queries = self.options.audit_folder, self.options.query_folder
        self._audit = JsonLog(audit, "audit") if audit else None
        self._queries = JsonLog(queries, "queries") if queries else None

    def caller(self, headers: Mapping[str, str], scope: Scope) -> Caller:
        """Who asks. Raises Unauthorised or Forbidden."""
        caller = caller_of(headers, self.database, needs_key=self.options.needs_key, now=self.now())
        caller.check(scope)
        return caller

    def search(self, caller: Caller, text: str, params: PageParams) -> SearchAnswer:
        with self.live.opened() as opened:
            own = self._own(caller, opened)
            ranking = self._rank(opened, own, text, params)
            result = opened.searcher.page(ranking, limit=params.limit, cursor=params.cursor, facets=params.facets)
            self._log(caller, opened, result, ranking)
            hits = [hit_answer(hit, own.of(hit.creator_id)) for hit in result.hits]
        return search_answer(result, hits)

    def facets(self, caller: Caller, params: FacetParams) -> FacetAnswer:
        with self.live.opened() as opened:
            wanted = PageParams(**params.model_dump(exclude={"q"}))
            ranking = self._rank(opened, self._own(caller, opened), params.q, wanted)
            manifest = opened.searcher.snapshot.manifest
            return FacetAnswer(
                total=len(ranking.scores.docs),
                is_complete=ranking.is_complete,
                facets={name: dict(counts) for name, counts in opened.searcher.facets(ranking).items()},
                version=manifest.version,
                snapshot_id=manifest.snapshot_id,
            )

    def creator(self, caller: Caller, creator_id: str) -> CreatorAnswer | Moved | None:
        """A creator; where it moved to, for a retired id; None for nobody."""
        with self.live.opened() as opened:
            snapshot = opened.searcher.snapshot
            successor = snapshot.aliases.get(creator_id)
            doc = snapshot.doc_of(creator_id)
            if doc is None or opened.is_taken_down(doc):
                return Moved(successor) if successor else None
            own = self._own(caller, opened)
            return CreatorAnswer.model_validate({**snapshot.rows(np.array([doc]))[0], **own.of(creator_id)})

    def embed(self, texts: list[str]) -> EmbedAnswer:
        with self.live.opened() as opened, self.metrics.stage("embed"):
            embedder = opened.searcher.embedder
            vectors = embedder.embed(texts, kind="query")
        return EmbedAnswer(model=embedder.id, dim=embedder.dim, vectors=vectors.tolist())

    def niches(self) -> Mapping[str, str]:
        """Id → label, as the snapshot in force has them."""
        with self.live.opened() as opened:
            return opened.searcher.snapshot.content.niches

    def overlay(self, caller: Caller) -> Overlay:
        return Overlay(self.database, caller.tenant_id)

    def metrics_text(self) -> str:
        with self.live.opened() as opened:
            manifest = opened.searcher.snapshot.manifest
        gauges = {
            "snapshot_version": ("Version of the snapshot in force.", manifest.version),
            "snapshot_creators": ("Creators in the snapshot in force.", manifest.content.counts["creators"]),
            "snapshot_refused": ("1 while a newer snapshot cannot be opened.", int(self.live.refusal is not None)),
            "process_cpu_seconds_total": ("Processor time of this process.", time.process_time()),
        }
        return self.metrics.text(gauges)

    def now(self) -> datetime:
        return self.clock.now()

    def _own(self, caller: Caller, opened: Opened) -> "_Own":
        return _Own(self.overlay(caller).written(), opened)

    def _rank(self, opened: Opened, own: "_Own", text: str, params: PageParams) -> Ranking:
        query = parse_query(text, **params.filters())
        if query.like is not None and opened.is_taken_down(find_creator(opened.searcher.snapshot, query.like)):
            raise ConfigError(f"nobody here is {query.like}")
        return opened.searcher.rank(query, fusion=params.fusion, hidden=own.hidden_from(opened))

    def _log(self, caller: Caller, opened: Opened, result: SearchResult, ranking: Ranking) -> None:
        if self._audit:
            entry = {
                "tenant_id": caller.tenant_id, "key_id": caller.key_id, "question": result.query.asked,
                "filters": list(result.query.filters.in_words()), "hits": len(result.hits), "version": result.version,
            }  # fmt: skip
            self._audit.write(entry, now=self.now())
        if self._queries:
            docs = ranking.scores.docs[logged_rows(ranking.scores)]
            ids = opened.searcher.snapshot.creators["creator_id"].take(pa.array(docs, pa.int64())).to_pylist()
            self._queries.write(query_entry(result, ranking, ids), now=self.now())


class _Own:
    """A tenant's overlay by the creator ids of one snapshot: what was written on a retired id follows it."""

    def __init__(self, written: Written, opened: Opened) -> None:
        aliases = opened.searcher.snapshot.aliases
        self._notes = {aliases.get(one, one): text for one, text in written.notes.items()}
        self._hidden = {aliases.get(one, one) for one in written.hidden}
        self._lists: dict[str, list[str]] = {}
        for name, members in written.lists.items():
            for one in members:
                self._lists.setdefault(aliases.get(one, one), []).append(name)

    def of(self, creator_id: str) -> dict[str, Any]:
        return {
            "note": self._notes.get(creator_id),
            "lists": self._lists.get(creator_id, []),
            "hidden": creator_id in self._hidden,
        }

    def hidden_from(self, opened: Opened) -> Mask | None:
        """Who this tenant must not see: who was taken down, and whom it hides."""
        if not self._hidden:
            return opened.taken_down
        mask = opened.searcher.mask_of(self._hidden)
        return mask if opened.taken_down is None else mask | opened.taken_down
