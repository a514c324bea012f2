"""Processes that hold one kernel each, so that a kernel written in Python uses every core.

A worker is a fresh interpreter that imports the kernel's module and nothing of the program that asked: it works the
same under a script, a test or a console command. The kernel travels pickled, so it is a function or an object that
holds what it needs; batches travel as Arrow streams through pipes, one at a time.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, islice
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Self

import pyarrow as pa

from base.errors import EngineError
from engines.engine import Kernel

_LENGTH_BYTES = 8


def available_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_batches(batches: Iterable[pa.Table], kernel: Kernel, workers: int) -> Iterator[pa.Table]:
    """The kernel over every batch, in order, by so many processes. Raises EngineError when one of them dies.

    Batches are taken as they are needed: each worker has one at hand and one waits, whatever their number. One batch
    is done here before another process has started, and so are all for one worker.
    """
    coming = iter(batches)
    first = list(islice(coming, workers + 1))
    if min(workers, len(first)) <= 1:
        yield from map(kernel, chain(first, coming))
        return
    with ExitStack() as stack:
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for _ in range(min(workers, len(first))):
            idle.put(stack.enter_context(_Worker(kernel)))
        threads = stack.enter_context(ThreadPoolExecutor(workers))
        ask = _asking_one_of(idle)
        asked: deque[Future[pa.Table]] = deque(threads.submit(ask, batch) for batch in first)
        del first
        while asked:
            result = asked.popleft().result()
            asked.extend(threads.submit(ask, batch) for batch in islice(coming, 1))
            yield result


def _asking_one_of(idle: "SimpleQueue[_Worker]") -> Callable[[pa.Table], pa.Table]:
    def ask(batch: pa.Table) -> pa.Table:
        worker = idle.get()
        try:
            return worker.run(batch)
        finally:
            idle.put(worker)

    return ask


class _Worker:
    """One process."""

    def __init__(self, kernel: Kernel) -> None:
        paths = os.pathsep.join(path or str(os.curdir) for path in sys.path)
        command = [sys.executable, "-P", "-m", "engines.serve_kernel"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
        )
        #: sent with the first batch, since a new process takes a while to listen
        self._greeting = pickle.dumps(kernel)

    def run(self, batch: pa.Table) -> pa.Table:
        source, target = self._process.stdout, self._process.stdin
        if source is None or target is None:
            raise EngineError("a worker has no pipes")
        try:
            if self._greeting:
                _write(target, self._greeting)
                self._greeting = b""
            send(target, batch)
            result = receive(source)
        except BrokenPipeError:
            result = None
        if result is None:
            raise EngineError(f"a worker stopped (exit {self._process.wait()})", hint="its last words are above")
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate()  # closes its input, which ends it, and waits


def send(target: IO[bytes], table: pa.Table) -> None:
    """Write a table as its length and an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    _write(target, sink.getvalue())


def receive(source: IO[bytes]) -> pa.Table | None:
    """Read a table that `send` wrote; None when the other side has closed."""
    body = _read(source)
    if body is None:
        return None
    with pa.ipc.open_stream(body) as stream:
        return stream.read_all()


def receive_kernel(source: IO[bytes]) -> Kernel | None:
    """Read the kernel, which comes first; None when the other side has closed."""
    body = _read(source)
    if body is None:
        return None
    kernel: Kernel = pickle.loads(body)  # noqa: S301  from the process that started this one
    return kernel


def _write(target: IO[bytes], body: bytes | pa.Buffer) -> None:
    target.write(len(body).to_bytes(_LENGTH_BYTES, "big"))
    target.write(body)
    target.flush()


def _read(source: IO[bytes]) -> bytes | None:
    head = source.read(_LENGTH_BYTES)
    return source.read(int.from_bytes(head, "big")) if len(head) == _LENGTH_BYTES else None
