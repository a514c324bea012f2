"""Three bands: link, review, separate; and the rules that hold a pair back whatever it weighs.

Comes in: scored pairs. Goes out: the band of each and the rule that put it there. Thresholds come from the precision
asked for, at this size of population, through the model's calibration.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from identity.comparisons import COMPARISONS
from identity.weights import Bits, Model


class Triage(StrEnum):
    LINK = "link"
    REVIEW = "review"
    SEPARATE = "separate"


class IdentitySettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: pair precision aimed at for automatic merges
    precision: float = Field(default=0.985, gt=0.5, lt=1.0)
    #: a model.json of your own instead of the shipped one
    model: Path | None = None
    #: propose pairs of accounts whose bios read alike
    bio_neighbours: bool = True
    #: nearest bios looked at per account
    neighbours_per_account: int = Field(default=5, ge=1, le=50)
    #: cosine from which two bios read alike
    neighbour_min_cosine: float = Field(default=0.85, gt=0, le=1)


class Thresholds(BaseModel):
    """A weight on a boundary goes to the higher band."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    link_bits: float
    review_bits: float

    def band(self, match_weight_bits: float) -> Triage:
        """The band by weight alone.

        >>> Thresholds(link_bits=6, review_bits=-2).band(6.0).value
        'link'
        """
        if match_weight_bits >= self.link_bits:
            return Triage.LINK
        return Triage.REVIEW if match_weight_bits >= self.review_bits else Triage.SEPARATE


def thresholds_for(model: Model, n_band: int, precision: float) -> Thresholds:
    """The weights from which pairs link and are reviewed, for a precision at a population of 2^n_band.

    Between calibrated sizes and precisions the threshold is interpolated; beyond the largest size it stays, because
    prior and rarity already carry the growth.
    """
    sizes = sorted({point.n_band for point in model.calibration})
    link_bits = float(np.interp(n_band, sizes, [_link_bits_at(model, size, precision) for size in sizes]))
    return Thresholds(link_bits=link_bits, review_bits=min(model.review_bits, link_bits))


def _link_bits_at(model: Model, n_band: int, precision: float) -> float:
    points = sorted((_log_odds(p.precision), p.link_bits) for p in model.calibration if p.n_band == n_band)
    odds, bits = zip(*points, strict=True)
    wanted = _log_odds(precision)
    beyond = max(wanted - max(odds), 0.0)  # stricter than anything measured: ask for as many bits more
    return float(np.interp(wanted, odds, bits) + beyond)


def _log_odds(share: float) -> float:
    return float(math.log2(share / (1 - share)))


Mask = npt.NDArray[np.bool_]


class Levels:
    """Level columns by name: `levels.on("claim", "self", "mutual")` is a mask over pairs."""

    def __init__(self, compared: pa.Table) -> None:
        self._columns = {c.name: compared[c.name].to_numpy() for c in COMPARISONS}
        self._comparisons = {c.name: c for c in COMPARISONS}
        self.handle_bits = compared["handle_bits"].fill_null(0.0).to_numpy()

    def on(self, comparison: str, *levels: str) -> Mask:
        return np.isin(self._columns[comparison], self._comparisons[comparison].index(*levels))

    def handle_is(self, *relations: str) -> Mask:
        return self._handle_name(lambda name: name.split("_")[0] in relations)

    def name_is(self, *relations: str) -> Mask:
        return self._handle_name(lambda name: name.split("_")[1] in relations)

    def _handle_name(self, wanted: Callable[[str], bool]) -> Mask:
        names = [level.name for level in self._comparisons["handle_name"].levels]
        return np.isin(self._columns["handle_name"], [place for place, name in enumerate(names) if wanted(name)])


@dataclass(frozen=True, slots=True)
class Cap:
    """A rule that holds pairs at or below a band; or lifts those that wait for a person to at least one."""

    name: str
    ceiling: Triage
    #: for the reviewer
    sentence: str
    floor: Triage = Triage.SEPARATE


FAN = Cap("fan_page", Triage.SEPARATE, "one says it is a fan page, parody or archive of the other")
FAN_KIND = Cap("fan_kind", Triage.REVIEW, "one presents itself as a fan page and the other does not")
BRANCH = Cap("branch", Triage.REVIEW, "one is the page of a country or city, and neither names the other as its own")
CONTRADICTED = Cap("contradicted", Triage.REVIEW, "one names a third account as its own where the other stands")
SECOND_ACCOUNT = Cap(
    "second_account", Triage.REVIEW, "a second account on one platform links only when one names the other as its own"
)
BARE_HANDLE = Cap(
    "bare_handle",
    Triage.REVIEW,
    "only the handle speaks for it, and it is not rare enough in a population of this size",
)
BARE_NAME = Cap("bare_name", Triage.REVIEW, "only the name speaks for it")
BARE_BIO = Cap("bare_bio", Triage.REVIEW, "only the bios are alike")
RARE_HANDLE = Cap(
    "rare_handle",
    Triage.LINK,
    "one has no name to compare, nothing speaks against it, and the handle is too rare for chance",
    floor=Triage.LINK,
)
#: relations of handles that are one handle in different dress
SAME_HANDLES = ("exact", "near", "letters", "spelled")
#: bios that share words as surprising as these say more than that two people do the same thing
TELLING_BIOS = ("bio_7", "bio_6", "bio_5", "bio_4")
#: position + 1 is the code in `cap`; 0: the weight decided
CAPS = (FAN, FAN_KIND, BRANCH, CONTRADICTED, SECOND_ACCOUNT, BARE_HANDLE, BARE_NAME, BARE_BIO, RARE_HANDLE)


def cap_codes(compared: pa.Table, model: Model, n_band: int) -> npt.NDArray[np.int8]:
    """For each pair the first cap that applies, as position + 1 in CAPS; 0 for none."""
    levels = Levels(compared)
    owned = levels.on("claim", "mutual", "self", "secondary", "almost")
    shared = levels.on("email", "private", "of_two", "of_few") | levels.on("site", "private", "of_two", "of_few")
    corroborated = owned | levels.on("claim", "described", "contested") | shared
    handle = levels.handle_is(*SAME_HANDLES)
    handle_part = levels.handle_is("start", "similar")
    name = levels.name_is("equal", "similar")
    bio = levels.on("bio", *TELLING_BIOS)
    rare = is_rare_handle(levels.handle_bits, model, n_band)
    against = (
        levels.on("kind", "different", "branch", "fan")
        | levels.on("claim", "related", "elsewhere_unknown")
        | levels.on("rivals", "level", "ahead", "far_ahead")
    )
    masks = {
        FAN: levels.on("claim", "fan_of"),
        FAN_KIND: levels.on("kind", "fan"),
        BRANCH: levels.on("kind", "branch") & ~owned,
        CONTRADICTED: levels.on("claim", "contested", "elsewhere", "elsewhere_both"),
        SECOND_ACCOUNT: levels.on("platform", "same") & ~owned,
        BARE_HANDLE: handle & ~name & ~corroborated & ~bio & ~(rare & ~against),
        BARE_NAME: ~handle & name & ~handle_part & ~corroborated & ~bio,
        BARE_BIO: ~handle & ~name & ~corroborated & ~(handle_part & bio),
        RARE_HANDLE: handle & levels.name_is("missing") & rare & ~against,
    }
    codes = np.zeros(compared.num_rows, dtype=np.int8)
    for place, cap in reversed(list(enumerate(CAPS))):
        codes[masks[cap]] = place + 1
    return codes


def is_rare_handle(handle_bits: Bits, model: Model, n_band: int) -> Mask:
    """Whether what handles share is too rare for chance: all that bits say beyond their level."""
    return np.asarray(handle_bits > n_band + model.bare_handle_margin_bits)


def triage(weight_bits: npt.NDArray[np.float64], caps: npt.NDArray[np.int8], thresholds: Thresholds) -> pa.Array:
    """The band of each pair: by weight, then held down by its cap, or lifted from review."""
    order = [Triage.SEPARATE, Triage.REVIEW, Triage.LINK]
    by_weight = (weight_bits >= thresholds.review_bits).astype(np.int8) + (weight_bits >= thresholds.link_bits)
    ceilings = np.array([2, *(order.index(cap.ceiling) for cap in CAPS)], dtype=np.int8)
    floors = np.array([0, *(order.index(cap.floor) for cap in CAPS)], dtype=np.int8)
    lifted = np.where(by_weight > 0, np.maximum(by_weight, floors[caps]), by_weight)
    bands = np.minimum(lifted, ceilings[caps])
    return pa.array([band.value for band in order]).take(pa.array(bands))
