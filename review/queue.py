"""What is most worth a person's time, as rows that a person can read.

Comes in: the store and the model. Goes out: judgements that want a second look, then open pairs by value × uncertainty,
then a random sample of merges for an audit. Scores are worked out on columns; only the rows shown become objects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session

from base.fingerprint import sha256_hex
from base.judgement import Judgement, Verdict
from base.text import shorten
from identity.blocking import SENTENCES, rules_in
from identity.constraints import newest_judgements
from identity.explain import explain_row
from identity.review_order import priority
from identity.triage import Triage
from identity.weights import Model, load_model
from store.creators import load_account_rows
from store.judgements import load_flags, load_judgements
from store.pairs import find_pair
from store.review_queue import load_last_resolve, load_pairs_in_band
from store.session import Store
from store.tables import CandidatePair, CreatorAccount

_SIDE = ("platform", "handle", "name", "bio", "followers", "profile", "links")
#: columns of a row, in order; `verdict` and `note` are for the reviewer to fill in
COLUMNS = (
    "stratum", "flag", "cluster", "proposed", "match_probability", "match_weight_bits", "priority", "proposed_because",
    "evidence", "left", "right", *(f"left_{name}" for name in _SIDE), *(f"right_{name}" for name in _SIDE),
    "verdict", "note", "reviewer", "queued_at",
)  # fmt: skip
QUEUE, AUDIT = "queue", "audit"

_BIO_CHARACTERS = 200
_PROFILES = {
    "youtube": "https://www.youtube.com/@{}", "instagram": "https://www.instagram.com/{}/",
    "tiktok": "https://www.tiktok.com/@{}", "x": "https://x.com/{}",
}  # fmt: skip

Pair = tuple[str, str]
Row = Mapping[str, Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Question:
    """A pair that is asked about, before it is dressed for people."""

    pair: Pair
    stratum: str
    flag: str = ""
    cluster: str = ""
    #: mask of the blocking rules
    rules: int = 0
    priority: float = 0.0


def review_rows(
    store: Store, *, limit: int, audit: int, queued_at: datetime, model: Path | None = None
) -> list[dict[str, Any]]:
    """At most `limit` open questions and `audit` merges, one dict of COLUMNS each; second looks first, all of them.

    Open questions of one creator stand together, and among them those of one reason. The sample of merges depends on
    the last run that resolved, and on nothing else.
    """
    with store.reading() as session:
        newest = newest_judgements(load_judgements(session))
        second_looks = _second_looks(session, newest)
        resolved = load_last_resolve(session)
    settled = {pair for pair, one in newest.items() if one.verdict is not Verdict.UNSURE}
    with store.reading_frames() as frames:
        waiting = load_pairs_in_band(frames, Triage.REVIEW.value)
        merged = load_pairs_in_band(frames, Triage.LINK.value) if audit else None
    questions = second_looks + _most_worth_a_look(waiting, settled, limit)
    if merged is not None:
        questions += _sample(merged, settled, audit, resolved[0] if resolved else "")
    with store.reading() as session:
        return _dressed(session, questions, load_model(model), queued_at)


# --- choosing -----------------------------------------------------------------------------------------------------


def _second_looks(session: Session, newest: Mapping[Pair, Judgement]) -> list[_Question]:
    """Judgements in force whose grounds changed; a judgement newer than its flag has cleared it already."""
    found: dict[Pair, list[str]] = {}
    for flag in load_flags(session):
        pair = (flag.left, flag.right)
        if pair in newest and newest[pair].decided_at == flag.decided_at:
            found.setdefault(pair, []).append(f"{flag.reason.replace('_', ' ')}: {flag.detail}")
    return [
        _Question(pair, QUEUE, flag=f"judged {newest[pair].verdict.value} by {newest[pair].reviewer}; {'; '.join(why)}")
        for pair, why in found.items()
    ]


def _most_worth_a_look(waiting: pa.Table, settled: set[Pair], limit: int) -> list[_Question]:
    """The open pairs of highest priority, creator by creator. Pairs within one creator ask nothing any more."""
    apart = waiting.filter(pc.not_equal(waiting["left_creator"], waiting["right_creator"]))
    numbers = [apart[name].to_numpy() for name in ("match_probability", "left_followers", "right_followers")]
    score = priority(*(column.astype(np.float64) for column in numbers))
    best_first = np.lexsort((np.arange(len(score)), -score))
    rows = _open(apart, best_first, settled, limit)
    return _by_creator([_question(row, QUEUE, float(score[place])) for place, row in rows])


def _open(pairs: pa.Table, places: npt.NDArray[np.int64], settled: set[Pair], limit: int) -> list[tuple[int, Row]]:
    """The first `limit` of these rows that nobody has settled, with their places."""
    chosen = places[: limit + len(settled)]
    rows = zip(chosen.tolist(), pairs.take(pa.array(chosen)).to_pylist(), strict=True)
    return [(place, row) for place, row in rows if (row["left"], row["right"]) not in settled][:limit]


def _question(row: Row, stratum: str, score: float = 0.0) -> _Question:
    return _Question((row["left"], row["right"]), stratum, cluster=_larger(row), rules=row["rules"], priority=score)


def _larger(row: Row) -> str:
    """The creator of the account with more followers: its questions stand together."""
    sides = [(-row["left_followers"], row["left_creator"]), (-row["right_followers"], row["right_creator"])]
    return str(min(sides)[1])


def _by_creator(questions: Sequence[_Question]) -> list[_Question]:
    """Creators in the order of their weightiest question, and of each creator what was proposed for one reason."""
    most: dict[str, float] = {}
    for one in questions:
        most[one.cluster] = max(most.get(one.cluster, 0.0), one.priority)
    return sorted(questions, key=lambda one: (-most[one.cluster], one.cluster, one.rules, -one.priority, one.pair))


def _sample(merged: pa.Table, settled: set[Pair], size: int, run_id: str) -> list[_Question]:
    """A random sample of what the machine merged by itself, the same for the same run."""
    together = merged.filter(pc.equal(merged["left_creator"], merged["right_creator"]))
    dice = np.random.default_rng(int(sha256_hex(run_id)[:16], 16))
    drawn = sorted(_open(together, dice.permutation(together.num_rows), settled, size), key=lambda found: found[0])
    return [_question(row, AUDIT) for _, row in drawn]


# --- dressing -----------------------------------------------------------------------------------------------------


def _dressed(
    session: Session, questions: Sequence[_Question], model: Model, queued_at: datetime
) -> list[dict[str, Any]]:
    accounts = load_account_rows(session, (key for one in questions for key in one.pair))
    return [
        _scored(find_pair(session, *one.pair), model)
        | {
            "stratum": one.stratum, "flag": one.flag, "cluster": one.cluster, "priority": round(one.priority, 3),
            "left": one.pair[0], "right": one.pair[1], "verdict": "", "note": "", "reviewer": "",
            "queued_at": queued_at.isoformat(),
        }
        | _side("left", accounts.get(one.pair[0]))
        | _side("right", accounts.get(one.pair[1]))
        for one in questions
    ]  # fmt: skip


def _scored(pair: CandidatePair | None, model: Model) -> dict[str, Any]:
    if pair is None:
        return dict.fromkeys(("proposed", "proposed_because", "evidence", "match_probability", "match_weight_bits"))
    return {
        "proposed": pair.triage,
        "proposed_because": "; ".join(SENTENCES[rule] for rule in rules_in(pair.rules)),
        "evidence": _evidence(pair, model),
        "match_probability": round(pair.match_probability, 4),
        "match_weight_bits": round(pair.match_weight_bits, 2),
    }


def _evidence(pair: CandidatePair, model: Model) -> str:
    """What speaks for and against, the heaviest first."""
    if pair.model_fingerprint != model.fingerprint:
        return "scored by another model: run creatordex resolve"
    steps = sorted(explain_row(pair.model_dump(), model), key=lambda step: (-abs(step.weight_bits), step.comparison))
    return "; ".join(f"{step.weight_bits:+.1f} {step.detail}" for step in steps if step.weight_bits)


def _side(side: str, account: CreatorAccount | None) -> dict[str, Any]:
    if account is None:
        return {f"{side}_{name}": None for name in _SIDE}
    links = [account.website, *orjson.loads(account.external_urls)]
    values = (
        account.platform, account.handle, account.display_name,
        shorten(" ".join((account.bio or "").split()), _BIO_CHARACTERS), account.followers, profile_address(account),
        " ".join(filter(None, links)),
    )  # fmt: skip
    return {f"{side}_{name}": value for name, value in zip(_SIDE, values, strict=True)}


def profile_address(account: CreatorAccount) -> str | None:
    """Where a person can look at an account; None where we do not know the platform's addresses, or its handle."""
    if account.handle is not None and account.platform in _PROFILES:
        return _PROFILES[account.platform].format(account.handle)
    if account.platform == "youtube" and account.platform_user_id is not None:
        return f"https://www.youtube.com/channel/{account.platform_user_id}"
    return None
