"""What a night looked like, as plain values: what a page, a terminal or a mail needs to show it.

`jobs/summarise_night.py` fills them in; nothing here reads or draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Named again for the command line, which may not reach into identity.
from identity.explain import PairExplanation as PairExplanation


@dataclass(frozen=True, slots=True)
class StageLine:
    """What a stage counted, as in the manifest, and how long it took."""

    stage: str
    counts: Mapping[str, int]
    seconds: float
    #: what its paid calls came to
    paid_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class AccountShown:
    """An account as a person meets it."""

    account_key: str
    platform: str
    handle: str | None
    name: str | None
    bio: str | None
    #: None when the platform hides it
    followers: int | None


@dataclass(frozen=True, slots=True)
class CreatorCard:
    """A creator with its label and its accounts."""

    creator_id: str
    name: str
    niche: str | None
    confidence: str | None
    summary: str | None
    accounts: tuple[AccountShown, ...]


@dataclass(frozen=True, slots=True)
class PairShown:
    """Two accounts, and why they are one creator, may be, or are not."""

    left: AccountShown
    right: AccountShown
    explanation: PairExplanation


@dataclass(frozen=True, slots=True)
class HitShown:
    """A search result with its reasons, strongest first."""

    name: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchShown:
    """A question and its answers, best first."""

    query: str
    hits: tuple[HitShown, ...]


@dataclass(frozen=True, slots=True)
class NightSummary:
    """The whole night. What only a caller knows (truth, searches) is empty unless given."""

    run_id: str
    as_of: datetime
    exit_code: int
    stages: tuple[StageLine, ...]
    accounts_by_platform: Mapping[str, int]
    #: number of accounts → creators
    creators_by_size: Mapping[int, int]
    #: n + 1 edges in bits, and band → n counts
    weight_bins: tuple[float, ...]
    pairs_by_weight: Mapping[str, tuple[int, ...]]
    pairs_by_rule: Mapping[str, int]
    #: what the links that hold creators together rest on
    merges_by_evidence: Mapping[str, int]
    niches: Mapping[str, int]
    confidences: Mapping[str, int]
    #: platform → bucket → accounts
    activity: Mapping[str, Mapping[str, int]]
    #: source and platform → field → share present
    coverage: Mapping[str, Mapping[str, float]]
    rejections: Mapping[str, int]
    #: what the gate measured: name → value
    gate: Mapping[str, Any]
    card: CreatorCard | None = None
    merge: PairShown | None = None
    held: PairShown | None = None
    #: precision, recall, … against a truth, when there is one
    truth_scores: Mapping[str, float] = field(default_factory=dict)
    #: promised probability, share that is true, pairs: one entry per step of promise
    calibration: tuple[tuple[float, float, int], ...] = ()
    searches: tuple[SearchShown, ...] = ()
