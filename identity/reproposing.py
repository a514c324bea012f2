"""Only blocks that somebody entered or left are proposed again.

Comes in: tonight's profiles and claims, the candidate pairs and profiles of last night, who is news. Goes out: what
`propose_pairs` says of tonight, and where each of its pairs stood last night. An account that changed leaves its blocks
and enters its new ones; all members of such a block are proposed again under its rule, because the block may have
crossed its cap.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.beside import NOWHERE, Beside
from identity.blocking import (
    CLAIM_RULE,
    NEIGHBOUR_RULE,
    SCHEMA,
    SPELLED_RULE,
    SPELLINGS,
    bit,
    key_holders,
    propose_pairs,
    said_pairs,
    same_keys,
    spelled,
)

Rows = npt.NDArray[np.int64]

#: what rules read of an account
COLUMNS = [
    "row", "platform", "handle", "handle_core", "handle_letters", "name_key", "name_glued", "name_latin", "email",
    "email_domain", "site", *SPELLINGS,
]  # fmt: skip
#: columns that spell something, as one role or the other
SPELT = (*SPELLINGS, "handle_core")
#: proposed by statements and likeness, which are looked at whole each night
UNKEYED = bit(CLAIM_RULE) | bit(NEIGHBOUR_RULE)


@dataclass(frozen=True, slots=True)
class Proposed:
    #: left, right, rules; as of `propose_pairs`
    pairs: pa.Table
    #: per pair, its place among the pairs of last night; NOWHERE: it is new, or of an account that is news
    places: Rows


def propose_again(
    profiles: pa.Table,
    claims: pa.Table,
    engine: Engine,
    neighbours: pa.Table | None,
    *,
    before: pa.Table,
    pairs: pa.Table,
    beside: Beside,
) -> Proposed:
    """`propose_pairs` of the first four. before, pairs: the profiles and candidate pairs of last night, by its rows."""
    news = beside.news(profiles, before, COLUMNS[1:])
    tonight = profiles.select(COLUMNS)
    stale = np.zeros(profiles.num_rows, np.int64)
    holders = key_holders(tonight, news, engine)
    np.bitwise_or.at(stale, holders["row"].to_numpy(), holders["rules"].to_numpy())
    found = [*said_pairs(profiles, claims, engine, neighbours), same_keys(holders, engine)]
    rows, spellings = _spellers(tonight, news)
    stale[rows] |= bit(SPELLED_RULE)
    whole_blocks = tonight.take(pa.array(_spelling(tonight, spellings)))
    found.append(spelled(whole_blocks, engine, pa.table({"k": spellings})))
    return _joined(_standing(pairs, beside, stale), pa.concat_tables(found), profiles.num_rows)


def propose_all(
    profiles: pa.Table,
    claims: pa.Table,
    engine: Engine,
    neighbours: pa.Table | None,
    *,
    pairs: pa.Table,
    beside: Beside,
) -> Proposed:
    """The same when nothing is known of blocks: every pair is proposed anew, and then looked up."""
    proposed = propose_pairs(profiles, claims, engine, neighbours)
    keys, places, _ = _standing(pairs, beside, np.zeros(profiles.num_rows, np.int64))
    return Proposed(proposed, look_up(keys_of(*sides_of(proposed), profiles.num_rows), keys, places))


def _spellers(tonight: pa.Table, news: pa.Table) -> tuple[Rows, pa.ChunkedArray]:
    """The rows that share a spelling with the news, in whatever role; and everything those rows spell."""
    rows = _spelling(tonight, _spellings(news))
    return rows, _spellings(tonight.take(pa.array(rows)))


def _spellings(profiles: pa.Table) -> pa.ChunkedArray:
    chunks = [chunk for name in SPELT for chunk in profiles[name].chunks]
    return pa.chunked_array([pc.unique(pa.chunked_array(chunks, pa.string())).drop_null()])


def _spelling(profiles: pa.Table, spellings: pa.ChunkedArray) -> Rows:
    """The rows that spell one of these."""
    masks = [pc.is_in(profiles[name], value_set=spellings).to_numpy() for name in SPELT]
    return np.flatnonzero(np.logical_or.reduce(masks))


def _standing(pairs: pa.Table, beside: Beside, stale: Rows) -> tuple[Rows, Rows, Rows]:
    """Last night's pairs between accounts that stayed: key of tonight, place of last night, rules that still hold."""
    left, right = (beside.later[side] for side in sides_of(pairs))
    stay = np.flatnonzero((left >= 0) & (right >= 0))
    left, right = left[stay], right[stay]
    rules = pairs["rules"].to_numpy()[stay] & ~(UNKEYED | (stale[left] & stale[right]))
    return keys_of(left, right, len(stale)), stay, rules


def _joined(standing: tuple[Rows, Rows, Rows], found: pa.Table, size: int) -> Proposed:
    """Pairs that stand with what was proposed again. Accounts keep their order, so the keys of both are sorted."""
    keys, places, rules = standing
    new_keys, new_rules = _merged(keys_of(*sides_of(found), size), found["rules"].to_numpy())
    at = look_up(new_keys, keys, np.arange(len(keys)))
    known = at >= 0
    rules[at[known]] |= new_rules[known]
    where = np.searchsorted(keys, new_keys[~known])
    keys, places = np.insert(keys, where, new_keys[~known]), np.insert(places, where, NOWHERE)
    rules = np.insert(rules, where, new_rules[~known])
    still = rules != 0
    left, right = np.divmod(keys[still], max(size, 1))
    columns = [pa.array(left, pa.int32()), pa.array(right, pa.int32()), pa.array(rules[still])]
    return Proposed(pa.table(columns, schema=SCHEMA), places[still])


def _merged(keys: Rows, rules: Rows) -> tuple[Rows, Rows]:
    """Each key once, in order, with all of its rules."""
    if not len(keys):
        return keys, rules
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[starts], np.bitwise_or.reduceat(rules[order], starts)


def look_up(wanted: Rows, keys: Rows, places: Rows) -> Rows:
    """The place of each wanted key, by sorted keys; NOWHERE where it is not among them."""
    if not len(keys):
        return np.full(len(wanted), NOWHERE)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, places[at], NOWHERE)


def sides_of(pairs: pa.Table) -> tuple[Rows, Rows]:
    return pairs["left"].to_numpy().astype(np.int64), pairs["right"].to_numpy().astype(np.int64)


def keys_of(left: Rows, right: Rows, size: int) -> Rows:
    return np.asarray(left * size + right)
