"""The inside of a worker: batches in on stdin, results out on stdout. Started by `workers.py`, never by a person."""

import gc
import os
import sys
from importlib import import_module

from engines.workers import receive, send


def main(name: str) -> None:
    """Run the kernel `module:function` over every batch that comes, until none does."""
    results = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not end up between results
    module, _, function = name.partition(":")
    kernel = getattr(import_module(module), function)
    gc.freeze()  # what was imported stays: no need to look through it again
    gc.disable()  # kernels are pure and leave no cycles worth a search every few thousand objects
    while (batch := receive(sys.stdin.buffer)) is not None:
        send(results, kernel(batch))
        gc.collect()


if __name__ == "__main__":
    main(sys.argv[1])
