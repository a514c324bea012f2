"""A question in checked form, and which creators its filters keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from base.errors import ConfigError
from base.platforms import PLATFORM_ALIASES
from index.documents import ACTIVITY, FOLLOWER_BANDS
from index.snapshot import Snapshot
from index.text import tokens

Mask = npt.NDArray[np.bool_]


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _platforms(value: Any) -> Any:
    return tuple(PLATFORM_ALIASES.get(name.lower(), name.lower()) for name in _several(value))


def _upper(value: Any) -> Any:
    return tuple(code.upper() for code in _several(value))


def _lower(value: Any) -> Any:
    return tuple(code.lower() for code in _several(value))


AnyOf = Annotated[tuple[str, ...], BeforeValidator(_several)]


class Filters(BaseModel):
    """What a creator must satisfy, all of it; within one filter any of the values will do. None and () ask nothing.

    A creator whose value is unknown satisfies no filter on it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: Annotated[tuple[str, ...], BeforeValidator(_platforms)] = ()
    #: followers in all, or on one of the platforms when `platform` is given
    min_followers: int | None = Field(default=None, ge=0)
    max_followers: int | None = Field(default=None, ge=0)
    follower_band: AnyOf = ()
    #: primary or secondary; a primary id also stands for the niches below it
    niche: AnyOf = ()
    primary_niche: AnyOf = ()
    style: AnyOf = ()
    account_kind: AnyOf = ()
    #: ISO 639-1
    language: AnyOf = ()
    #: ISO 3166-1 alpha-2
    country: AnyOf = ()
    activity: AnyOf = ()


def build_filters(**values: Any) -> Filters:
    """Checked filters. Raises ConfigError naming every unknown filter or impossible value."""
    try:
        return Filters(**{name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in error.errors()]
        known = ", ".join(Filters.model_fields)
        raise ConfigError(f"filters: {'; '.join(mistakes)}", hint=f"filters are {known}") from None


@dataclass(frozen=True, slots=True)
class Query:
    #: the question as it was typed
    asked: str
    #: what is left for words and meaning once filters were taken out
    text: str
    #: folded words of `text`, without stop words, each once
    terms: tuple[str, ...]
    #: folded words that must stand side by side in one line of the creator's text
    phrases: tuple[tuple[str, ...], ...]
    #: folded words that must not appear
    excluded: tuple[str, ...]
    filters: Filters
    #: how each part of the phrase was understood, for the person who typed it
    understood: tuple[str, ...]


class FilterIndex:
    """The filter columns of a snapshot as arrays."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def mask(self, query: Query) -> Mask:
        """True for every creator that satisfies the filters, the phrases and the excluded words."""
        filters = query.filters
        self._check(filters)
        kept = np.ones(len(self._snapshot), bool)
        for name, column in _COLUMNS.items():
            if wanted := getattr(filters, name):
                kept &= self._one_of(column, wanted)
        if filters.niche:
            kept &= self._in_niche(filters.niche)
        if filters.platform:
            kept &= self._on_platform(filters.platform)
        if filters.min_followers is not None or filters.max_followers is not None:
            kept &= self._by_followers(filters)
        for word in query.excluded:
            kept[self._snapshot.bm25.holders(word)[0]] = False
        for phrase in query.phrases:
            kept &= self._with_phrase(phrase, kept)
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

    def _one_of(self, column: str, wanted: Sequence[str]) -> Mask:
        found = pc.is_in(self._snapshot.creators[column], value_set=pa.array(wanted, pa.string()))
        return np.asarray(found)

    def _in_niche(self, wanted: Iterable[str]) -> Mask:
        kept = np.zeros(len(self._snapshot), bool)
        owners, niches = self._niches
        for niche in wanted:
            found = pc.or_(pc.equal(niches, niche), pc.starts_with(niches, pattern=f"{niche}."))
            kept[owners[np.asarray(found)]] = True
        return kept

    def _on_platform(self, wanted: AnyOf) -> Mask:
        """Also creators whose followers there are hidden."""
        kept = np.zeros(len(self._snapshot), bool)
        platforms, owners = _flat(self._snapshot.creators["platforms"])
        kept[owners[_is_among(platforms, wanted)]] = True
        return kept

    def _by_followers(self, filters: Filters) -> Mask:
        """By the followers on the platforms asked for, or else by all of them; a hidden count is in no band."""
        low, high = filters.min_followers, filters.max_followers
        if not filters.platform:
            return _between(self._snapshot.creators["followers_total"], low, high)
        kept = np.zeros(len(self._snapshot), bool)
        owners, platforms, followers = self._audiences
        kept[owners[_is_among(platforms, filters.platform) & _between(followers, low, high)]] = True
        return kept

    def _with_phrase(self, phrase: tuple[str, ...], kept: Mask) -> Mask:
        holders = [self._snapshot.bm25.holders(word)[0] for word in phrase]
        candidates = [doc for doc in _common(holders) if kept[doc]]
        found = np.zeros(len(self._snapshot), bool)
        texts = self._snapshot.keyword_texts
        found[[doc for doc in candidates if _holds(texts[int(doc)].as_py(), phrase)]] = True
        return found

    @cached_property
    def _niches(self) -> tuple[npt.NDArray[np.intp], pa.Array]:
        creators = self._snapshot.creators
        secondary, owners = _flat(creators["secondary_niches"])
        primary = creators["primary_niche"].combine_chunks()
        everyone = np.arange(len(self._snapshot))
        return np.concatenate([everyone, owners]), pa.concat_arrays([primary, secondary]).fill_null("")

    @cached_property
    def _audiences(self) -> tuple[npt.NDArray[np.intp], pa.Array, pa.Array]:
        entries, owners = _flat(self._snapshot.creators["followers_by_platform"])
        return owners, entries.field("platform"), entries.field("followers")


#: filter → column that must equal one of its values
_COLUMNS = {
    "follower_band": "follower_band", "primary_niche": "primary_niche", "style": "content_style",
    "account_kind": "account_kind", "language": "language", "country": "country", "activity": "activity",
}  # fmt: skip


def _flat(column: pa.ChunkedArray) -> tuple[pa.Array, npt.NDArray[np.intp]]:
    lists = column.combine_chunks()
    return lists.flatten(), pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.intp)


def _is_among(values: pa.Array, wanted: AnyOf) -> Mask:
    return np.asarray(pc.is_in(values, value_set=pa.array(wanted, pa.string())))


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
