"""From levels to bits: the frozen model, and how much a pair's evidence weighs.

Comes in: the levels a pair reached. Goes out: `match_weight_bits = prior + sum of log2(m / u)`, exactly and in the
order of the comparisons, and the probability that follows. m and u are the shares of true matches, and of
non-matches, on a level. Source: Fellegi & Sunter (1969), "A Theory for Record Linkage", JASA 64(328), 1183-1210.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from base.errors import ConfigError
from base.fingerprint import fingerprint
from identity.comparisons import COMPARISONS

SHIPPED_MODEL = Path(__file__).with_name("model.json")
#: one character per level index in a `levels` string
LEVEL_CODES = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

Bits = npt.NDArray[np.float64]


def level_weight_bits(m: float, u: float) -> float:
    """Evidence of one comparison level, in bits: log2(m / u); positive favours "same creator".

    m, u: share of true matches, and of non-matches, that fall on this level; both in (0, 1].
    Raises ValueError outside that range: a level never seen is smoothed in training, not guessed here.

    >>> level_weight_bits(m=0.8, u=0.1)
    3.0
    """
    if not (0 < m <= 1 and 0 < u <= 1):
        raise ValueError(f"m={m}, u={u}: both are shares in (0, 1]")
    return math.log2(m / u)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LevelWeights(_Frozen):
    name: str
    #: a sentence for the reviewer
    label: str
    m: float = Field(gt=0, le=1)
    u: float = Field(gt=0, le=1)

    @property
    def weight_bits(self) -> float:
        return level_weight_bits(self.m, self.u)


class ComparisonWeights(_Frozen):
    name: str
    levels: tuple[LevelWeights, ...]


class CalibrationPoint(_Frozen):
    """From `link_bits` on, merges of a population of 2^n_band accounts were measured to have this pair precision."""

    n_band: int
    precision: float
    link_bits: float


class HandleCharacters(_Frozen):
    """How surprising one character is after another, in bits: what a handle is worth when no word of it is known."""

    #: index 0 is the start and the end of a handle
    alphabet: str
    #: one row per preceding character, one column per character, both in the order of " " + alphabet
    bits: tuple[tuple[float, ...], ...]
    #: bits of a character outside the alphabet
    other_bits: float

    @cached_property
    def table(self) -> dict[str, float]:
        """Bits by two-character string, with a space for start and end."""
        characters = " " + self.alphabet
        return {a + b: self.bits[i][j] for i, a in enumerate(characters) for j, b in enumerate(characters)}

    def step(self, before: str, character: str) -> float:
        return self.table.get(before + character, self.other_bits)


class Model(_Frozen):
    """Everything frozen: replaced only by training or calibration, which forces a full resolve."""

    version: int
    #: where the numbers come from
    provenance: dict[str, Any]
    #: prior = prior_offset_bits - prior_slope * n_band. Odds that a proposed pair matches fall as the population grows,
    #: but slower than 1 / N: the rules propose about as many pairs per account at any size
    prior_offset_bits: float
    prior_slope: float = Field(ge=0, le=1)
    #: from here on a pair that cannot be linked is worth a person's time
    review_bits: float
    #: a bare handle match links when the handle's surprise exceeds log2(N) by more than this
    bare_handle_margin_bits: float
    comparisons: tuple[ComparisonWeights, ...]
    calibration: tuple[CalibrationPoint, ...]
    handle_characters: HandleCharacters

    @model_validator(mode="after")
    def _matches_the_comparisons(self) -> "Model":
        ours = [(comparison.name, [level.name for level in comparison.levels]) for comparison in COMPARISONS]
        given = [(comparison.name, [level.name for level in comparison.levels]) for comparison in self.comparisons]
        if ours != given:
            wrong = next((a[0] for a, b in zip(ours, given, strict=False) if a != b), "their number")
            raise ValueError(f"comparisons differ from this version's: {wrong}")
        return self

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self.model_dump(mode="json"))

    @cached_property
    def weights(self) -> tuple[Bits, ...]:
        """Per comparison, the bits of each level."""
        return tuple(np.array([level.weight_bits for level in comparison.levels]) for comparison in self.comparisons)

    def prior_bits(self, n_band: int) -> float:
        return self.prior_offset_bits - self.prior_slope * n_band


def load_model(path: Path | None = None) -> Model:
    """The model in `path`, or the shipped one. Raises ConfigError when it does not fit this version."""
    path = path or SHIPPED_MODEL
    try:
        return Model.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(
            f"{path.name}: not a model of this version: {error}", hint="use the shipped model or train one"
        ) from error


def match_weight_bits(levels: Sequence[npt.NDArray[np.int8]], model: Model, n_band: int) -> Bits:
    """prior + sum of the levels' bits, added in the order of the comparisons.

    levels: one int8 array per comparison, all of one length.
    """
    total = np.full(len(levels[0]), model.prior_bits(n_band))
    for weights, reached in zip(model.weights, levels, strict=True):
        total += weights[reached]
    return total


def match_probability(weight_bits: Bits) -> Bits:
    """The probability that goes with a weight.

    >>> match_probability(np.array([0.0])).tolist()
    [0.5]
    """
    return np.asarray(1.0 / (1.0 + np.exp2(-weight_bits)))


def level_matrix(compared: pa.Table) -> list[npt.NDArray[np.int8]]:
    """One int8 array per comparison, in order."""
    return [compared[comparison.name].to_numpy() for comparison in COMPARISONS]


def encode_levels(levels: Sequence[npt.NDArray[np.int8]]) -> pa.Array:
    """One short string per pair: a character per comparison."""
    codes = np.frombuffer(LEVEL_CODES.encode(), dtype=np.uint8)
    packed = np.ascontiguousarray(np.column_stack([codes[reached] for reached in levels]))
    width = packed.shape[1]
    offsets = np.arange(0, (len(packed) + 1) * width, width, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(packed), [None, pa.py_buffer(offsets), pa.py_buffer(packed)])


def decode_levels(levels: str) -> list[int]:
    """The level index per comparison of a `levels` string.

    >>> decode_levels("0a")
    [0, 10]
    """
    return [LEVEL_CODES.index(code) for code in levels]


# --- rarity -------------------------------------------------------------------------------------------------------


LONGEST_WORD = 14  # letters; no name is longer


def handle_surprisal_bits(handle_core: str, word_bits: Mapping[str, float], characters: HandleCharacters) -> float:
    """How surprising a handle is: the cheapest way to spell it in known words of names and single characters.

    word_bits: bits of words that many people share. `annasmith` is cheap although nine letters are many.
    Source of the idea: Perito et al. (2011), "How Unique and Traceable Are Usernames?", PETS.
    """
    best = [0.0]
    for end in range(1, len(handle_core) + 1):
        before = handle_core[end - 2] if end > 1 else " "
        cheapest = best[end - 1] + characters.step(before, handle_core[end - 1])
        for start in range(max(0, end - LONGEST_WORD), end - 1):
            known = word_bits.get(handle_core[start:end])
            if known is not None and best[start] + known < cheapest:
                cheapest = best[start] + known
        best.append(cheapest)
    return best[-1]
