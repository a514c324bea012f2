"""One run at a time per home: a lock that the operating system gives back when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from base.errors import StoreLocked


@contextmanager
def run_lock(home: Path) -> Iterator[None]:
    """Hold the home's lock. Raises StoreLocked at once when another process has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "run.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreLocked(f"another run is working in {home}", hint="try again when it has finished") from None
        yield
