"""Memory that was freed goes back to the system, instead of waiting in allocators for a next time that never comes."""

import ctypes
import sys
from functools import cache
from typing import Any

import pyarrow as pa


def give_back() -> None:
    """Return what Arrow and C keep at hand; worth its milliseconds after a stage that used much."""
    pa.default_memory_pool().release_unused()
    if (trim := _malloc_trim()) is not None:
        trim(0)


@cache
def _malloc_trim() -> Any:
    """The C library's own; None where it has none."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
