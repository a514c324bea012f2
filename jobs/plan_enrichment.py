"""Who is labelled tonight: what stands in the store about each creator, put before the plan."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from base.errors import ErrorClass
from enrich.labeller import Labeller
from enrich.plan import STATES, plan_enrichment
from enrich.subjects import Subject, subjects
from jobs.context import Context
from store import enrichments as store
from store.enrichments import Stretch

#: failures of the provider and not of the question, and how long they keep a creator from being asked about again
PASSING_FAILURES = {ErrorClass.SERVER, ErrorClass.RATE}
RETRY_AFTER_HOURS = 1
MICROS_PER_HOUR = 3_600_000_000
STRETCH = 5_000  # creators in memory at a time
BUSIEST_FIRST = pa.array(["active", "semi_active", "long_tail"])

_Row = dict[str, Any]


def plan_night(context: Context, labeller: Labeller) -> pa.Table:
    """Who is labelled tonight, and why: a PLAN frame in id order. Nothing is asked or written."""
    with context.reading_frames() as frames:
        ids = store.load_creator_ids(frames)
    states = [_states(context, labeller, stretch) for stretch in in_stretches(ids)]
    return plan_enrichment(
        pa.concat_tables(states) if states else STATES.empty_table(),
        recipe_fingerprint=labeller.recipe.fingerprint,
        is_paid=labeller.provenance == "llm",
        as_of=to_micros(context.as_of),
        settings=context.settings.llm,
    )


def _states(context: Context, labeller: Labeller, ids: Sequence[str]) -> pa.Table:
    """What the plan must know of each creator."""
    stretch = Stretch(ids[0], ids[-1])
    with context.reading_frames() as frames:
        profiles = store.load_member_profiles(frames, stretch)
        items = store.load_newest_items(frames, stretch, context.settings.llm.items_per_creator)
        vectors = store.load_vector_fingerprints(frames, stretch, context.profile_recipe.fingerprint)
        answers = {row["creator_id"]: row for row in store.load_answers_in_force(frames, stretch).to_pylist()}
        changes = store.load_last_identity_changes(frames, stretch).to_pylist()
        failures = store.load_failures(frames, stretch, labeller.recipe.fingerprint).to_pylist()
    changed_at = {row["creator_id"]: row["changed_at"] for row in changes}
    held = {_failed_input(row) for row in failures if row["is_final"] and not _is_worth_another_try(row, context)}
    reach = _reach(profiles)
    rows = [
        _state(labeller, subject, answers.get(subject.creator_id), changed_at.get(subject.creator_id), held)
        | reach.get(subject.creator_id, {})
        for subject in subjects(ids, profiles, items, vectors)
    ]
    return pa.Table.from_pylist(rows, STATES)


def _state(
    labeller: Labeller, subject: Subject, answer: _Row | None, changed_at: int | None, held: set[tuple[str, str]]
) -> _Row:
    state: _Row = {"creator_id": subject.creator_id, "input_fingerprint": labeller.input_fingerprint(subject)}
    state["is_held"] = _failed_input(state) in held
    if answer is None:
        return state
    since = answer["created_at"]
    return state | {
        "answer_input_fingerprint": answer["input_fingerprint"],
        "answer_recipe_fingerprint": answer["recipe_fingerprint"],
        "answer_provenance": answer["provenance"],
        "answered_at": since,
        "is_identity_changed": changed_at is not None and changed_at > since,
        "new_items": sum(published is not None and published > since for published in subject.item_published_at),
    }


def _failed_input(row: _Row) -> tuple[str, str]:
    return row["creator_id"], row["input_fingerprint"]


def _is_worth_another_try(failure: _Row, context: Context) -> bool:
    """A server may have recovered after a while; a refusal of the same question is a refusal again."""
    age = to_micros(context.as_of) - failure["failed_at"]
    return failure["error_class"] in PASSING_FAILURES and age >= RETRY_AFTER_HOURS * MICROS_PER_HOUR


def _reach(profiles: pa.Table) -> dict[str, _Row]:
    """Creator → the bucket of its busiest account and its followers in all."""
    place = pc.index_in(profiles["bucket"], value_set=BUSIEST_FIRST)
    accounts = profiles.select(["creator_id", "followers"]).append_column("place", place)
    sums = accounts.group_by("creator_id").aggregate([("place", "min"), ("followers", "sum")])
    buckets = pc.take(BUSIEST_FIRST, sums["place_min"]).to_pylist()
    columns = zip(sums["creator_id"].to_pylist(), buckets, sums["followers_sum"].to_pylist(), strict=True)
    return {creator_id: {"bucket": bucket, "followers": followers} for creator_id, bucket, followers in columns}


def in_stretches(ids: Sequence[str], size: int | None = None) -> Iterator[Sequence[str]]:
    """The ids in parts of at most `size`, a stretch unless given."""
    step = size or STRETCH
    return (ids[start : start + step] for start in range(0, len(ids), step))
