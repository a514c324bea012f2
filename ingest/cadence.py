"""How often an account is refreshed: three buckets by its latest content, each with its own interval.

Content dated after `as_of` counts for nothing: a premiere or a broken clock is no sign of life yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

HOUR = 3_600_000_000
DAY = 24 * HOUR
MISSING = np.iinfo(np.int64).min  # stands for "no content known" in arrays
Micros = npt.NDArray[np.int64]


class CadenceSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: content within this many days makes an account active
    active_days: int = Field(default=7, ge=1)
    #: content within this many days makes it semi-active; anything older is long-tail
    semi_active_days: int = Field(default=30, ge=1)
    #: hours after which an active account is due again
    active_refresh_hours: int = Field(default=24, ge=1)
    #: hours after which a semi-active account is due again
    semi_active_refresh_hours: int = Field(default=72, ge=1)
    #: hours after which a long-tail account is due again
    long_tail_refresh_hours: int = Field(default=168, ge=1)


class Bucket(StrEnum):
    ACTIVE = "active"
    SEMI_ACTIVE = "semi_active"
    LONG_TAIL = "long_tail"


@dataclass(frozen=True, slots=True)
class Activity:
    bucket: Bucket
    #: why, in words that stay the same while the bucket does
    reason: str
    #: microseconds since 1970 UTC
    next_due_at: int


@dataclass(frozen=True, slots=True)
class Activities:
    """The same for many accounts, one entry per account in the order given."""

    buckets: Sequence[str]
    reasons: Sequence[str]
    next_due_at: Micros


def activity(
    last_content_at: int | None,
    fetched_at: int,
    as_of: int,
    cadence: CadenceSettings,
    priority_override: Bucket | None = None,
) -> Activity:
    """The bucket of one account, and when it is due: the bucket's interval after it was last fetched.

    Instants are microseconds since 1970 UTC. Exactly `active_days` ago is still active, exactly `semi_active_days` ago
    still semi-active. `priority_override` wins over the content, e.g. to move a customer's creator up or down.
    """
    bucket, reason = _by_content(last_content_at, as_of, cadence)
    if priority_override is not None:
        bucket, reason = priority_override, f"set to {priority_override} by priority"
    return Activity(bucket, reason, fetched_at + _interval(bucket, cadence))


def activities(last_content_at: Micros, fetched_at: Micros, as_of: int, cadence: CadenceSettings) -> Activities:
    """`activity` for whole columns at once; `MISSING` stands for an account without dated content."""
    age = np.where(last_content_at == MISSING, 0, as_of - np.where(last_content_at == MISSING, as_of, last_content_at))
    cases = [
        last_content_at == MISSING,
        age < 0,
        age <= cadence.active_days * DAY,
        age <= cadence.semi_active_days * DAY,
    ]
    outcomes = [_UNKNOWN, _FUTURE, _active(cadence), _semi_active(cadence), _long_tail(cadence)]
    chosen = np.select(cases, range(len(cases)), default=len(cases))
    intervals = np.array([_interval(bucket, cadence) for bucket, _reason in outcomes], dtype=np.int64)
    return Activities(
        buckets=np.array([bucket.value for bucket, _reason in outcomes])[chosen].tolist(),
        reasons=np.array([reason for _bucket, reason in outcomes])[chosen].tolist(),
        next_due_at=fetched_at + intervals[chosen],
    )


_UNKNOWN = (Bucket.LONG_TAIL, "no dated content known")
_FUTURE = (Bucket.LONG_TAIL, "content dated in the future only")


def _by_content(last_content_at: int | None, as_of: int, cadence: CadenceSettings) -> tuple[Bucket, str]:
    if last_content_at is None:
        return _UNKNOWN
    age = as_of - last_content_at
    if age < 0:
        return _FUTURE
    if age <= cadence.active_days * DAY:
        return _active(cadence)
    if age <= cadence.semi_active_days * DAY:
        return _semi_active(cadence)
    return _long_tail(cadence)


def _active(cadence: CadenceSettings) -> tuple[Bucket, str]:
    return Bucket.ACTIVE, f"content within {cadence.active_days} days"


def _semi_active(cadence: CadenceSettings) -> tuple[Bucket, str]:
    return Bucket.SEMI_ACTIVE, f"content within {cadence.semi_active_days} days"


def _long_tail(cadence: CadenceSettings) -> tuple[Bucket, str]:
    return Bucket.LONG_TAIL, f"no content within {cadence.semi_active_days} days"


def _interval(bucket: Bucket, cadence: CadenceSettings) -> int:
    hours = {
        Bucket.ACTIVE: cadence.active_refresh_hours,
        Bucket.SEMI_ACTIVE: cadence.semi_active_refresh_hours,
        Bucket.LONG_TAIL: cadence.long_tail_refresh_hours,
    }
    return hours[bucket] * HOUR
