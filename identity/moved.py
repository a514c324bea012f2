"""The part of a night's outcome that is not what it was: the creators that news reached, and what hangs on them.

Comes in: a resolution that knows what is news. Goes out: the outcome, cut down to creators of which an account came,
left, moved or shows something else. All accounts of such a creator, of then and of now, are in it.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.memory import DECIDED
from identity.nights import News
from identity.resolution import Resolution


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that follows from members, or a part of it; each table as its whole one."""

    members: pa.Table
    accounts: pa.Table
    links: pa.Table
    pairs: pa.Table
    value_counts: pa.Table


@dataclass(frozen=True, slots=True)
class Moved:
    now: Outcome
    #: account_id, creator_id: the members of last night, of creators that news reached
    former_members: pa.Table
    #: keys of what may be stored as it is: account_key · creator_id
    account_keys: pa.Table
    creator_ids: pa.Table


def whole_outcome(resolution: Resolution, accounts: pa.Table) -> Outcome:
    return Outcome(resolution.members, accounts, resolution.links, resolution.pairs, resolution.value_counts)


def moved_outcome(resolution: Resolution, news: News, accounts: pa.Table) -> Moved:
    """What may differ from last night. accounts: by key, as members."""
    creators = _reached(resolution.decided, news)
    members = _of(resolution.members, "creator_id", creators)
    former = _of(news.former.select(["account_id", "creator_id"]), "creator_id", creators)
    here = members["account_id"]
    pairs = resolution.pairs.take(pa.array(news.pairs))
    links = _of(resolution.links, "left", here)
    now = Outcome(members, _of(accounts, "account_id", here), links, pairs, resolution.value_counts)
    keys = pc.unique(pa.chunked_array([*here.chunks, *former["account_id"].chunks], pa.string()))
    return Moved(
        now=now,
        former_members=former,
        account_keys=pa.table({"account_key": keys}),
        creator_ids=pa.table({"creator_id": creators}),
    )


def _reached(decided: pa.Table, news: News) -> pa.Array:
    """The creators, of then and of now, that an account came to, left, or shows something else of."""
    stayed = news.rows >= 0
    now, former = decided.take(pa.array(news.rows[stayed])), news.former.filter(pa.array(stayed))
    moved = np.logical_or.reduce([pc.not_equal(now[name], former[name]).to_numpy() for name in DECIDED.names])
    came = np.ones(decided.num_rows, bool)
    came[news.rows[stayed]] = False
    reached = [
        now.filter(pa.array(moved)), former.filter(pa.array(moved)), decided.filter(pa.array(came)),
        news.former.filter(pa.array(~stayed)),
    ]  # fmt: skip
    return pc.unique(
        pa.chunked_array([chunk for frame in reached for chunk in frame["creator_id"].chunks], pa.string())
    )


def _of(frame: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return frame.filter(pc.is_in(frame[column], value_set=values))
