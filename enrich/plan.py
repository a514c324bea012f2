"""Who is labelled tonight, and why: a pure decision over one row per creator, first matching rule wins.

The order: new, recipe changed (own budget), same input, [identity changed,] cool-down, aged and changed, few new posts,
drift. Age alone never pays for the same answer; an offline answer is provisional and bound by none of this.
`enrich/allocation.py` says who comes first. What a call costs is known when it is answered, so the plan knows no money:
those who are due are asked in their turn for as long as the ledger has room, and the others wait for another night.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from enrich.allocation import queue, worth_of
from enrich.asking import AskingSettings
from enrich.columns import Counts, Flags, Numbers, counts, equals, hashed, is_set, numbers, ranks, true

MICROS_PER_DAY = 86_400_000_000
Bucket = Literal["active", "semi_active", "long_tail"]
#: of the soft shift: below it, an evaluation takes the streak away
RESET_SHARE = 0.85
MOST_JITTER_DAYS = 15


class Decision(StrEnum):
    RUN = "run"
    SKIP = "skip"
    #: due, but others come first and no more may be asked tonight
    DEFER = "defer"


class EnrichmentReason(StrEnum):
    """Why a creator is labelled (again), most urgent first."""

    NEW = "new"
    RECIPE_CHANGED = "recipe_changed"
    #: an offline answer follows its input for nothing
    INPUT_CHANGED = "input_changed"
    IDENTITY_CHANGED = "identity_changed"
    DRIFTED = "drifted"
    AGED = "aged"


class SkipReason(StrEnum):
    """Why a creator is left as it is."""

    UNCHANGED = "unchanged"
    #: its question is with a batch that was sent and not yet fetched: asking again would pay twice
    AWAITED = "awaited"
    #: this very input failed under this recipe, and would be paid for to fail again
    FAILED_BEFORE = "failed_before"
    #: a paid answer stands, and no provider is selected that could better it
    FINAL = "final"
    COOLING_DOWN = "cooling_down"
    FEW_NEW_ITEMS = "few_new_items"
    NOT_DRIFTED = "not_drifted"


@dataclass(frozen=True, slots=True)
class Planned:
    """What is decided about one creator."""

    decision: Decision
    #: an EnrichmentReason or a SkipReason
    reason: str
    #: evaluations in a row that found at least the soft shift
    streak: int


class EnrichmentSettings(AskingSettings):
    #: a file of one's own in place of the shipped niches, styles and account kinds, in the form of
    #: `enrich/taxonomy.yaml`; None: the shipped one
    taxonomy: Path | None = None
    #: offline labels at least this clear are final, and no model is asked; None: a model is asked about every creator.
    #: `creatordex enrich calibrate` finds one
    cascade_min_score: float | None = Field(default=None, gt=0)
    #: newest items per creator that a dossier samples from
    items_per_creator: int = Field(default=12, ge=1, le=100)
    #: days that must lie between two paid answers, by how often the creator posts
    cool_down_days: Mapping[Bucket, int] = Field(default={"active": 7, "semi_active": 30, "long_tail": 90})
    #: days after which a changed creator is asked about again in any case
    max_age_days: Mapping[Bucket, int] = Field(default={"active": 60, "semi_active": 90, "long_tail": 180})
    #: fewer new items than this are no ground for a new answer
    min_new_items: int = Field(default=5, ge=1)
    #: a file of `creatordex drift calibrate --out` that says `hard_drift` and `soft_drift`; None: they stand here
    drift_thresholds: Path | None = None
    #: shift of content from which it counts as drifted at once; 1 is what chance gives
    hard_drift: float = Field(default=2.5, gt=1)
    #: shift from which it counts as drifted when it is found in `soft_drift_nights` nights with new items
    soft_drift: float = Field(default=1.6, gt=1)
    #: nights with new items that must find the soft shift
    soft_drift_nights: int = Field(default=3, ge=1)
    #: a creator that waited half as many nights for its turn comes before all others; more are reported
    max_deferred_nights: int = Field(default=14, ge=2)
    #: a night in which this many times the usual share became due for another answer stops and asks a person
    max_growth: float = Field(default=3, gt=1)
    #: most creators asked about in a night, a changed recipe aside; None: no limit
    max_creators: int | None = Field(default=None, ge=0)
    #: most creators asked about in a night because the recipe changed
    max_recipe_changes: int | None = Field(default=None, ge=0)


#: what `plan_enrichment` needs to know of each creator; what only an answer can have is null where there is none
STATES = pa.schema(
    [
        ("creator_id", pa.string()),
        #: of everything a labeller may look at
        ("input_fingerprint", pa.string()),
        #: of its busiest account; null counts as long_tail
        ("bucket", pa.string()),
        ("followers", pa.int64()),
        #: the input fingerprint that the answer in force is known to stand for
        ("answer_input_fingerprint", pa.string()),
        ("answer_recipe_fingerprint", pa.string()),
        ("answer_provenance", pa.string()),
        ("answer_reason", pa.string()),
        ("answered_at", pa.int64()),
        #: took part in a merge or split, or was renamed, since
        ("is_identity_changed", pa.bool_()),
        #: this input failed under this recipe before, and it is not worth another try yet
        ("is_held", pa.bool_()),
        #: a batch under way will answer about it
        ("is_awaited", pa.bool_()),
        #: items published since
        ("new_items", pa.int64()),
        #: shift of content since (`embeddings/drift.py`); null: not measured
        ("drift", pa.float64()),
        #: whether it was measured over items that the last evaluation had not seen
        ("is_drift_news", pa.bool_()),
        #: evaluations so far that found at least the soft shift
        ("streak", pa.int64()),
        #: the first of the nights, in a row, in which it was due and got no answer
        ("deferred_since", pa.int64()),
    ]
)
PLAN = pa.schema(
    [
        ("creator_id", pa.string()),
        ("decision", pa.string()),
        ("reason", pa.string()),
        #: its place in tonight's queue, from 0; null: it is not asked about, or nobody is paid
        ("turn", pa.int64()),
        #: as it is after tonight
        ("streak", pa.int64()),
        #: the first of the nights, in a row, in which it was due and got no answer
        ("deferred_since", pa.int64()),
    ]
)
#: an answer for one of these is a second answer
AGAIN = (EnrichmentReason.IDENTITY_CHANGED, EnrichmentReason.DRIFTED, EnrichmentReason.AGED)

Rows = npt.NDArray[np.intp]
_Rule = tuple[Flags, EnrichmentReason | SkipReason]


def plan_enrichment(
    states: pa.Table,
    *,
    recipe_fingerprint: str,
    is_paid: bool,
    as_of: int,
    settings: EnrichmentSettings,
) -> pa.Table:
    """A PLAN frame: for each row of `states`, in its order, run, skip or defer, and the reason.

    is_paid: an LLM is selected; else the offline classifier answers. as_of: microseconds.
    """
    streaks = _streaks(states, settings)
    rules = (_paid if is_paid else _free)(states, recipe_fingerprint, as_of, settings, streaks)
    names = [reason.value for reason in (*EnrichmentReason, *SkipReason)]
    codes = np.full(len(states), names.index(SkipReason.NOT_DRIFTED), np.int8)
    for flags, reason in reversed(rules):
        codes[flags] = names.index(reason)
    reasons = pa.array(names).take(pa.array(codes))
    due = codes < len(EnrichmentReason)
    late, turns = np.zeros(len(states), np.bool_), np.full(len(states), np.nan)
    if is_paid:
        served = _served(states, codes, np.flatnonzero(due), as_of, settings)
        turns[served] = np.arange(len(served))
        late = due & np.isnan(turns)
    since = numbers(states, "deferred_since")
    waiting = np.where(due, np.where(late & np.isnan(since), as_of, since), np.nan)
    places = np.where(late, 2, np.where(due, 0, 1))
    decisions = pa.array([Decision.RUN.value, Decision.SKIP.value, Decision.DEFER.value]).take(pa.array(places))
    return pa.table(
        [
            states["creator_id"], decisions, reasons, _whole(turns), pa.array(streaks), _whole(waiting),
        ],
        schema=PLAN,
    )  # fmt: skip


def decide(state: Mapping[str, Any], now: int, *, recipe_fingerprint: str, settings: EnrichmentSettings) -> Planned:
    """The same for one creator and a model with money to spend; `state` names what is known of it, as in STATES."""
    frame = pa.Table.from_pylist([dict(state)], STATES)
    planned = plan_enrichment(
        frame, recipe_fingerprint=recipe_fingerprint, is_paid=True, as_of=now, settings=settings
    ).to_pylist()[0]
    return Planned(Decision(planned["decision"]), planned["reason"], planned["streak"])


def _paid(
    states: pa.Table, recipe_fingerprint: str, as_of: int, settings: EnrichmentSettings, streaks: Counts
) -> list[_Rule]:
    answered = is_set(states, "answer_provenance")
    provisional = equals(states, "answer_provenance", "offline")
    age_days = (as_of - numbers(states, "answered_at")) / MICROS_PER_DAY
    drift = numbers(states, "drift")
    return [
        (true(states["is_awaited"]), SkipReason.AWAITED),
        (true(states["is_held"]), SkipReason.FAILED_BEFORE),
        (~answered | provisional, EnrichmentReason.NEW),
        (~equals(states, "answer_recipe_fingerprint", recipe_fingerprint), EnrichmentReason.RECIPE_CHANGED),
        (_same_input(states), SkipReason.UNCHANGED),
        (true(states["is_identity_changed"]), EnrichmentReason.IDENTITY_CHANGED),
        (age_days < _by_bucket(states, settings.cool_down_days), SkipReason.COOLING_DOWN),
        (age_days > _by_bucket(states, settings.max_age_days) + _jitter_days(states), EnrichmentReason.AGED),
        (numbers(states, "new_items") < settings.min_new_items, SkipReason.FEW_NEW_ITEMS),
        ((drift >= settings.hard_drift) | (streaks >= settings.soft_drift_nights), EnrichmentReason.DRIFTED),
    ]


def _free(
    states: pa.Table, recipe_fingerprint: str, _as_of: int, _settings: EnrichmentSettings, _streaks: Counts
) -> list[_Rule]:
    return [
        (~is_set(states, "answer_provenance"), EnrichmentReason.NEW),
        (~equals(states, "answer_provenance", "offline"), SkipReason.FINAL),
        (~equals(states, "answer_recipe_fingerprint", recipe_fingerprint), EnrichmentReason.RECIPE_CHANGED),
        (_same_input(states), SkipReason.UNCHANGED),
        (true(states["is_identity_changed"]), EnrichmentReason.IDENTITY_CHANGED),
        (np.ones(len(states), np.bool_), EnrichmentReason.INPUT_CHANGED),
    ]


def _streaks(states: pa.Table, settings: EnrichmentSettings) -> Counts:
    """Evaluations in a row, tonight's included, that found at least the soft shift.

    A shift between RESET_SHARE of it and the whole neither adds nor resets: one odd post does not undo three nights.
    """
    before = np.nan_to_num(numbers(states, "streak")).astype(np.int64)
    drift, news = numbers(states, "drift"), true(states["is_drift_news"])
    after = np.where(drift >= settings.soft_drift, before + 1, before)
    after = np.where(drift < RESET_SHARE * settings.soft_drift, 0, after)
    return np.where(news, after, before)


def _served(states: pa.Table, codes: npt.NDArray[np.int8], due: Rows, as_of: int, settings: EnrichmentSettings) -> Rows:
    """Rows that are asked about, in their turn. A changed recipe has a limit of its own, and comes after the others."""
    order = due[_queue(states.take(pa.array(due)), codes[due], as_of, settings)]
    is_recipe = codes[order] == list(EnrichmentReason).index(EnrichmentReason.RECIPE_CHANGED)
    # Answers of this very instant belong to tonight: the same night, run again, may not ask about as many once more.
    done = numbers(states, "answered_at") == as_of
    was_recipe = equals(states, "answer_reason", EnrichmentReason.RECIPE_CHANGED)
    return np.concatenate(
        [
            order[~is_recipe][: _left(settings.max_creators, done & ~was_recipe)],
            order[is_recipe][: _left(settings.max_recipe_changes, done & was_recipe)],
        ]
    )


def _left(most: int | None, done: Flags) -> int | None:
    """How many more may be asked about; None: no limit."""
    return None if most is None else max(0, most - int(done.sum()))


def _queue(due: pa.Table, codes: npt.NDArray[np.int8], as_of: int, settings: EnrichmentSettings) -> Rows:
    since = numbers(due, "deferred_since")
    is_overdue = as_of - since >= settings.max_deferred_nights / 2 * MICROS_PER_DAY
    return queue(
        codes.astype(np.int64),
        worth_of(numbers(due, "drift"), counts(due, "followers")),
        as_of - numbers(due, "answered_at"),
        np.where(is_overdue, since, np.nan),
        ranks(due["creator_id"]),
    )


def _whole(values: Numbers) -> pa.Array:
    """NaN is null."""
    return pa.array(values, from_pandas=True).cast(pa.int64())


def _same_input(states: pa.Table) -> Flags:
    return true(pc.equal(states["answer_input_fingerprint"], states["input_fingerprint"]))


def _jitter_days(states: pa.Table) -> Numbers:
    """Minus to plus 15 days by creator, so that those who were new in one night do not all expire in one night."""
    days: Numbers = (hashed(states["creator_id"]) % np.uint64(2 * MOST_JITTER_DAYS + 1)).astype(np.float64)
    return days - MOST_JITTER_DAYS


def _by_bucket(states: pa.Table, days: Mapping[Bucket, int]) -> Numbers:
    buckets = get_args(Bucket)
    rarest = len(buckets) - 1
    place = pc.fill_null(pc.index_in(states["bucket"], value_set=pa.array(buckets)), rarest)
    wanted: Numbers = np.array([days[bucket] for bucket in buckets], np.float64)[place.to_numpy()]
    return wanted
