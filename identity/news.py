"""Which compared pairs can no longer stand, because a word they were weighed by became rarer or more common.

Comes in: the words' bands then and now, pairs with their remembered levels. Goes out: a mask over the pairs. What an
account says itself is in its mark; words are not, for a word that moves touches only the pairs that share it.
"""

import re
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
WORDS_AT_ONCE = 256  # in one pattern; many more would outgrow the automaton that reads each letter once


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
    """Which texts hold one of the words somewhere inside."""
    asked = [re.escape(word) for word in words.to_pylist() if word]
    found = np.zeros(len(texts), bool)
    for start in range(0, len(asked), WORDS_AT_ONCE):
        pattern = "|".join(asked[start : start + WORDS_AT_ONCE])
        found |= pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_numpy()
    return found
