"""A human decision about two accounts: the small vocabulary that store, identity and review share."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision. Decisions are appended, never edited; the newest per pair wins."""

    #: account keys, left < right
    left: str
    right: str
    verdict: Verdict
    reviewer: str
    decided_at: datetime
    note: str = ""
