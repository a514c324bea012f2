"""Work on two things at once within a process: while one item is used, the next one is made in another thread.

Worth it where either side waits for the disk or computes outside Python (a database, Arrow, NumPy).
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")

_END: Any = object()


def one_ahead(items: Iterable[T]) -> Iterator[T]:
    """The items in their order; an error in making one is raised where that one would have come."""
    coming = iter(items)
    with ThreadPoolExecutor(1) as thread:
        made = thread.submit(next, coming, _END)
        while (item := made.result()) is not _END:
            made = thread.submit(next, coming, _END)
            yield item


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter.

    >>> list(in_batches("abc", 2))
    [['a', 'b'], ['c']]
    """
    coming = iter(items)
    while batch := list(islice(coming, size)):
        yield batch
