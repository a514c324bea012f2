"""The snapshot in force, kept open: a newer one is opened aside and swapped in; who is reading goes on with the old."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from base.errors import ConfigError, EngineError
from index.manifest import read_manifest
from index.reader import Reader
from index.snapshot import Snapshot
from index.versions import Versions
from providers.embedder import Embedder
from search.filters import Mask
from search.searcher import Searcher, Watch, unwatched


@dataclass(frozen=True, slots=True)
class Opened:
    searcher: Searcher
    #: True for creators that were taken down since the snapshot was made; None: nobody was
    taken_down: Mask | None

    def is_taken_down(self, doc: int) -> bool:
        return self.taken_down is not None and bool(self.taken_down[doc])


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
        self._reader = Reader(root, "serve")
        self._lock = threading.Lock()
        #: why the last refresh left the old snapshot in place; None when it did not
        self.refusal: str | None = None
        with self._reader.opened() as view:
            self._searcher = Searcher(view.snapshot, embedder, model_dir=model_dir, watch=watch)
            self._searcher.warm_up()

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """The snapshot in force, whole until the block ends; the next block may get another one."""
        with self._reader.opened() as view:
            yield Opened(self._over(view.snapshot), view.hidden)

    def refresh(self) -> bool:
        """Follow the version in force and the takedowns. A snapshot that cannot be opened changes nothing."""
        try:
            self._check_model()
            changed = self._reader.refresh()
            with self.opened():
                self.refusal = None
        except (EngineError, OSError) as error:
            self.refusal = str(error)
            return False
        return changed

    def close(self) -> None:
        """Let the snapshot go: it may be removed from now on."""
        self._reader.close()

    def _over(self, snapshot: Snapshot) -> Searcher:
        with self._lock:
            # The encoder is kept: loading it is the slowest part of a start.
            if self._searcher.snapshot is not snapshot:
                self._searcher = Searcher(snapshot, self._searcher.embedder, watch=self._searcher.watch)
            return self._searcher

    def _check_model(self) -> None:
        """Raises ConfigError when queries for the version in force need another encoder than is loaded."""
        model = read_manifest(self._versions.current_path()).content.embedding.model
        if model != self._searcher.embedder.id:
            raise ConfigError(f"the newest snapshot needs the encoder {model}", hint="start the service again")


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
