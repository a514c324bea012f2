"""A reader that stays: follows the version in force and the takedowns, and holds what it reads.

One thread calls `refresh` every second or so; any number of threads read meanwhile. A request that began on a version
ends on it. Nothing here needs the publisher's lock.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from base.errors import SnapshotError
from index.leases import HEARTBEAT_SECONDS, Lease
from index.snapshot import Snapshot
from index.takedowns import FILE, Takedowns, read_takedowns
from index.versions import Versions

Mask = npt.NDArray[np.bool_]
_ATTEMPTS = 5  # the version in force may change between reading the pointer and leasing what it names


@dataclass(frozen=True, slots=True)
class View:
    """A version as it may be shown."""

    snapshot: Snapshot
    #: bool per internal id, True for creators that were taken down; None when there are none
    hidden: Mask | None

    def kept(self, mask: Mask | None = None) -> Mask | None:
        """The mask without hidden creators; None when everybody may be shown."""
        if self.hidden is None:
            return mask
        return ~self.hidden if mask is None else mask & ~self.hidden

    def is_hidden(self, creator_id: str) -> bool:
        doc = self.snapshot.doc_of(creator_id)
        return self.hidden is not None and doc is not None and bool(self.hidden[doc])


class _Held:
    """An open version, its lease, and how many requests read it."""

    def __init__(self, snapshot: Snapshot, lease: Lease) -> None:
        self.snapshot = snapshot
        self.lease = lease
        self.readers = 0


class Reader:
    def __init__(self, root: Path, name: str = "reader", *, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the version in force below `root`. Raises SnapshotError when there is none."""
        self._versions = Versions(root)
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._pointer = self._versions.current()
        self._held = self._open()
        self._old: list[_Held] = []
        self._takedowns_seen = self._takedowns_stamp()
        self._view = self._viewed(self._held, read_takedowns(root))
        self._renewed = clock()

    def refresh(self) -> bool:
        """Follow the pointer and the takedowns, and keep the leases alive. True when what is shown changed."""
        self._keep_alive()
        pointer, stamp = self._versions.current(), self._takedowns_stamp()
        if pointer == self._pointer and stamp == self._takedowns_seen:
            return False
        held = self._held if pointer == self._pointer else self._open()
        view = self._viewed(held, read_takedowns(self._versions.root))
        with self._lock:
            if held is not self._held:
                self._old.append(self._held)
            self._held, self._view = held, view
            self._pointer, self._takedowns_seen = pointer, stamp
            self._let_go()
        return True

    @contextmanager
    def opened(self) -> Iterator[View]:
        """What to answer one request from."""
        with self._lock:
            held, view = self._held, self._view
            held.readers += 1
        try:
            yield view
        finally:
            with self._lock:
                held.readers -= 1
                self._let_go()

    def close(self) -> None:
        """Give up every lease."""
        with self._lock:
            for held in (*self._old, self._held):
                held.lease.end()

    def _open(self) -> _Held:
        """The version in force, leased before it is opened: what is leased is not removed."""
        for attempt in range(_ATTEMPTS):
            folder = self._versions.current_path()
            lease = Lease(self._versions.root, int(folder.name[1:]), self._name)
            try:
                snapshot = Snapshot(folder)
                snapshot.warm()
                return _Held(snapshot, lease)
            except (OSError, SnapshotError):
                lease.end()
                if attempt == _ATTEMPTS - 1:
                    raise
        raise SnapshotError("the version in force keeps changing", hint="try again")

    def _viewed(self, held: _Held, taken: Takedowns) -> View:
        return View(held.snapshot, taken.hidden(held.snapshot))

    def _keep_alive(self) -> None:
        if self._clock() - self._renewed < HEARTBEAT_SECONDS:
            return
        with self._lock:
            for held in (*self._old, self._held):
                held.lease.renew()
        self._renewed = self._clock()

    def _let_go(self) -> None:
        """End the leases of former versions that nobody reads any more."""
        for held in [held for held in self._old if held.readers == 0]:
            held.lease.end()
            self._old.remove(held)

    def _takedowns_stamp(self) -> tuple[int, int] | None:
        try:
            status = (self._versions.root / FILE).stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino
