"""Which creators the filters, the quoted phrases and the excluded words of a query keep."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.errors import ConfigError
from index.documents import ACTIVITY, FOLLOWER_BANDS
from index.snapshot import Snapshot
from index.text import tokens
from search.query import Filters, Query

Mask = npt.NDArray[np.bool_]
Docs = npt.NDArray[np.intp]
Facets = Mapping[str, Mapping[str, int]]

KEPT_MASKS = 32  # of the filters asked for last; a megabyte each at a million creators

#: filter → column that must equal one of its values
_COLUMNS = {
    "follower_band": "follower_band", "primary_niche": "primary_niche", "style": "content_style",
    "account_kind": "account_kind", "language": "language", "country": "country", "activity": "activity",
}  # fmt: skip
#: what is counted: each a filter of the same name, except that `content_style` is asked for as `style`
FACETS = ("platforms", "follower_band", "primary_niche", "content_style", "language", "country", "activity")


@dataclass(frozen=True, slots=True)
class Coded:
    """A text column as numbers: entry i says `labels[codes[i]]` of creator `owners[i]`; -1 is not known."""

    labels: Sequence[str]
    codes: npt.NDArray[np.int32]
    #: None: entry i belongs to creator i
    owners: Docs | None = None

    def holding(self, wanted: Iterable[int], count: int) -> Mask:
        """True for each of `count` creators that has an entry with one of the wanted codes."""
        allowed = np.zeros(len(self.labels) + 1, bool)  # the last place is where -1 leads
        allowed[list(wanted)] = True
        found: Mask = allowed[self.codes]
        if self.owners is None:
            return found
        kept = np.zeros(count, bool)
        kept[self.owners[found]] = True
        return kept

    def counts(self, kept: Mask) -> dict[str, int]:
        """Label → creators among the kept ones that have it; most first, then by label."""
        codes = self.codes[kept] if self.owners is None else self.codes[kept[self.owners]]
        found = np.bincount(codes[codes >= 0], minlength=len(self.labels))
        order = sorted(np.flatnonzero(found).tolist(), key=lambda code: (-found[code], self.labels[code]))
        return {self.labels[code]: int(found[code]) for code in order}


class FilterIndex:
    """The filter columns of a snapshot as arrays."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._by_filters = lru_cache(KEPT_MASKS)(self._mask_of_filters)

    def mask(self, query: Query) -> Mask:
        """True for every creator that satisfies the filters, the phrases and the excluded words.

        Not to be written to. Raises ConfigError for a value outside a closed vocabulary.
        """
        kept = self._by_filters(query.filters)
        if not query.excluded and not query.phrases:
            return kept
        kept = kept.copy()
        for word in query.excluded:
            kept[self._snapshot.bm25.holders(word)[0]] = False
        for phrase in query.phrases:
            kept &= self._with_phrase(phrase, kept)
        return kept

    def facets(self, kept: Mask) -> Facets:
        """Per facet, how many of the kept creators have each value; a creator counts for each of its platforms."""
        return {name: self._coded(name).counts(kept) for name in FACETS}

    def docs(self, creator_ids: Iterable[str]) -> Docs:
        """The internal ids of those that are in the index."""
        wanted = pa.array(sorted(creator_ids), pa.string())
        found = pc.index_in(wanted, self._snapshot.creators["creator_id"].combine_chunks())
        return np.asarray(found.drop_null(), np.intp)

    def _mask_of_filters(self, filters: Filters) -> Mask:
        self._check(filters)
        count = len(self._snapshot)
        kept = np.ones(count, bool)
        for name, column in _COLUMNS.items():
            if wanted := getattr(filters, name):
                coded = self._coded(column)
                kept &= coded.holding(_codes(coded, wanted), count)
        if filters.niche:
            kept &= self._in_niche(filters.niche)
        if filters.platform:
            platforms = self._coded("platforms")
            kept &= platforms.holding(_codes(platforms, filters.platform), count)
        if filters.min_followers is not None or filters.max_followers is not None:
            kept &= self._by_followers(filters)
        kept.flags.writeable = False  # shared by every query with these filters
        return kept

    def _check(self, filters: Filters) -> None:
        known = {
            "follower_band": set(FOLLOWER_BANDS), "activity": set(ACTIVITY),
            "niche": set(self._snapshot.content.niches), "primary_niche": set(self._snapshot.content.niches),
        }  # fmt: skip
        for name, values in known.items():
            unknown = sorted(set(getattr(filters, name)) - values)
            if unknown:
                raise ConfigError(f"no {name} {', '.join(unknown)}", hint=f"{name} is one of {_some(values)}")

    def _in_niche(self, wanted: Sequence[str]) -> Mask:
        kept = np.zeros(len(self._snapshot), bool)
        for column in ("primary_niche", "secondary_niches"):
            coded = self._coded(column)
            below = (
                code
                for code, label in enumerate(coded.labels)
                if any(label == niche or label.startswith(f"{niche}.") for niche in wanted)
            )
            kept |= coded.holding(below, len(kept))
        return kept

    def _by_followers(self, filters: Filters) -> Mask:
        """By the followers on the platforms asked for, or else by all of them; a hidden count is in no band."""
        low, high = filters.min_followers, filters.max_followers
        if not filters.platform:
            return _between(self._snapshot.creators["followers_total"], low, high)
        kept = np.zeros(len(self._snapshot), bool)
        audience = self._audience
        there = pc.is_in(audience.platforms, value_set=pa.array(filters.platform, pa.string()))
        kept[audience.owners[np.asarray(there) & _between(audience.followers, low, high)]] = True
        return kept

    def _with_phrase(self, phrase: tuple[str, ...], kept: Mask) -> Mask:
        holders = [self._snapshot.bm25.holders(word)[0] for word in phrase]
        candidates = [doc for doc in _common(holders) if kept[doc]]
        found = np.zeros(len(self._snapshot), bool)
        texts = self._snapshot.keyword_texts
        found[[doc for doc in candidates if _holds(texts[int(doc)].as_py(), phrase)]] = True
        return found

    def _coded(self, column: str) -> Coded:
        if column not in self._columns:
            # Two threads may both get here: they write the same.
            self._columns[column] = _encode(self._snapshot.creators[column])
        return self._columns[column]

    @cached_property
    def _columns(self) -> dict[str, Coded]:
        return {}

    @cached_property
    def _audience(self) -> "_Audience":
        entries, owners = _flat(self._snapshot.creators["followers_by_platform"])
        return _Audience(owners, entries.field("platform"), entries.field("followers"))


@dataclass(frozen=True, slots=True)
class _Audience:
    """One entry per creator and platform."""

    owners: Docs
    platforms: pa.Array
    followers: pa.Array


def _encode(column: pa.ChunkedArray) -> Coded:
    values, owners = _flat(column) if pa.types.is_list(column.type) else (column.combine_chunks(), None)
    encoded = values.dictionary_encode() if not pa.types.is_dictionary(values.type) else values
    codes = np.asarray(encoded.indices.fill_null(-1), np.int32)
    return Coded(encoded.dictionary.to_pylist(), codes, owners)


def _codes(coded: Coded, wanted: Sequence[str]) -> Iterator[int]:
    return (code for code, label in enumerate(coded.labels) if label in wanted)


def _flat(column: pa.ChunkedArray) -> tuple[pa.Array, Docs]:
    lists = column.combine_chunks()
    return lists.flatten(), pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.intp)


def _between(followers: pa.ChunkedArray | pa.Array, low: int | None, high: int | None) -> Mask:
    known = np.asarray(followers.is_valid())
    values = np.asarray(followers.fill_null(0))
    return known & (values >= (low or 0)) & (values <= (np.iinfo(np.int64).max if high is None else high))


def _common(holders: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    common = holders[0]
    for other in holders[1:]:
        common = np.intersect1d(common, other, assume_unique=True)
    return common


def _holds(text: str, phrase: tuple[str, ...]) -> bool:
    for line in text.splitlines():
        words = tokens(line)
        if any(tuple(words[start : start + len(phrase)]) == phrase for start in range(len(words) - len(phrase) + 1)):
            return True
    return False


def _some(values: Iterable[str]) -> str:
    shown = sorted(values)
    return ", ".join(shown[:30]) + (", …" if len(shown) > 30 else "")
