"""What every job is given: the only place where settings become live things (store, raw bytes, models, engine)."""

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel import Session
from structlog.typing import FilteringBoundLogger

from base.clock import Clock, SystemClock
from base.fingerprint import Recipe
from embeddings.document import DOCUMENT_VERSION
from enrich.taxonomy import Taxonomy, load_taxonomy
from jobs.runlog import silent_log
from jobs.settings import Settings
from jobs.spend_ledger import SpendLedger
from providers.embedder import Embedder
from providers.local import load_embedder
from store.blobs import BlobStore
from store.bulk import FrameReader, FrameWriter
from store.session import Store, Transactions

if TYPE_CHECKING:
    from engines.duckdb_engine import DuckDBEngine
    from enrich.offline import OfflineClassifier

#: (stage, done, total or None): called by jobs as they go on
Progress = Callable[[str, int, int | None], None]


def no_progress(_stage: str, _done: int, _total: int | None) -> None:
    """For callers that show nothing."""


@dataclass
class Context:
    """A job's world. Derived rows are stamped with `as_of`, never with the wall clock."""

    settings: Settings
    store: Store
    run_id: str
    as_of: datetime
    progress: Progress = no_progress
    log: FilteringBoundLogger = field(default_factory=silent_log)
    #: for what is measured while it runs; what is decided goes by `as_of`
    clock: Clock = field(default_factory=SystemClock)
    _passed: dict[str, int] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.settings.home

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"

    @cached_property
    def blobs(self) -> BlobStore:
        return BlobStore(self.settings.raw_url or self.home / "raw")

    @cached_property
    def ledger(self) -> SpendLedger:
        """What this run may spend and has spent; open it with no session or frames at hand."""
        night = self.as_of.date().isoformat()
        return SpendLedger(self.store, self.run_id, night, self.clock, self.settings.budget)

    @property
    def taxonomy(self) -> Taxonomy:
        return load_taxonomy(self.settings.llm.taxonomy)

    @cached_property
    def embedder(self) -> Embedder:
        if self.settings.embeddings.is_paid:
            # Imported here: the vendor's library takes a second to load, and most nights do not need it.
            from jobs.paid_embeddings import paid_embedder

            return paid_embedder(self.settings, lambda: self.ledger)
        return load_embedder(self.settings.embeddings.provider, self.settings.embeddings.model_dir)

    @cached_property
    def embedding_recipe(self) -> Recipe:
        """The recipe of tonight's vectors of single texts: the model and the way its texts are built."""
        return Recipe(model=self.embedder.id, version=DOCUMENT_VERSION)

    @cached_property
    def profile_recipe(self) -> Recipe:
        """The recipe of tonight's vectors of accounts and creators: of texts, and how many of them become one."""
        options = self.settings.embeddings.content_aggregation.options
        return Recipe(model=self.embedder.id, version=DOCUMENT_VERSION, options=options)

    @cached_property
    def offline_classifier(self) -> "OfflineClassifier":
        """The labeller that costs nothing, over tonight's vectors."""
        # Imported here, as the engine below: who only looks at the store needs neither.
        from enrich.offline import OfflineClassifier

        return OfflineClassifier(self.taxonomy, self.embedder, self.profile_recipe.fingerprint)

    def engine(self) -> "DuckDBEngine":
        """A fresh engine; use it as a context."""
        from engines.duckdb_engine import DuckDBEngine

        return DuckDBEngine(memory_limit=self.settings.memory_limit, workers=self.settings.workers)

    def reading(self) -> AbstractContextManager[Session]:
        return self.store.reading()

    def writing(self) -> AbstractContextManager[Session]:
        return self.store.writing()

    def reading_frames(self) -> AbstractContextManager[FrameReader]:
        return self.store.reading_frames()

    def writing_frames(self) -> AbstractContextManager[FrameWriter]:
        return self.store.writing_frames()

    def batches(self) -> AbstractContextManager[Transactions]:
        return self.store.batches()

    def crashpoint(self, name: str) -> None:
        """Mark a durable step; `CREATORDEX_CRASH=name:n` kills the process at its n-th passing, to test resuming."""
        wanted = os.environ.get("CREATORDEX_CRASH")
        if wanted is None:
            return
        self._passed[name] = self._passed.get(name, 0) + 1
        if wanted == f"{name}:{self._passed[name]}":
            os.kill(os.getpid(), signal.SIGKILL)
