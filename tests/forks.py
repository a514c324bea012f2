"""Work in processes of their own, forked from one that has everything loaded: starting one costs nothing."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from cli.main import COMMANDS, app

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [*sorted({f"cli.{place.partition(':')[0]}" for _, place, _ in COMMANDS}), "providers.static"]
)
SECONDS = 300


class Fork:
    """A process at work, and what it has said so far."""

    def __init__(self, work: Callable[..., object], *arguments: Any, **environment: str) -> None:
        """See `forked`."""
        self._said = tempfile.TemporaryDirectory()
        self._out, self._err = Path(self._said.name, "out"), Path(self._said.name, "err")
        streams = (self._out, self._err)
        self.process = _FORKS.Process(target=_perform, args=(work, arguments, environment, streams))
        self.process.start()
        self._what = (work.__name__, *arguments)

    def ended(self) -> CompletedProcess[str]:
        """What came of it, once it has ended."""
        self.process.join(SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f"still at work after {SECONDS} s: {self._what}")
        with self._said:
            return CompletedProcess(self._what, self.process.exitcode, self._out.read_text(), self._err.read_text())


def forked(work: Callable[..., object], *arguments: Any, **environment: str) -> CompletedProcess[str]:
    """Call `work` in another process, under our environment with `environment` in it and no other setting of ours.

    The exit code is that of a command: what `SystemExit` carries, 1 after any other exception, and −9 after a kill.
    """
    return Fork(work, *arguments, **environment).ended()


def command(*arguments: str) -> None:
    """What `creatordex ARGUMENTS` does."""
    app(arguments)


def _perform(
    work: Callable[..., object],
    arguments: tuple[Any, ...],
    environment: Mapping[str, str],
    streams: tuple[Path, Path],
) -> None:
    for number, path in enumerate(streams, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    for name in [name for name in os.environ if name.startswith("CREATORDEX_")]:
        del os.environ[name]
    os.environ.update(environment)
    work(*arguments)
