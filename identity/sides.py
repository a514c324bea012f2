"""Both accounts of every pair, laid next to each other.

Comes in: profiles by row, pairs of rows. Goes out: whether values are equal, known, and what they are. Texts are
numbered once, over all profiles: pairs then compare numbers, and only the few that need it see the texts again.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.workers import available_cores
from identity.columns import texts
from identity.rarity import BANDED

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

#: columns that are compared with themselves
ALONE = (
    "handle", "handle_letters", "name_key", "email", "email_domain", "site", "platform", "account_kind_hint", "script",
)  # fmt: skip
#: columns that are compared with `handle_core`
SPELLINGS = ("name_spelled", "name_spelled_back", "email_stem", "site_stem")
TEXTS = ("handle", "handle_core", "handle_letters", "name_glued", "name_latin")


class Accounts:
    """What is read off one account, for all accounts by row."""

    def __init__(self, profiles: pa.Table) -> None:
        self.texts = {name: texts(profiles[name]) for name in TEXTS}
        cores = self.texts["handle_core"].dictionary_encode()
        with ThreadPoolExecutor(available_cores()) as threads:  # numbering is Arrow's work: threads do not wait
            alone = zip(ALONE, threads.map(_codes, (profiles[name] for name in ALONE)), strict=True)
            spelled = threads.map(partial(_codes_in, cores.dictionary), (profiles[name] for name in SPELLINGS))
            self.codes = {**dict(alone), **dict(zip(SPELLINGS, spelled, strict=True))}
        self.codes["handle_core"] = _filled(cores.indices)
        self._bands = {name: np.asarray(profiles[f"{name}_band"].to_numpy(), dtype=np.int8) for name in BANDED}
        kinds = profiles["account_kind_hint"]
        self.is_imitation = _mask(pc.is_in(kinds, value_set=pa.array(["fan", "parody"])))
        self.is_branch = _mask(pc.equal(kinds, "regional"))
        self.is_latin = _mask(pc.equal(profiles["script"], "Latin"))
        self.is_ascii_name = _mask(pc.string_is_ascii(profiles["name_key"]))
        #: log2 of followers + 1; NaN where they are unknown
        self.follower_doublings: Floats = np.log2(pc.cast(profiles["followers"], pa.float64()).to_numpy() + 1.0)

    def bands(self, column: str) -> npt.NDArray[np.int8]:
        """The band of how many share the account's value."""
        return self._bands[column]


class Sides:
    """One batch of pairs: anything of both accounts."""

    def __init__(self, accounts: Accounts, left: Rows, right: Rows) -> None:
        self.accounts = accounts
        self.left, self.right = left, right
        self._codes: dict[str, tuple[Codes, Codes]] = {}

    def __len__(self) -> int:
        return len(self.left)

    def equal(self, column: str, other: str | None = None) -> Mask:
        """Where both hold one value (left `column` against right `other`); never where one is missing."""
        left, right = self._both(column)[0], self._both(other or column)[1]
        return np.asarray((left == right) & (left >= 0))

    def missing(self, column: str) -> Mask:
        left, right = self._both(column)
        return np.asarray((left < 0) | (right < 0))

    def texts(self, column: str, chosen: Rows) -> tuple[list[str], list[str]]:
        """The texts of chosen pairs, "" where one is missing."""
        whole = self.accounts.texts[column]
        return _listed(whole, self.left[chosen]), _listed(whole, self.right[chosen])

    def _both(self, column: str) -> tuple[Codes, Codes]:
        if column not in self._codes:
            whole = self.accounts.codes[column]
            self._codes[column] = whole[self.left], whole[self.right]
        return self._codes[column]


def _codes(column: pa.ChunkedArray) -> Codes:
    """A number per distinct text; -1 where it is missing."""
    return _filled(texts(column).dictionary_encode().indices)


def _codes_in(known: pa.StringArray, column: pa.ChunkedArray) -> Codes:
    """The place of each text among known ones; -1 where it is not."""
    return _filled(pc.index_in(column, value_set=known, skip_nulls=True))


def _filled(codes: pa.Array | pa.ChunkedArray) -> Codes:
    return np.asarray(pc.fill_null(codes, -1).to_numpy(), dtype=np.int32)


def _listed(column: pa.StringArray, rows: Rows) -> list[str]:
    listed: list[str] = pc.fill_null(column.take(pa.array(rows)), "").to_pylist()
    return listed


def _mask(column: pa.ChunkedArray) -> Mask:
    return np.asarray(pc.fill_null(column, False).to_numpy(), dtype=bool)
