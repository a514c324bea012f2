"""Which creators the filters, the quoted phrases and the excluded words of a query keep."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

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
    "momentum": "momentum",
}  # fmt: skip
MOMENTA = ("rising", "steady", "falling")
#: what is counted
FACETS = ("platforms", "follower_band", "primary_niche", "content_style", "language", "country", "activity")


class FilterIndex:
    """Masks over the creators of a snapshot; those of the last filters are kept."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._by_filters = lru_cache(KEPT_MASKS)(self._mask_of_filters)

    def mask(self, query: Query) -> Mask:
        """True for every creator that satisfies the filters, the phrases and the excluded words; not to be written to.

        Raises ConfigError for a value outside a closed vocabulary.
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

    def mask_of(self, creator_ids: Iterable[str]) -> Mask:
        """True for these creators, as far as they are here."""
        mask = np.zeros(len(self._snapshot), bool)
        docs = (self._snapshot.doc_of(creator_id) for creator_id in creator_ids)
        mask[[doc for doc in docs if doc is not None]] = True
        return mask

    def facets(self, docs: Docs) -> Facets:
        """Per facet, how many of these creators have each value; a creator counts for each of its platforms."""
        return {name: self._snapshot.columns.counts(name, docs) for name in FACETS}

    def _mask_of_filters(self, filters: Filters) -> Mask:
        self._check(filters)
        columns = self._snapshot.columns
        kept = np.ones(len(self._snapshot), bool)
        for name, column in _COLUMNS.items():
            if wanted := getattr(filters, name):
                kept &= columns.one_of(column, wanted)
        if filters.niche:
            kept &= columns.in_niche(filters.niche)
        if filters.platform:
            kept &= columns.on_platform(filters.platform)
        if filters.min_followers is not None or filters.max_followers is not None:
            # On the platforms asked for, or else in all; a hidden count lies in no range.
            kept &= columns.followers(filters.min_followers, filters.max_followers, filters.platform)
        kept.flags.writeable = False  # shared by every query with these filters
        return kept

    def _check(self, filters: Filters) -> None:
        niches = self._snapshot.content.niches
        known: dict[str, Iterable[str]] = {
            "follower_band": FOLLOWER_BANDS, "activity": ACTIVITY, "niche": niches, "primary_niche": niches,
            "momentum": MOMENTA,
        }  # fmt: skip
        for name, values in known.items():
            unknown = sorted(set(getattr(filters, name)) - set(values))
            if unknown:
                raise ConfigError(f"no {name} {', '.join(unknown)}", hint=f"{name} is one of {_some(values)}")

    def _with_phrase(self, phrase: tuple[str, ...], kept: Mask) -> Mask:
        holders = [self._snapshot.bm25.holders(word)[0] for word in phrase]
        candidates = [doc for doc in _common(holders) if kept[doc]]
        found = np.zeros(len(self._snapshot), bool)
        texts = self._snapshot.texts(candidates)
        found[[doc for doc, text in zip(candidates, texts, strict=True) if _holds(text, phrase)]] = True
        return found


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
