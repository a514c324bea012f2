"""How right a resolution is, against a known truth: pairwise and B-cubed precision, recall and F1, and the errors.

Comes in: two frames of account_id and creator_id. Goes out: scores, or the wrong pairs for a person to look at.
"""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engines.engine import Engine

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean; 0 when both are 0.

        >>> round(Score(1.0, 0.5).f1, 4)
        0.6667
        """
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    #: over pairs of accounts
    pairwise: Score
    #: over accounts. Source: Bagga & Baldwin (1998), "Entity-Based Cross-Document Coreferencing", COLING-ACL.
    b_cubed: Score
    found_pairs: int
    true_pairs: int
    accounts: int

    def summary(self) -> dict[str, float | int]:
        return {
            "accounts": self.accounts,
            "found_pairs": self.found_pairs,
            "true_pairs": self.true_pairs,
            **{
                f"pair_{name}": round(value, 4)
                for name, value in (asdict(self.pairwise) | {"f1": self.pairwise.f1}).items()
            },
            **{
                f"b3_{name}": round(value, 4)
                for name, value in (asdict(self.b_cubed) | {"f1": self.b_cubed.f1}).items()
            },
        }


def evaluate(members: pa.Table, truth: pa.Table, engine: Engine) -> Evaluation:
    """Score `members` on the accounts that both frames hold. Raises ValueError when they hold none in common."""
    joined = engine.sql(
        """
        SELECT m.creator_id AS found, t.creator_id AS actual FROM members m JOIN truth t ON t.account_id = m.account_id
        """,
        members=members,
        truth=truth,
    )
    if not joined.num_rows:
        raise ValueError("members and truth have no account in common")
    return score_labels(_codes(joined["found"]), _codes(joined["actual"]))


def score_labels(found: Labels, actual: Labels) -> Evaluation:
    """Score one clustering against another; both say a label per account, in one order."""
    _, place, both = np.unique(found * (actual.max() + 1) + actual, return_inverse=True, return_counts=True)
    found_sizes, actual_sizes = np.bincount(found), np.bincount(actual)
    right, claimed, true = _pair_count(both), _pair_count(found_sizes), _pair_count(actual_sizes)
    together = both[place]
    return Evaluation(
        pairwise=Score(right / claimed if claimed else 1.0, right / true if true else 1.0),
        b_cubed=Score(float((together / found_sizes[found]).mean()), float((together / actual_sizes[actual]).mean())),
        found_pairs=claimed,
        true_pairs=true,
        accounts=len(found),
    )


def wrong_merges(members: pa.Table, truth: pa.Table, engine: Engine, limit: int = 100) -> pa.Table:
    """left, right of pairs put together that are not one creator's, sorted."""
    return engine.sql(
        f"""
        WITH both_known AS (
            SELECT m.account_id, m.creator_id AS found, t.creator_id AS actual
            FROM members m JOIN truth t ON t.account_id = m.account_id
        )
        SELECT l.account_id AS "left", r.account_id AS "right" FROM both_known l JOIN both_known r
        ON l.found = r.found AND l.actual <> r.actual AND l.account_id < r.account_id ORDER BY 1, 2 LIMIT {int(limit)}
        """,
        members=members,
        truth=truth,
    )


def missed_pairs(members: pa.Table, truth: pa.Table, engine: Engine, limit: int = 100) -> pa.Table:
    """left, right of pairs that are one creator's but stand apart, sorted."""
    return wrong_merges(truth, members, engine, limit)


def _codes(column: pa.ChunkedArray) -> Labels:
    return np.asarray(column.combine_chunks().dictionary_encode().indices.to_numpy(), dtype=np.int64)


def _pair_count(sizes: npt.NDArray[np.int64]) -> int:
    return int((sizes.astype(np.int64) * (sizes - 1) // 2).sum())
