"""What scored pairs promised and what held: by tenth of probability, by band, by kind of evidence, by trap, by review.

Comes in: scored pairs, members, and a truth (account_id, creator_id) or judgements. Goes out: small tables of numbers.
The truth is only ever compared, never learned from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from base.intervals import wilson
from base.judgement import Judgement
from engines.engine import Engine
from identity.evaluation import score_labels
from identity.known_pairs import known_pairs
from identity.levels import ReachedLevels
from identity.triage import Triage

CALIBRATION_STEPS = 10
#: a true pair that stands together without a link of its own
THROUGH_OTHERS = "through_others"
#: a true pair that no rule proposed
NOT_COMPARED = "not_compared"


@dataclass(frozen=True, slots=True)
class Promise:
    """Pairs of one tenth of probability."""

    promised: float
    held: float
    pairs: int
    #: Wilson interval of `held`, 95%
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BandPrecision:
    band: str
    pairs: int
    same: int
    precision: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PathRecall:
    """True pairs whose best evidence is of one kind."""

    path: str
    true_pairs: int
    found: int


@dataclass(frozen=True, slots=True)
class TrapErrors:
    trap: str
    accounts: int
    #: pairs put together wrongly, and true pairs left apart, that an account of this trap is part of
    wrong_pairs: int
    missed_pairs: int


@dataclass(frozen=True, slots=True)
class Held:
    """True pairs that stand together once people accepted the true ones among the first `decisions` pairs."""

    decisions: int
    true_pairs: int
    share: float
    #: more than without review
    gained: int


def with_truth(pairs: pa.Table, truth: pa.Table, engine: Engine) -> pa.Table:
    """The pairs of which both accounts are in `truth`, with `same`: are they one creator's?"""
    return engine.sql(
        """
        SELECT p.*, l.creator_id = r.creator_id AS same
        FROM pairs p JOIN truth l ON l.account_id = p."left" JOIN truth r ON r.account_id = p."right"
        ORDER BY p."left", p."right"
        """,
        pairs=pairs,
        truth=truth,
    )


def with_verdicts(pairs: pa.Table, judgements: Iterable[Judgement]) -> pa.Table:
    """The pairs that people judged same or different, with `same`."""
    known = known_pairs(pairs, ReachedLevels(pairs["levels"]), judgements)
    judged = pairs.append_column("same", pa.array(known.judged_same))
    return judged.filter(pa.array(known.judged_same | known.judged_different))


def calibration(known: pa.Table) -> list[Promise]:
    """What match probabilities promised and what held, by tenths of the promise; empty tenths are left out."""
    promised = known["match_probability"].to_numpy()
    same = known["same"].to_numpy()
    tenth = np.minimum((promised * CALIBRATION_STEPS).astype(np.int64), CALIBRATION_STEPS - 1)
    return [_promise(promised[tenth == step], same[tenth == step]) for step in np.unique(tenth).tolist()]


def _promise(promised: npt.NDArray[np.float64], same: npt.NDArray[np.bool_]) -> Promise:
    return Promise(float(promised.mean()), float(same.mean()), len(same), *wilson(int(same.sum()), len(same)))


def precision_by_band(known: pa.Table) -> list[BandPrecision]:
    """How many pairs of each band are one creator's."""
    return [_band(band, known.filter(pc.equal(known["triage"], band.value))["same"].to_numpy()) for band in Triage]


def _band(band: Triage, same: npt.NDArray[np.bool_]) -> BandPrecision:
    right = int(same.sum())
    share = right / len(same) if len(same) else None
    return BandPrecision(band.value, len(same), right, share, *wilson(right, len(same)))


def recall_by_path(pairs: pa.Table, members: pa.Table, truth: pa.Table, engine: Engine) -> list[PathRecall]:
    """True pairs by the evidence they rest on (found), or the best they had (missed); the most frequent first.

    pairs: left, right, triage, path.
    """
    rows = engine.sql(
        f"""
        WITH known AS (
            SELECT t.account_id, t.creator_id AS actual, m.creator_id AS found
            FROM truth t JOIN members m ON m.account_id = t.account_id
        ),
        true_pairs AS (
            SELECT l.account_id AS "left", r.account_id AS "right", l.found = r.found AS found
            FROM known l JOIN known r ON l.actual = r.actual AND l.account_id < r.account_id
        )
        SELECT CASE WHEN t.found AND coalesce(p.triage, '') <> '{Triage.LINK.value}' THEN '{THROUGH_OTHERS}'
                    ELSE coalesce(p.path, '{NOT_COMPARED}') END AS path,
               count(*) AS true_pairs, count(*) FILTER (WHERE t.found) AS found
        FROM true_pairs t LEFT JOIN pairs p ON p."left" = t."left" AND p."right" = t."right"
        GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        pairs=pairs, members=members, truth=truth,
    )  # fmt: skip
    return [PathRecall(**row) for row in rows.to_pylist()]


def errors_by_trap(members: pa.Table, truth: pa.Table, engine: Engine) -> list[TrapErrors]:
    """Wrong and missed pairs by the trap of their accounts, most errors first; a pair of two traps counts for both.

    truth: account_id, creator_id, trap ("" or null: none).
    """
    rows = engine.sql(
        """
        WITH known AS (
            SELECT t.account_id, t.creator_id AS actual, m.creator_id AS found, coalesce(t.trap, '') AS trap
            FROM truth t JOIN members m ON m.account_id = t.account_id
        ),
        wrong AS (
            SELECT l.trap AS one, r.trap AS other, 1 AS wrong, 0 AS missed FROM known l JOIN known r
            ON l.found = r.found AND l.actual <> r.actual AND l.account_id < r.account_id
        ),
        missed AS (
            SELECT l.trap AS one, r.trap AS other, 0 AS wrong, 1 AS missed FROM known l JOIN known r
            ON l.actual = r.actual AND l.found <> r.found AND l.account_id < r.account_id
        ),
        errors AS (SELECT * FROM wrong UNION ALL SELECT * FROM missed),
        touched AS (
            SELECT one AS trap, wrong, missed FROM errors
            UNION ALL SELECT other, wrong, missed FROM errors WHERE one <> other
        ),
        counted AS (SELECT trap, sum(wrong) AS wrong, sum(missed) AS missed FROM touched GROUP BY trap)
        SELECT k.trap, count(*) AS accounts, CAST(coalesce(any_value(c.wrong), 0) AS BIGINT) AS wrong_pairs,
               CAST(coalesce(any_value(c.missed), 0) AS BIGINT) AS missed_pairs
        FROM known k LEFT JOIN counted c ON c.trap = k.trap
        GROUP BY k.trap ORDER BY wrong_pairs + missed_pairs DESC, k.trap
        """,
        members=members,
        truth=truth,
    )
    return [TrapErrors(**row) for row in rows.to_pylist()]


def held_after_review(
    queue: pa.Table, members: pa.Table, truth: pa.Table, decisions: Sequence[int], engine: Engine
) -> list[Held]:
    """How much people add: the true ones among the first pairs of `queue` (left, right, in its order) are accepted.

    A true pair is held when its two accounts then stand together, by machine, by acceptance or through others. Accounts
    outside `truth` can neither be accepted nor counted. A pair that stands together already asks nothing and is no
    decision, as in the reviewers' queue.
    """
    known = engine.sql(
        """
        SELECT t.account_id, m.creator_id AS found, t.creator_id AS actual
        FROM truth t JOIN members m ON m.account_id = t.account_id ORDER BY t.account_id
        """,
        members=members,
        truth=truth,
    )
    found, actual = _codes(known["found"]), _codes(known["actual"])
    left, right = (
        pc.fill_null(pc.index_in(queue[side], value_set=known["account_id"]), -1).to_numpy()
        for side in ("left", "right")
    )
    is_open = (left < 0) | (right < 0) | (found[left] != found[right])
    left, right = left[is_open], right[is_open]
    accepted = (left >= 0) & (right >= 0) & (actual[left] == actual[right])
    counted = [_held(found, actual, left[:n][accepted[:n]], right[:n][accepted[:n]]) for n in (0, *decisions)]
    true_pairs = max(score_labels(found, actual).true_pairs, 1)
    return [Held(n, held, held / true_pairs, held - counted[0]) for n, held in zip(decisions, counted[1:], strict=True)]


def _held(
    found: npt.NDArray[np.int64],
    actual: npt.NDArray[np.int64],
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
) -> int:
    size = int(found.max()) + 1
    joined = coo_array((np.ones(len(left), np.int8), (found[left], found[right])), shape=(size, size))
    label = connected_components(joined, directed=False)[1].astype(np.int64)[found]
    score = score_labels(label, actual)
    return round(score.pairwise.recall * score.true_pairs) if score.true_pairs else 0


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.asarray(column.combine_chunks().dictionary_encode().indices.to_numpy(), dtype=np.int64)
