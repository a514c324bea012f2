"""How right the stored creators are, against a known truth. The truth is only ever compared, never learned from."""

from typing import NamedTuple

import pyarrow as pa

from engines.engine import Engine
from identity.evaluation import Evaluation, evaluate
from jobs.context import Context
from store.creators import load_members
from store.pairs import load_pairs

CALIBRATION_STEPS = 10


class Scored(NamedTuple):
    evaluation: Evaluation
    #: promised probability, share of pairs that are one creator, pairs; one entry per tenth of promise
    calibration: list[tuple[float, float, int]]


def score_identity(context: Context, truth: pa.Table) -> Scored:
    """Score members and probabilities on the accounts of `truth` (account_id, creator_id)."""
    with context.reading_frames() as frames:
        members, pairs = load_members(frames), load_pairs(frames)
    with context.engine() as engine:
        return Scored(evaluate(members, truth, engine), calibration_of(pairs, truth, engine))


def calibration_of(pairs: pa.Table, truth: pa.Table, engine: Engine) -> list[tuple[float, float, int]]:
    """What match probabilities promised and what held, by tenths of the promise, over pairs whose truth is known."""
    rows = engine.sql(
        f"""
        SELECT avg(p.match_probability) AS promised, avg((l.creator_id = r.creator_id)::INT) AS held, count(*) AS pairs
        FROM pairs p JOIN truth l ON l.account_id = p."left" JOIN truth r ON r.account_id = p."right"
        GROUP BY least(floor(p.match_probability * {CALIBRATION_STEPS}), {CALIBRATION_STEPS - 1}) ORDER BY promised
        """,  # noqa: S608 - a number of our own
        pairs=pairs, truth=truth,
    )  # fmt: skip
    return [(row["promised"], row["held"], row["pairs"]) for row in rows.to_pylist()]
