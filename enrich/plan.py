"""Who is labelled tonight, and why: a pure decision over one row per creator, first matching rule wins.

The order: new, recipe changed (own budget), same input, [identity changed,] cool-down, aged and changed, few new posts,
drift. Age alone never pays for the same answer; an offline answer is provisional and bound by none of this.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from enrich.asking import AskingSettings

Bucket = Literal["active", "semi_active", "long_tail"]
MICROS_PER_DAY = 86_400_000_000


class Decision(StrEnum):
    RUN = "run"
    SKIP = "skip"
    #: due, but tonight's budget is spent on others
    DEFER = "defer"


class EnrichmentReason(StrEnum):
    """Why a creator is labelled (again)."""

    NEW = "new"
    RECIPE_CHANGED = "recipe_changed"
    #: an offline answer follows its input for nothing
    INPUT_CHANGED = "input_changed"
    IDENTITY_CHANGED = "identity_changed"
    AGED = "aged"
    DRIFTED = "drifted"


class SkipReason(StrEnum):
    """Why a creator is left as it is."""

    UNCHANGED = "unchanged"
    #: this very input failed under this recipe, and would be paid for to fail again
    FAILED_BEFORE = "failed_before"
    #: a paid answer stands, and no provider is selected that could better it
    FINAL = "final"
    COOLING_DOWN = "cooling_down"
    FEW_NEW_ITEMS = "few_new_items"
    NOT_DRIFTED = "not_drifted"


class EnrichmentSettings(AskingSettings):
    #: newest items per creator that a dossier samples from
    items_per_creator: int = Field(default=12, ge=1, le=100)
    #: days that must lie between two paid answers, by how often the creator posts
    cool_down_days: Mapping[Bucket, int] = Field(default={"active": 7, "semi_active": 30, "long_tail": 90})
    #: days after which a changed creator is asked about again in any case
    max_age_days: Mapping[Bucket, int] = Field(default={"active": 60, "semi_active": 90, "long_tail": 180})
    #: fewer new items than this are no ground for a new answer
    min_new_items: int = Field(default=5, ge=1)
    #: normalised centroid shift from which content counts as drifted; 1 is what chance gives
    drift_threshold: float = Field(default=2.5, gt=1)
    #: most creators asked about in a night, a changed recipe aside; None: no limit
    max_creators: int | None = Field(default=None, ge=0)
    #: most creators asked about in a night because the recipe changed
    max_recipe_changes: int | None = Field(default=None, ge=0)


#: what `plan_enrichment` needs to know of each creator; every column after `bucket` is null when it has no answer yet,
#: `is_held` aside
STATES = pa.schema(
    [
        ("creator_id", pa.string()),
        ("input_fingerprint", pa.string()),
        #: of its busiest account; null counts as long_tail
        ("bucket", pa.string()),
        ("followers", pa.int64()),
        ("answer_input_fingerprint", pa.string()),
        ("answer_recipe_fingerprint", pa.string()),
        ("answer_provenance", pa.string()),
        ("answered_at", pa.int64()),
        #: took part in a merge or split since
        ("is_identity_changed", pa.bool_()),
        #: this input failed under this recipe before, and it is not worth another try yet
        ("is_held", pa.bool_()),
        #: items published since
        ("new_items", pa.int64()),
        #: normalised centroid shift since; null: not measured
        ("drift", pa.float64()),
    ]
)
PLAN = pa.schema([("creator_id", pa.string()), ("decision", pa.string()), ("reason", pa.string())])

_Flags = npt.NDArray[np.bool_]
_Rule = tuple[_Flags, EnrichmentReason | SkipReason]


def plan_enrichment(
    states: pa.Table, *, recipe_fingerprint: str, is_paid: bool, as_of: int, settings: EnrichmentSettings
) -> pa.Table:
    """A PLAN frame: for each row of `states`, in its order, run, skip or defer, and the reason.

    is_paid: an LLM is selected; else the offline classifier answers. as_of: microseconds.
    """
    answered = _is_set(states, "answer_provenance")
    provisional = _equals(states, "answer_provenance", "offline")
    same_recipe = _equals(states, "answer_recipe_fingerprint", recipe_fingerprint)
    same_input = _true(pc.equal(states["answer_input_fingerprint"], states["input_fingerprint"]))
    moved = _true(states["is_identity_changed"])
    if is_paid:
        rules: list[_Rule] = [
            (_true(states["is_held"]), SkipReason.FAILED_BEFORE),
            (~answered | provisional, EnrichmentReason.NEW),
            (~same_recipe, EnrichmentReason.RECIPE_CHANGED),
            (same_input, SkipReason.UNCHANGED),
            (moved, EnrichmentReason.IDENTITY_CHANGED),
            *_paid_again(states, as_of, settings),
        ]
    else:
        rules = [
            (~answered, EnrichmentReason.NEW),
            (~provisional, SkipReason.FINAL),
            (~same_recipe, EnrichmentReason.RECIPE_CHANGED),
            (same_input, SkipReason.UNCHANGED),
            (moved, EnrichmentReason.IDENTITY_CHANGED),
            (np.ones(len(states), np.bool_), EnrichmentReason.INPUT_CHANGED),
        ]
    # Objects: numpy's own strings have the length of the longest at hand, and would cut a longer word put in later.
    reasons = np.full(len(states), SkipReason.NOT_DRIFTED.value, object)
    for flags, reason in reversed(rules):
        reasons[flags] = reason.value
    runs = np.isin(reasons, [reason.value for reason in EnrichmentReason])
    decisions = np.where(runs, Decision.RUN.value, Decision.SKIP.value).astype(object)
    if is_paid:
        decisions[_beyond_budget(states, reasons, runs, settings)] = Decision.DEFER.value
    return pa.table(
        [states["creator_id"], pa.array(decisions, pa.string()), pa.array(reasons, pa.string())], schema=PLAN
    )


def _paid_again(states: pa.Table, as_of: int, settings: EnrichmentSettings) -> list[_Rule]:
    """The rules for a creator whose input moved since it was paid for."""
    age_days = (as_of - _numbers(states, "answered_at")) / MICROS_PER_DAY
    return [
        (age_days < _by_bucket(states, settings.cool_down_days), SkipReason.COOLING_DOWN),
        (age_days > _by_bucket(states, settings.max_age_days) + _jitter_days(states), EnrichmentReason.AGED),
        (_numbers(states, "new_items") < settings.min_new_items, SkipReason.FEW_NEW_ITEMS),
        (_numbers(states, "drift") >= settings.drift_threshold, EnrichmentReason.DRIFTED),
    ]


def _jitter_days(states: pa.Table) -> npt.NDArray[np.float64]:
    """Minus to plus 15 days by creator, so that those who were new in one night do not all expire in one night."""
    tails = [sum(creator_id[-4:].encode()) for creator_id in states["creator_id"].to_pylist()]
    return np.array(tails, np.float64) % 31 - 15


def _beyond_budget(
    states: pa.Table, reasons: npt.NDArray[np.object_], runs: _Flags, settings: EnrichmentSettings
) -> npt.NDArray[np.int64]:
    """Rows that must wait: two budgets, each spent on the most urgent reason, then the most followed, then by id."""
    urgency = {reason.value: place for place, reason in enumerate(EnrichmentReason)}
    ids, followers = states["creator_id"].to_pylist(), states["followers"].to_pylist()
    due = [int(row) for row in np.flatnonzero(runs)]
    order = sorted(due, key=lambda row: (urgency[str(reasons[row])], -(followers[row] or 0), ids[row]))
    backfill = [row for row in order if reasons[row] == EnrichmentReason.RECIPE_CHANGED]
    others = [row for row in order if reasons[row] != EnrichmentReason.RECIPE_CHANGED]
    late = _after(backfill, settings.max_recipe_changes) + _after(others, settings.max_creators)
    return np.array(late, np.int64)


def _after(rows: list[int], limit: int | None) -> list[int]:
    return [] if limit is None else rows[limit:]


def _by_bucket(states: pa.Table, days: Mapping[Bucket, int]) -> npt.NDArray[np.float64]:
    rarest = get_args(Bucket)[-1]
    return np.array([days[bucket or rarest] for bucket in states["bucket"].to_pylist()], np.float64)


def _numbers(states: pa.Table, column: str) -> npt.NDArray[np.float64]:
    """The column as floats, NaN where unknown: no comparison holds for an unknown number."""
    return np.asarray(states[column].cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _equals(states: pa.Table, column: str, value: str) -> _Flags:
    return _true(pc.equal(states[column], value))


def _is_set(states: pa.Table, column: str) -> _Flags:
    return _true(pc.is_valid(states[column]))


def _true(flags: pa.ChunkedArray) -> _Flags:
    """Unknown counts as false."""
    return np.asarray(pc.fill_null(flags, False).to_numpy(zero_copy_only=False), np.bool_)
