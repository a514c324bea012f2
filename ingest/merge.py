"""Newest wins, field by field: what is known after some payloads, whatever the order in which they arrived.

A payload speaks only for the fields it carried. Each field therefore remembers the stamp (fetched_at, sha256) of the
payload it was taken from, as one bit in a mask per stamp; usually there is one stamp and the memory is one number.

What a payload says about a thing is a *claim*, a row of a table: `key`, `fetched_at`, `sha256` (the stamp), `source`,
`about` (false when it only mentions the thing), `carried` (a bit per field) and the fields. A stored row is as many
claims as it remembers stamps, so that merging is one and the same step for new rows, known rows and renamed ones.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]


class FieldOrder:
    """Which bit stands for which field. Append to it, never reorder: masks are stored."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.bits = {name: 1 << position for position, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Groups:
    """The claims of each key side by side, oldest stamp first; of one stamp the later row last."""

    #: rows of the table in that order
    rows: Integers
    #: per key: the place of its first and of its last claim in `rows`
    starts: Integers
    ends: Integers
    #: per place in `rows`: a number that grows with each new key or stamp
    runs: Integers

    def last(self, chosen: npt.NDArray[np.bool_]) -> Integers:
        """Per key: the place of its last claim among the chosen (one flag per place), -1 where there is none."""
        places = np.maximum.accumulate(np.where(chosen, np.arange(len(chosen)), -1))[self.ends]
        return np.where(places >= self.starts, places, -1)

    def least(self, values: Integers) -> Integers:
        """Per key: the least of a number per place."""
        return np.minimum.reduceat(values, self.starts)

    def greatest(self, values: Integers) -> Integers:
        """Per key: the greatest of a number per place."""
        return np.maximum.reduceat(values, self.starts)


def group(claims: pa.Table) -> Groups:
    """Sort claims by key and stamp; keys stand in the order in which they first appear. At least one claim."""
    keys, fetched_at, sha256 = _codes(claims["key"]), integers(claims["fetched_at"]), ranks(claims["sha256"])
    rows = np.lexsort((np.arange(len(keys)), sha256, fetched_at, keys))
    is_first = _changes(keys[rows])
    is_new = is_first | _changes(fetched_at[rows]) | _changes(sha256[rows])
    starts = np.flatnonzero(is_first)
    return Groups(rows, starts, np.append(starts[1:], len(rows)) - 1, np.cumsum(is_new))


def newest_wins(order: FieldOrder, claims: pa.Table, groups: Groups) -> dict[str, pa.Array]:
    """One row per key: `key`, each field by its newest claim (null when no payload carried it), and what is remembered.

    `fetched_at`, `sha256`, `source` are those of the newest claim that is about the thing, null when there is none;
    `carried` is the stored form of the masks.
    """
    masks = integers(claims["carried"])[groups.rows]
    newest = groups.last(claims["about"].to_numpy()[groups.rows])
    won = np.zeros_like(masks)
    found = {"key": claims["key"].take(groups.rows[groups.ends])}
    for name, bit in order.bits.items():
        winners = groups.last(masks & bit != 0)
        won[winners[winners >= 0]] |= bit
        found[name] = _taken(claims[name], groups, winners)
    for name in ("fetched_at", "sha256", "source"):
        found[name] = _taken(claims[name], groups, newest)
    return found | {"carried": _packed(claims, groups, won, newest)}


def unpack(carried: pa.Table, order: FieldOrder) -> pa.Table:
    """The claims in stored rows: `row` (its position), `fetched_at`, `sha256`, `about`, `carried`.

    `carried` has the columns `fetched_at`, `sha256` ("" when no payload was about it), `carried` and the fields. A row
    that was not written here has no memory: its newest payload carried whatever it holds.
    """
    found: dict[str, list[Any]] = {"row": [], "fetched_at": [], "sha256": [], "about": [], "carried": []}
    stamps = zip(*(carried[name].to_pylist() for name in ("fetched_at", "sha256", "carried")), strict=True)
    held = _held(carried, order)
    for row, (fetched_at, sha256, packed) in enumerate(stamps):
        own, others = _unpacked(packed) if packed is not None else (int(held[row]), ())
        for claim in ((fetched_at, sha256, bool(sha256), own), *((at, sha, False, mask) for at, sha, mask in others)):
            for column, value in zip(found.values(), (row, *claim), strict=True):
                column.append(value)
    types = (pa.int64(), pa.int64(), pa.string(), pa.bool_(), pa.int64())
    return pa.table({name: pa.array(found[name], kind) for name, kind in zip(found, types, strict=True)})


def integers(column: pa.ChunkedArray) -> Integers:
    """A column without nulls as numbers."""
    numbers: Integers = column.to_numpy()
    return numbers


def ranks(column: pa.ChunkedArray) -> Integers:
    """Numbers in the order of the texts' bytes; few texts stand many times."""
    encoded = column.combine_chunks().dictionary_encode()
    by_size = np.argsort(pc.sort_indices(encoded.dictionary).to_numpy())
    found: Integers = by_size[encoded.indices.to_numpy(zero_copy_only=False)]
    return found


def _codes(column: pa.ChunkedArray) -> Integers:
    codes: Integers = column.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return codes


def _changes(values: Integers) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before; always at the first."""
    return np.append(True, values[1:] != values[:-1])


def _taken(column: pa.ChunkedArray, groups: Groups, places: Integers) -> pa.ChunkedArray:
    """The values at these places, null for -1."""
    rows = pa.array(groups.rows[places], mask=places < 0)
    return column.take(rows)


def _packed(claims: pa.Table, groups: Groups, won: Integers, newest: Integers) -> pa.Array:
    """The stored form of the masks: JSON object "fetched_at:sha256" → mask, "" for the newest payload."""
    runs = np.where(newest >= 0, groups.runs[newest], -1)
    keys = np.repeat(np.arange(len(groups.starts)), groups.ends - groups.starts + 1)
    is_own = groups.runs == runs[keys]
    own = np.add.reduceat(np.where(is_own, won, 0), groups.starts)
    masks, which = np.unique(own, return_inverse=True)
    packed = pa.array([_json({"": mask} if mask else {}) for mask in masks.tolist()], pa.string()).take(pa.array(which))
    others = np.flatnonzero((won != 0) & ~is_own)
    if others.size == 0:
        return packed
    memories: dict[int, dict[str, int]] = {}
    stamped = claims.select(["fetched_at", "sha256"]).take(pa.array(groups.rows[others])).to_pylist()
    for key, mask, stamp in zip(keys[others].tolist(), won[others].tolist(), stamped, strict=True):
        name = f"{stamp['fetched_at']}:{stamp['sha256']}"
        memory = memories.setdefault(key, {"": int(own[key])} if own[key] else {})
        memory[name] = memory.get(name, 0) | mask
    changed = np.isin(np.arange(len(own)), list(memories))
    return pc.replace_with_mask(packed, changed, pa.array([_json(memories[key]) for key in sorted(memories)]))


def _json(memory: dict[str, int]) -> str:
    return json.dumps(memory, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=4096)  # most rows remember one of a few masks
def _unpacked(packed: str) -> tuple[int, tuple[tuple[int, str, int], ...]]:
    """The mask of the newest payload, and (fetched_at, sha256, mask) of the others.

    >>> _unpacked('{"":3,"4:cd":4}')
    (3, ((4, 'cd', 4),))
    """
    masks = json.loads(packed)
    own = masks.pop("", 0)
    stamps = ((name.partition(":"), mask) for name, mask in masks.items())
    return own, tuple((int(fetched_at), sha256, mask) for (fetched_at, _, sha256), mask in stamps)


def _held(rows: pa.Table, order: FieldOrder) -> Integers:
    held = np.zeros(rows.num_rows, np.int64)
    for name, bit in order.bits.items():
        held |= bit * rows[name].is_valid().to_numpy().astype(np.int64)
    return held
