"""The snapshot in force, kept open: a newer one is opened aside and swapped in; who is reading goes on with the old."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from base.errors import EngineError
from index.snapshot import Snapshot
from index.versions import Versions
from providers.embedder import Embedder
from search.filters import Mask
from search.searcher import Searcher, Watch, unwatched


class Live:
    """The searcher over what is in force below a snapshot folder."""

    def __init__(
        self,
        root: Path,
        embedder: Embedder | None = None,
        *,
        model_dir: Path | None = None,
        watch: Watch = unwatched,
    ) -> None:
        self._versions = Versions(root)
        snapshot = Snapshot(self._versions.current_path())
        self._searcher = Searcher(snapshot, embedder, model_dir=model_dir, watch=watch)
        self._searcher.warm_up()
        self._refreshing = threading.Lock()
        #: why the last refresh left the old snapshot in place; None when it did not
        self.refusal: str | None = None

    @contextmanager
    def opened(self) -> Iterator["Opened"]:
        """The snapshot in force, whole until the block ends; the next block may get another one."""
        yield Opened(self._searcher, None)

    def refresh(self) -> bool:
        """Look whether another version is in force, and open it. A snapshot that cannot be opened changes nothing."""
        with self._refreshing:
            try:
                return self._refresh()
            except (EngineError, OSError) as error:
                self.refusal = str(error)
                return False

    def _refresh(self) -> bool:
        current = self._versions.current()
        if current is None or current.version == self._searcher.snapshot.manifest.version:
            self.refusal = None
            return False
        # The encoder is kept: it was the slowest part of opening. Another model is a refusal, and a new start.
        fresh = Searcher(Snapshot(self._versions.current_path()), self._searcher.embedder, watch=self._searcher.watch)
        fresh.warm_up()
        self._searcher = fresh
        self.refusal = None
        return True


@dataclass(frozen=True, slots=True)
class Opened:
    searcher: Searcher
    #: True for creators that were taken down since the snapshot was made; None: nobody was
    taken_down: Mask | None

    def is_taken_down(self, doc: int) -> bool:
        return self.taken_down is not None and bool(self.taken_down[doc])


class Poll:
    """Calls `refresh` every few seconds until it is stopped."""

    def __init__(self, refresh: Callable[[], object], seconds: float) -> None:
        self._refresh = refresh
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshot-poll", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            self._refresh()
