"""How surprising it is, in this population, that a stranger has the same handle, name or bio words. In bits.

Comes in: value counts, the population band, the model. Goes out: bits for texts, and the bands of exact values. Every
number is a pure function of banded counts, so that one more account moves nothing until a count doubles.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

from identity.spelling import Speller
from identity.values import BIO_WORD, NAME_WORD, band, counts_of
from identity.weights import Model

Bits = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: bits for "and here a word begins" while spelling a handle in words
WORD_START_BITS = 1.0
#: no single word of a bio says more: a word that few use is often a slip of the pen
MAX_BIO_WORD_BITS = 12.0
#: values whose bands stand beside each profile
BANDED = ("handle_core", "name_key", "email", "site")


@dataclass(frozen=True, slots=True)
class Rarity:
    """What is common in a population of 2^n_band, by the bits of its words."""

    n_band: int
    model: Model
    name_words: Mapping[str, float]
    bio_words: Mapping[str, float]

    @property
    def rarest_bits(self) -> float:
        """A word that few carry."""
        return self.n_band - 1.0

    def speller(self) -> Speller:
        """What tells the surprisal of handles, or of parts of them."""
        spelled = {word: bits + WORD_START_BITS for word, bits in self.name_words.items()}
        return Speller(spelled, self.model.handle_characters)

    def of_bands(self, bands: npt.NDArray[np.int8]) -> Bits:
        """Bits of values by the band of their count: seen once per platform it may be one person's everywhere."""
        return np.where(bands == 0, np.inf, np.maximum(self.n_band - bands.astype(np.float64), 1.0))


def rarity_of(value_counts: pa.Table, n_band: int, model: Model) -> Rarity:
    """The rarity that these counts tell."""
    bits = {
        kind: {word: float(max(n_band - band(count), 1)) for word, count in counts_of(value_counts, kind).items()}
        for kind in (NAME_WORD, BIO_WORD)
    }
    return Rarity(n_band, model, bits[NAME_WORD], bits[BIO_WORD])


def with_bands(profiles: pa.Table, value_counts: pa.Table) -> pa.Table:
    """`profiles` with `<value>_band` for each of BANDED: 0 where it stands once per platform."""
    bands = np.floor(np.log2(np.maximum(value_counts["count"].to_numpy(), 1))).astype(np.int8)
    for kind in BANDED:
        is_kind = pc.equal(value_counts["kind"], kind)
        values = value_counts["value"].filter(is_kind).combine_chunks()
        found = pc.index_in(profiles[kind], value_set=values, skip_nulls=True)
        known = pa.array(bands[is_kind.to_numpy()], pa.int8())
        profiles = profiles.append_column(f"{kind}_band", pc.fill_null(known.take(found.combine_chunks()), 0))
    return profiles


class SharedWords:
    """How many words two accounts share, and how surprising that is. Words by account, as a sparse matrix."""

    def __init__(self, words: pa.ListArray, bits: Mapping[str, float], rarest_bits: float, most_bits: float) -> None:
        flat = pc.list_flatten(words).dictionary_encode()
        known = [min(bits.get(word, rarest_bits), most_bits) for word in flat.dictionary.to_pylist()]
        codes = flat.indices.to_numpy()
        offsets = np.concatenate([[0], np.cumsum(_lengths(words))]).astype(codes.dtype)  # one width: no copies
        shape = (len(words), max(len(known), 1))
        self._weighed = csr_array((np.array(known, dtype=np.float64)[codes], codes, offsets), shape=shape)
        self._held = csr_array((np.ones(len(codes), np.int8), codes, offsets), shape=shape)
        #: words per account, and the bits of all of them
        self.sizes, self.total_bits = _sums(self._held), _sums(self._weighed)

    def of(self, left: Rows, right: Rows) -> tuple[npt.NDArray[np.float64], Bits]:
        """How many words each pair shares, and their bits."""
        held = self._held[right]
        return _sums(self._held[left] * held), _sums(self._weighed[left] * held)


def _sums(words: csr_array) -> Bits:
    return np.asarray(words.sum(axis=1), dtype=np.float64)


def name_words(profiles: pa.Table, rarity: Rarity) -> SharedWords:
    words = pc.utf8_split_whitespace(pc.fill_null(profiles["name_key"], "").combine_chunks())
    return SharedWords(words, {**rarity.name_words, "": 0.0}, rarity.rarest_bits, rarity.rarest_bits)


def bio_words(profiles: pa.Table, rarity: Rarity) -> SharedWords:
    words = profiles["bio_tokens"].combine_chunks()
    return SharedWords(words, rarity.bio_words, rarity.rarest_bits, MAX_BIO_WORD_BITS)


def _lengths(words: pa.ListArray) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.list_value_length(words), 0).to_numpy(), dtype=np.int64)
