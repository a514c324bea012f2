"""The inside of a worker: a kernel, then batches in on stdin, results out on stdout. Started by `workers.py` only."""

import gc
import os
import sys

from engines.workers import receive, receive_kernel, send


def main() -> None:
    """Run the kernel that comes first over every batch that comes after it, until none does."""
    results = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not end up between results
    kernel = receive_kernel(sys.stdin.buffer)
    if kernel is None:
        return
    gc.freeze()  # what was imported stays: no need to look through it again
    gc.disable()  # kernels are pure and leave no cycles worth a search every few thousand objects
    while (batch := receive(sys.stdin.buffer)) is not None:
        send(results, kernel(batch))
        gc.collect()


if __name__ == "__main__":
    main()
