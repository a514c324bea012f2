"""Scored pairs by the names of their levels: a test says what two accounts have in common and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from identity.comparisons import COMPARISONS
from identity.weights import LEVEL_CODES, Model

#: what a pair reaches where a test says nothing: the level that says nothing, or else the weakest
_SILENT = ("none", "incomparable", "different", "different_different")


def levels(**reached: str) -> str:
    """A `levels` string.

    >>> len(levels(claim="mutual")) == len(COMPARISONS)
    True
    """
    codes = []
    for comparison in COMPARISONS:
        names = [level.name for level in comparison.levels]
        silent = (
            "different"
            if comparison.name == "platform"
            else next((name for name in _SILENT if name in names), names[-1])
        )
        codes.append(LEVEL_CODES[names.index(reached.get(comparison.name, silent))])
    return "".join(codes)


def pairs(rows: Sequence[tuple[str, str, Mapping[str, str]]], **columns: Sequence[Any]) -> pa.Table:
    """left, right, levels and whatever `columns` adds."""
    frame = {
        "left": pa.array([left for left, _, _ in rows], pa.string()),
        "right": pa.array([right for _, right, _ in rows], pa.string()),
        "levels": pa.array([levels(**reached) for _, _, reached in rows], pa.string()),
    }
    return pa.table(frame | {name: list(values) for name, values in columns.items()})


def bits_of(model: Model, comparison: str, level: str) -> float:
    (one,) = (one for one in model.comparisons if one.name == comparison)
    (found,) = (known for known in one.levels if known.name == level)
    return found.weight_bits
