"""What is remembered of a night of labelling: which answer stands for what, what waits, and what content was.

Written after the answers, from the answers: a night that was killed before is made up for by the next one.
"""

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from engines.engine import Engine
from jobs.context import Context
from jobs.measure_drift import make_references
from jobs.plan_enrichment import COLUMNS_STRETCH
from store import enrichment_states as memory
from store import enrichments as store
from store.enrichments import Stretch

#: who was due and has no new answer waits for another night; without a turn nobody is paid, and all are answered
_REMEMBERED = """
    SELECT n.creator_id, a.created_at AS answered_at,
           CASE WHEN is_new OR n.answer_input_fingerprint = n.input_fingerprint THEN n.input_fingerprint
                ELSE n.answer_input_fingerprint END AS input_fingerprint,
           CASE WHEN NOT is_new THEN n.drift_input END AS drift_input,
           CASE WHEN NOT is_new THEN n.drift END AS drift,
           CASE WHEN NOT is_new THEN n.new_items END AS new_items,
           CASE WHEN is_new THEN 0 ELSE n.streak END AS streak,
           CASE WHEN is_new THEN NULL WHEN n.decision = 'run' THEN coalesce(n.deferred_since, {as_of})
                ELSE n.deferred_since END AS deferred_since,
           CASE WHEN a.provenance <> 'offline' THEN
               CASE WHEN m.reference_until IS NULL OR m.answered_at IS DISTINCT FROM a.created_at THEN a.created_at
                    WHEN m.reference_recipe IS DISTINCT FROM '{recipe}' THEN {as_of} END
           END AS reference_until,
           m.creator_id AS known,
           m.answered_at AS known_answered_at, m.input_fingerprint AS known_input, m.drift_input AS known_drift_input,
           m.drift AS known_drift, m.new_items AS known_new_items, m.streak AS known_streak,
           m.deferred_since AS known_deferred_since
    FROM (
        SELECT n.*, a.created_at IS NOT NULL AND (a.created_at IS DISTINCT FROM n.answered_at
                    OR (n.decision = 'run' AND n.turn IS NULL)) AS is_new
        FROM night n LEFT JOIN answers a USING (creator_id)
    ) n
    LEFT JOIN answers a ON a.creator_id = n.creator_id
    LEFT JOIN remembered m ON m.creator_id = n.creator_id
    ORDER BY n.creator_id
"""
_CHANGED = """
    SELECT creator_id, answered_at, input_fingerprint, drift_input, drift, new_items, streak, deferred_since
    FROM rows
    WHERE (known IS NULL AND (answered_at IS NOT NULL OR deferred_since IS NOT NULL))
       OR (known IS NOT NULL AND (answered_at, input_fingerprint, drift_input, drift, new_items, streak, deferred_since)
           IS DISTINCT FROM (known_answered_at, known_input, known_drift_input, known_drift, known_new_items,
                             known_streak, known_deferred_since))
    ORDER BY creator_id
"""


def remember_plan(context: Context, night: pa.Table) -> int:
    """Keep what the next plan must know. night: as `plan_night` made it. Returns how many rows were written.

    The posts that a model's answer was given for become the reference of drift; an offline answer is none. With another
    embedding model every reference is made anew, of the posts there are.
    """
    written = 0
    with context.engine() as engine:
        for start in range(0, len(night), COLUMNS_STRETCH):
            written += _remember(context, engine, night.slice(start, COLUMNS_STRETCH))
    with context.writing_frames() as frames:
        return written + memory.forget_vanished(frames)


def _remember(context: Context, engine: Engine, night: pa.Table) -> int:
    stretch = Stretch(night["creator_id"][0].as_py(), night["creator_id"][-1].as_py())
    with context.reading_frames() as frames:
        answers = store.load_answers_in_force(frames, stretch)
        remembered = memory.load_states(frames, stretch)
    sql = _REMEMBERED.format(as_of=to_micros(context.as_of), recipe=context.embedding_recipe.fingerprint)
    rows = engine.sql(sql, night=night, answers=answers, remembered=remembered)
    changed = engine.sql(_CHANGED, rows=rows)
    with context.writing_frames() as frames:
        written = memory.save_states(frames, changed)
    due = rows.filter(pc.is_valid(rows["reference_until"])).select(["creator_id", "reference_until"])
    for made in make_references(context, due):
        with context.writing_frames() as frames:
            written += memory.save_references(frames, made)
    return written
