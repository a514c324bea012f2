"""Freed memory goes back to the system."""

import sys
from pathlib import Path

import pytest

from engines.memory import give_back

PAGES, PAGE_BYTES = 1, 4096


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[PAGES]) * PAGE_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_was_freed_below_something_kept_is_given_back():
    blocks = [bytearray(100_000) for _ in range(1_000)]  # too small for pages of their own
    kept = bytearray(100_000)
    del blocks
    before = resident_bytes()
    give_back()
    assert before - resident_bytes() > 50_000_000
    assert kept
