"""Who is labelled tonight: what stands in the store about each creator, put before the plan.

A million creators are a matter of columns: of each, the plan sees one fingerprint of all that a labeller may look at.
What costs more is done for the few that could be asked about again: their posts are compared with those of the last
answer, and what the labeller would really be shown is fingerprinted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from base.errors import ErrorClass
from embeddings.vectors import absent
from engines.engine import Engine
from enrich.labeller import Labeller
from enrich.plan import AGAIN, PLAN, STATES, Decision, SkipReason, plan_enrichment
from jobs.carry_labels import with_held_answers
from jobs.cascade import counted_as
from jobs.context import Context
from jobs.load_subjects import load_subjects
from jobs.measure_drift import MEASURED, measure_drift
from store import enrichment_states as memory
from store import enrichments as store
from store.bulk import FrameReader
from store.enrichments import Chosen, Stretch
from store.llm_batches import load_pending_subjects

#: failures of the provider and not of the question, and how long they keep a creator from being asked about again
PASSING_FAILURES = [ErrorClass.SERVER, ErrorClass.RATE]
RETRY_AFTER_HOURS = 1
MICROS_PER_HOUR = 3_600_000_000
STRETCH = 5_000  # creators in memory at a time, as subjects
COLUMNS_STRETCH = 50_000  # the same, as columns: some 100 MB
SUBJECTS_AT_ONCE = 500  # of scattered creators

#: what is known of each creator beside STATES
KNOWN = pa.schema(
    [
        #: of what the labeller was really shown for the answer in force
        ("answer_shown", pa.string()),
        #: whether the labeller could not answer about it before
        ("has_failed", pa.bool_()),
        #: the input whose drift is known
        ("drift_input", pa.string()),
    ]
)
#: what the doing half may want to know of each creator, and what is remembered afterwards
NIGHT = pa.schema(
    [
        *PLAN,
        *(STATES.field(name) for name in (
            "input_fingerprint", "answer_input_fingerprint", "answered_at", "answer_provenance", "new_items", "drift",
        )),
        KNOWN.field("drift_input"),
    ]
)  # fmt: skip

_SAID = """
    SELECT creator_id, md5(string_agg(said, '' ORDER BY said)) AS said, min(place) AS place,
           CAST(sum(followers) AS BIGINT) AS followers
    FROM (
        SELECT creator_id, followers, CASE bucket WHEN 'active' THEN 0 WHEN 'semi_active' THEN 1 ELSE 2 END AS place,
               md5(platform || chr(31) || coalesce(handle, chr(30)) || chr(31) || coalesce(display_name, chr(30))
                   || chr(31) || coalesce(bio, chr(30)) || chr(31) || coalesce(language, chr(30))) AS said
        FROM profiles
    ) GROUP BY creator_id
"""
_EMBEDDED = """
    SELECT creator_id,
           md5(string_agg(field || ' ' || input_fingerprint, ' ' ORDER BY field, input_fingerprint)) AS texts
    FROM vectors GROUP BY creator_id
"""
_CHANGED = "SELECT creator_id, max(changed_at) AS changed_at FROM changes GROUP BY creator_id"
#: a row of memory about another answer than the one in force is void
_STATES = f"""
    SELECT ids.creator_id, md5(coalesce(said, '') || coalesce(texts, '')) AS input_fingerprint,
           CASE place WHEN 0 THEN 'active' WHEN 1 THEN 'semi_active' ELSE 'long_tail' END AS bucket, followers,
           CASE WHEN is_about THEN m.input_fingerprint END AS answer_input_fingerprint,
           a.recipe_fingerprint AS answer_recipe_fingerprint, a.provenance AS answer_provenance,
           a.reason AS answer_reason, a.created_at AS answered_at,
           changed_at > a.created_at AS is_identity_changed,
           CASE WHEN is_about THEN coalesce(m.streak, 0) ELSE 0 END AS streak, m.deferred_since,
           CASE WHEN is_about THEN m.new_items END AS new_items, CASE WHEN is_about THEN m.drift END AS drift,
           CASE WHEN is_about THEN m.drift_input END AS drift_input,
           a.input_fingerprint AS answer_shown, f.creator_id IS NOT NULL AS has_failed
    FROM ids
    LEFT JOIN ({_SAID}) USING (creator_id)
    LEFT JOIN ({_EMBEDDED}) USING (creator_id)
    LEFT JOIN ({_CHANGED}) USING (creator_id)
    LEFT JOIN answers a ON a.creator_id = ids.creator_id
    LEFT JOIN (SELECT *, TRUE AS is_about FROM remembered) m
           ON m.creator_id = ids.creator_id AND m.answered_at IS NOT DISTINCT FROM a.created_at
    LEFT JOIN (SELECT DISTINCT creator_id FROM failures) f ON f.creator_id = ids.creator_id
    ORDER BY ids.creator_id
"""  # noqa: S608 (made of constants)


def plan_night(context: Context, labeller: Labeller) -> pa.Table:
    """Who is labelled tonight, and why: a NIGHT frame in id order. Nothing is asked or written."""
    states = with_held_answers(context, labeller, gather_states(context, labeller))

    def planned() -> pa.Table:
        return plan_enrichment(
            states, recipe_fingerprint=labeller.recipe.fingerprint, is_paid=labeller.provenance == "llm",
            as_of=to_micros(context.as_of), settings=context.settings.llm,
        )  # fmt: skip

    states = _with_drift(context, states, planned())
    states = _with_what_is_shown(context, labeller, states, planned())
    plan = planned()
    return pa.table({name: (plan if name in PLAN.names else states)[name] for name in NIGHT.names}, schema=NIGHT)


# --- gathering ----------------------------------------------------------------------------------------------------


def gather_states(context: Context, labeller: Labeller) -> pa.Table:
    """STATES and KNOWN of every creator, by id, as far as columns alone can tell."""
    with context.reading_frames() as frames:
        ids = store.load_creator_ids(frames)
        awaited = load_pending_subjects(frames)["subject"].combine_chunks()
    with context.engine() as engine:
        parts = [_facts(context, labeller, engine, part) for part in in_stretches(ids, COLUMNS_STRETCH)]
    schema = pa.schema([*STATES, *KNOWN])
    found = pa.concat_tables(parts) if parts else schema.empty_table()
    fixed: dict[str, Any] = {
        "is_held": pa.nulls(len(found), pa.bool_()),
        "is_awaited": pc.is_in(found["creator_id"], value_set=awaited),
        "is_drift_news": pa.nulls(len(found), pa.bool_()),
    }
    return pa.table(
        {name: fixed.get(name, found[name] if name in found.column_names else None) for name in schema.names},
        schema=schema,
    )


def _facts(context: Context, labeller: Labeller, engine: Engine, ids: Sequence[str]) -> pa.Table:
    stretch = Stretch(ids[0], ids[-1])
    with context.reading_frames() as frames:
        frame = {
            "profiles": store.load_member_profiles(frames, stretch),
            "vectors": store.load_vector_fingerprints(frames, stretch, context.profile_recipe.fingerprint),
            "answers": counted_as(context, labeller, store.load_answers_in_force(frames, stretch)),
            "changes": _changes(frames, stretch),
            "remembered": memory.load_states(frames, stretch),
            "failures": _held(context, store.load_failures(frames, stretch, labeller.recipe.fingerprint)),
        }
    return engine.sql(_STATES, ids=pa.table({"creator_id": pa.array(ids, pa.string())}), **frame)


def _changes(frames: FrameReader, stretch: Stretch) -> pa.Table:
    """Merges, splits and changed handles: creator_id, changed_at."""
    return pa.concat_tables(
        [store.load_last_identity_changes(frames, stretch), store.load_last_renames(frames, stretch)]
    )


def _held(context: Context, failures: pa.Table) -> pa.Table:
    """The failures that still stand: a server may have recovered after a while; a refusal is a refusal again."""
    limit = to_micros(context.as_of) - RETRY_AFTER_HOURS * MICROS_PER_HOUR
    failures = failures.filter(failures["is_final"])
    is_passing = pc.is_in(failures["error_class"], value_set=pa.array([str(one) for one in PASSING_FAILURES]))
    is_over = pc.and_(is_passing, pc.less_equal(failures["failed_at"], limit))
    return failures.filter(pc.invert(is_over))


# --- looking closer -------------------------------------------------------------------------------------------------


def _with_drift(context: Context, states: pa.Table, plan: pa.Table) -> pa.Table:
    """The states with the drift of those about whom nothing else decides, measured where their input has changed."""
    is_open = pc.equal(plan["reason"], SkipReason.NOT_DRIFTED)
    is_known = pc.fill_null(pc.equal(states["drift_input"], states["input_fingerprint"]), False)
    due = states.filter(pc.and_(is_open, pc.invert(is_known))).select(["creator_id", "answered_at"])
    measured = measure_drift(context, due)
    place = pc.index_in(states["creator_id"], value_set=measured["creator_id"].combine_chunks())
    is_news = pc.is_valid(place)
    return _replaced(
        states,
        is_drift_news=is_news,
        drift_input=pc.if_else(is_news, states["input_fingerprint"], states["drift_input"]),
        **{
            name: pc.if_else(is_news, measured[name].combine_chunks().take(place), states[name])
            for name in MEASURED.names[1:]
        },
    )


def _with_what_is_shown(context: Context, labeller: Labeller, states: pa.Table, plan: pa.Table) -> pa.Table:
    """The states with what the labeller would be shown of those it would pay for again, or failed to answer about.

    What moved may be something that it is not shown: then the answer in force stands for the new input as well.
    """
    again = pc.is_in(plan["reason"], value_set=pa.array([reason.value for reason in AGAIN]))
    wanted = pc.and_(pc.not_equal(plan["decision"], Decision.SKIP), pc.or_(again, states["has_failed"]))
    shown = _shown(context, labeller, states.filter(wanted)["creator_id"].to_pylist())
    place = pc.index_in(states["creator_id"], value_set=shown["creator_id"].combine_chunks())
    now = shown["shown"].combine_chunks().take(place)
    stands = pc.fill_null(pc.equal(now, states["answer_shown"]), False)
    failed = _failed(context, labeller, shown)["creator_id"].combine_chunks()
    return _replaced(
        states,
        answer_input_fingerprint=pc.if_else(stands, states["input_fingerprint"], states["answer_input_fingerprint"]),
        is_held=pc.is_in(states["creator_id"], value_set=failed),
    )


def _shown(context: Context, labeller: Labeller, ids: Sequence[str]) -> pa.Table:
    """creator_id, shown: the labeller's own fingerprint of what it would see tonight."""
    found = [
        (subject.creator_id, labeller.input_fingerprint(subject))
        for part in in_stretches(ids, SUBJECTS_AT_ONCE)
        for subject in load_subjects(context, part)
    ]
    return pa.table(
        [pa.array([row[place] for row in found], pa.string()) for place in range(2)], ["creator_id", "shown"]
    )


def _failed(context: Context, labeller: Labeller, shown: pa.Table) -> pa.Table:
    """The rows of `shown` about which the labeller failed before and would again."""
    parts = []
    for start in range(0, len(shown), SUBJECTS_AT_ONCE):
        part = shown.slice(start, SUBJECTS_AT_ONCE)
        with context.reading_frames() as frames:
            some = Chosen(part["creator_id"].to_pylist())
            held = _held(context, store.load_failures(frames, some, labeller.recipe.fingerprint))
        same = held.select(["creator_id", "input_fingerprint"]).rename_columns(["creator_id", "shown"])
        fresh = absent(part, same, ["creator_id", "shown"])
        parts.append(absent(part, fresh, ["creator_id"]))
    return pa.concat_tables(parts) if parts else shown


def _replaced(states: pa.Table, **columns: Any) -> pa.Table:
    found: Mapping[str, Any] = {name: columns.get(name, states[name]) for name in states.column_names}
    return pa.table(found, schema=states.schema)


def in_stretches(ids: Sequence[str], size: int | None = None) -> Iterator[Sequence[str]]:
    """The ids in parts of at most `size`, a stretch unless given."""
    step = size or STRETCH
    return (ids[start : start + step] for start in range(0, len(ids), step))
