"""The filter columns of a snapshot: which creators have one of these values, and how many have which.

A mask is a bool per internal id. An unknown value fits nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from index.bm25 import Docs

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.signedinteger[Any]]
Owners = npt.NDArray[np.int32]

#: columns with one value per creator
CATEGORIES = (
    "follower_band", "primary_niche", "content_style", "account_kind", "language", "country", "activity",
    "momentum", "label_provenance",
)  # fmt: skip
_MOST = int(np.iinfo(np.int64).max)


class _Values:
    """Who has which value: (owner, value) pairs, values as numbers."""

    def __init__(self, owners: Owners | None, values: pa.Array) -> None:
        encoded = values.dictionary_encode()
        self.names: list[str] = encoded.dictionary.to_pylist()
        narrow = np.min_scalar_type(-len(self.names) - 1)  # most columns have few values: a byte each
        #: −1 for unknown
        self.codes: Codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(narrow)
        #: None when pair i belongs to creator i
        self.owners = owners

    def among(self, wanted: Collection[str]) -> Mask:
        """Which pairs have one of these values."""
        return self._looked_up([name in wanted for name in self.names])

    def below(self, prefixes: Iterable[str]) -> Mask:
        """Which pairs have one of these values or one that continues it after a dot."""
        given = tuple(prefixes)
        dotted = tuple(f"{prefix}." for prefix in given)
        return self._looked_up([name in given or name.startswith(dotted) for name in self.names])

    def _looked_up(self, answers: list[bool]) -> Mask:
        return np.array([*answers, False])[self.codes]  # −1 finds the last: unknown fits nothing


class Columns:
    """Numbers are made of each column the first time it is asked for."""

    def __init__(self, creators: pa.Table) -> None:
        self._creators = creators
        self._values: dict[str, _Values] = {}

    def warm(self) -> None:
        """Make the numbers of every column."""
        for name in (*CATEGORIES, "platforms", "niches"):
            self._of(name)
        if len(self._creators):
            self.followers(0, 0, ["youtube"])

    def one_of(self, column: str, values: Collection[str]) -> Mask:
        """Creators whose value is one of these."""
        return self._of(column).among(values)

    def in_niche(self, niches: Iterable[str]) -> Mask:
        """Creators with one of these as primary or secondary niche; a primary id also stands for those below it."""
        found = self._of("niches")
        return self._owned(found.owners, found.below(niches))

    def on_platform(self, platforms: Collection[str]) -> Mask:
        """Creators on one of these, also when their followers there are hidden."""
        found = self._of("platforms")
        return self._owned(found.owners, found.among(platforms))

    def followers(self, low: int | None, high: int | None, platforms: Collection[str] = ()) -> Mask:
        """Creators with so many followers, both ends included: in all, or on one of the platforms."""
        if not platforms:
            return _between(self._creators["followers_total"].combine_chunks(), low, high)
        audiences = self._of("audiences")
        return self._owned(audiences.owners, audiences.among(platforms) & _between(self._audience_sizes, low, high))

    def counts(self, column: str, docs: Docs) -> dict[str, int]:
        """How many of `docs` have which value, most first, then by value; lists count each of theirs."""
        found = self._of(column)
        codes = found.codes[docs if found.owners is None else self._marked(docs)[found.owners]]
        numbers = np.bincount(codes[codes >= 0], minlength=len(found.names))
        counted = Counter({name: int(count) for name, count in zip(found.names, numbers, strict=True) if count})
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    def _of(self, column: str) -> _Values:
        if column not in self._values:
            self._values[column] = self._read(column)
        return self._values[column]

    def _read(self, column: str) -> _Values:
        if column == "platforms":
            return _Values(self._parents("platforms"), self._flat("platforms"))
        if column == "audiences":
            return _Values(
                self._parents("followers_by_platform"), self._flat("followers_by_platform").field("platform")
            )
        if column == "niches":
            everyone = np.arange(len(self._creators), dtype=np.int32)
            values = [self._creators["primary_niche"].combine_chunks(), self._flat("secondary_niches")]
            return _Values(np.concatenate([everyone, self._parents("secondary_niches")]), pa.concat_arrays(values))
        return _Values(None, self._creators[column].combine_chunks())

    @cached_property
    def _audience_sizes(self) -> pa.Array:
        return self._flat("followers_by_platform").field("followers")

    def _flat(self, column: str) -> pa.Array:
        flat: pa.Array = self._creators[column].combine_chunks().flatten()
        return flat

    def _parents(self, column: str) -> Owners:
        parents = pc.list_parent_indices(self._creators[column].combine_chunks())
        owners: Owners = parents.to_numpy(zero_copy_only=False).astype(np.int32)
        return owners

    def _owned(self, owners: Owners | None, pairs: Mask) -> Mask:
        """The creators that own at least one of these pairs."""
        return self._marked(owners[pairs]) if owners is not None else pairs

    def _marked(self, docs: Docs | Owners) -> Mask:
        mask = np.zeros(len(self._creators), bool)
        mask[docs] = True
        return mask


def _between(followers: pa.Array, low: int | None, high: int | None) -> Mask:
    known = followers.is_valid().to_numpy(zero_copy_only=False)
    values = followers.fill_null(0).to_numpy(zero_copy_only=False)
    return np.asarray(known & (values >= (low or 0)) & (values <= (_MOST if high is None else high)))
