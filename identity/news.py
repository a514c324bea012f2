"""Which compared pairs can no longer stand, because a word they were weighed by became rarer or more common.

Comes in: the words' bands then and now, pairs with their remembered levels. Goes out: a mask over the pairs. What an
account says itself is in its mark; words are not, for a word that moves touches only the pairs that share it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.comparisons import HANDLE_RELATIONS, NAME_RELATIONS
from identity.values import BIO_WORD, NAME_WORD

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

_HANDLES = {name: place for place, name in enumerate(HANDLE_RELATIONS)}
_NAMES = {name: place for place, name in enumerate(NAME_RELATIONS)}
#: where a word of a name may spell a part of a handle, besides its core
OTHER_FORMS = ("handle", "handle_letters")
#: factor of the rolling hash over bytes: odd, and large enough to spread over 64 bits
HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)
FILTER_BITS = 20


@dataclass(frozen=True, slots=True)
class Moved:
    """Which accounts hold a word whose band moved, by row."""

    names: Mask
    bios: Mask
    handles: Mask

    def touches(self, left: Rows, right: Rows, handle_name: npt.NDArray[np.int8]) -> Mask:
        """Which pairs may weigh differently. handle_name: the level they reached on HANDLE_NAME.

        A shared word stands on both sides. Two relations are weighed by more than what both sides hold: similar names
        by the rarer one, and a handle that spells a name by that handle.
        """
        handle, name = np.divmod(handle_name, len(NAME_RELATIONS))
        is_shared = shares_handle(handle_name)
        return np.asarray(
            (self.bios[left] & self.bios[right])
            | _on(self.names, left, right, either=name == _NAMES["similar"])
            | (is_shared & _on(self.handles, left, right, either=handle == _HANDLES["spelled"]))
        )


def _on(held: Mask, left: Rows, right: Rows, *, either: Mask) -> Mask:
    return np.asarray((held[left] & held[right]) | (either & (held[left] | held[right])))


def banded_words(value_counts: pa.Table) -> pa.Table:
    """kind, value, band of the words of names and bios."""
    words = value_counts.filter(pc.is_in(value_counts["kind"], value_set=pa.array([NAME_WORD, BIO_WORD])))
    bands = pa.array(np.frexp(words["count"].to_numpy())[1] - 1, pa.int8())
    return words.select(["kind", "value"]).append_column("band", bands)


def shares_handle(handle_name: npt.NDArray[np.int8]) -> Mask:
    """Which levels of HANDLE_NAME are weighed by the surprise of a handle, or of a part of it."""
    return np.asarray(handle_name // len(NAME_RELATIONS) <= _HANDLES["start"])


def moved_words(profiles: pa.Table, before: pa.Table, now: pa.Table, engine: Engine, with_handles: Mask) -> Moved:
    """profiles: by row; before, now: value counts; with_handles: accounts whose handle is asked about."""
    moved = engine.sql(_MOVED, before=banded_words(before), words_now=banded_words(now))
    names, bios = (moved.filter(pc.equal(moved["kind"], kind))["value"] for kind in (NAME_WORD, BIO_WORD))
    spelled = np.zeros(profiles.num_rows, bool)
    spelled[with_handles] = _spelling(
        profiles.select(["handle_core", *OTHER_FORMS]).filter(pa.array(with_handles)), names
    )
    return Moved(
        names=_holding(pc.utf8_split_whitespace(profiles["name_key"].combine_chunks()), names),
        bios=_holding(profiles["bio_tokens"].combine_chunks(), bios),
        handles=spelled,
    )


def _spelling(handles: pa.Table, words: pa.ChunkedArray) -> Mask:
    """Which handles hold one of the words, in any of their forms."""
    core = handles["handle_core"]
    found = containing(core, words)
    for form in (handles[name] for name in OTHER_FORMS):
        found |= containing(pc.if_else(pc.fill_null(pc.equal(form, core), False), None, form), words)
    return found


_MOVED = """
SELECT coalesce(n.kind, b.kind) AS kind, coalesce(n.value, b.value) AS value
FROM words_now n FULL OUTER JOIN before b ON b.kind = n.kind AND b.value = n.value
WHERE n.band IS NULL OR b.band IS NULL OR n.band <> b.band
"""


def _holding(held: pa.ListArray, words: pa.ChunkedArray) -> Mask:
    """Which rows of lists hold one of the words."""
    found = pc.list_parent_indices(held).filter(pc.is_in(pc.list_flatten(held), value_set=words))
    return np.bincount(found.to_numpy(), minlength=len(held)).astype(bool)


def containing(texts: pa.ChunkedArray, words: pa.ChunkedArray) -> Mask:
    """Which texts hold one of the words somewhere inside; a few more by chance, never one less.

    By a rolling hash over the bytes of all texts, a space between them, for every length a word has.
    """
    joined = pc.fill_null(texts, "").combine_chunks()
    ends = np.cumsum(pc.binary_length(joined).to_numpy() + 1)
    whole = pc.binary_join(pa.ListArray.from_arrays([0, len(joined)], joined), " ")
    data = np.frombuffer(whole[0].as_buffer(), dtype=np.uint8).astype(np.uint64)
    found = np.zeros(len(joined), bool)
    hashes = data.copy()
    wanted = _by_length(words)
    for length in range(1, max(wanted, default=0) + 1):
        if length > 1:
            hashes = hashes[: max(len(data) - length + 1, 0)] * HASH_FACTOR + data[length - 1 :]
        if length in wanted:
            starts = _hits(hashes, wanted[length])
            found[np.searchsorted(ends, starts, side="right")] = True
    return found


def _by_length(words: pa.ChunkedArray) -> dict[int, npt.NDArray[np.uint64]]:
    """The hashes of words by their length in bytes."""
    hashed: dict[int, list[int]] = {}
    for word in (text.encode() for text in words.to_pylist()):
        value = 0
        for byte in word:
            value = (value * int(HASH_FACTOR) + byte) % 2**64
        hashed.setdefault(len(word), []).append(value)
    return {length: np.array(sorted(values), dtype=np.uint64) for length, values in hashed.items()}


def _hits(hashes: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> Rows:
    """Places of the hashes that are wanted; a small table says no to nearly all others first."""
    shift = np.uint64(64 - FILTER_BITS)
    likely = np.zeros(1 << FILTER_BITS, bool)
    likely[wanted >> shift] = True
    places = np.flatnonzero(likely[hashes >> shift])
    return places[np.isin(hashes[places], wanted)]
