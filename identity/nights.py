"""A night beside the one before: what need not be done again, what came out differently, and what to remember of it.

Comes in: the memory of last night, what was read tonight. Goes out: the same answers as without a memory, with less
work. There is one path: where memory holds nothing, everything is news.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from base.fingerprint import fingerprint
from engines.engine import Engine
from identity.beside import NOWHERE, Beside, Mask
from identity.canonical import shown_marks
from identity.clustering import Clustering, Links, Settled
from identity.constraints import Constraints
from identity.memory import COMPARED, DECIDED, HELD, Memory
from identity.profile import Profiles
from identity.rarity import Rarity
from identity.recomparing import LEVELS, Compared, compare_again, says_the_same
from identity.recounting import tally_again
from identity.reproposing import Proposed, keys_of, look_up, propose_again, propose_all, sides_of
from identity.rivals import Standing
from identity.values import tally_values
from identity.weights import match_probability

Rows = npt.NDArray[np.int64]

#: what is said of a pair
SAID = ("rules", *LEVELS, "rivals")


@dataclass(frozen=True, slots=True)
class News:
    """What is not as it was last night."""

    #: rows of `pairs` that are new, or have other rules or levels
    pairs: Rows
    #: left, right of pairs that are no more
    former_pairs: pa.Table
    #: account_id and the columns of DECIDED: what creators were
    former: pa.Table
    #: per row of `former`, the account's row tonight; NOWHERE: it left
    rows: Rows
    #: value counts as they were
    former_counts: pa.Table


class Night:
    """Tonight's accounts beside what is remembered of the last ones."""

    def __init__(self, memory: Memory, built: Profiles, ruling: str) -> None:
        self._memory, self._built, self._ruling = memory, built, ruling
        self._beside = Beside.of(built.read.places, memory.marks.num_rows)
        #: None when somebody was forgotten since: what depends on several accounts cannot be told from the news then
        self._former_profiles = memory.profiles if memory.is_whole else None
        #: clusters are made as they were then
        self.goes_on = memory.is_whole and memory.ruling == ruling

    def tally(self, engine: Engine) -> pa.Table:
        """`tally_values` of tonight's profiles."""
        if self._former_profiles is None:
            return tally_values(self._built.profiles, engine)
        return tally_again(self._built.profiles, self._former_profiles, self._memory.tallies, self._beside, engine)

    def compare(
        self,
        profiles: pa.Table,
        claims: pa.Table,
        rarity: Rarity,
        engine: Engine,
        neighbours: pa.Table | None,
        value_counts: pa.Table,
    ) -> Compared:
        """`compare` of the pairs that `propose_pairs` gives."""
        proposed = self._propose(profiles, claims, engine, neighbours)
        return compare_again(
            proposed, profiles, claims, rarity, engine, neighbours,
            read_marks=self._built.read.marks, value_counts=value_counts, memory=self._memory, beside=self._beside,
        )  # fmt: skip

    def _propose(self, profiles: pa.Table, claims: pa.Table, engine: Engine, neighbours: pa.Table | None) -> Proposed:
        known, asked = {"pairs": self._memory.pairs, "beside": self._beside}, (profiles, claims, engine, neighbours)
        if self._former_profiles is None:
            return propose_all(*asked, **known)
        return propose_again(*asked, before=self._former_profiles, **known)

    def standing(self, compared: Compared) -> Standing | None:
        """What rivals were, for pairs that say what they said, and whose rivals do."""
        if self._former_profiles is None:
            return None
        levels = np.zeros(compared.pairs.num_rows, np.int8)
        known = compared.places >= 0
        levels[known] = self._memory.pairs["rivals"].to_numpy()[compared.places[known]]
        platforms = self._former_profiles["platform"].combine_chunks()
        left, right = (self._memory.pairs[side].to_numpy()[compared.gone] for side in ("left", "right"))
        rows = self._beside.later[np.concatenate([left, right])]
        others = platforms.take(pa.array(np.concatenate([right, left])))
        return Standing(levels, ~compared.same, pa.table({"row": rows, "platform": others}).filter(pa.array(rows >= 0)))

    def same(self, compared: Compared, scored: pa.Table) -> Mask:
        """Which pairs weigh what they weighed, if clusters are made as they were."""
        same = compared.same.copy()
        places = compared.places[same]
        same[same] = scored["rivals"].to_numpy()[same] == self._memory.pairs["rivals"].to_numpy()[places]
        return same

    def settled(self, compared: Compared, same: Mask) -> Settled | None:
        """What need not be clustered again; None when clusters are made in another way tonight."""
        if not self.goes_on:
            return None
        return Settled(self._touched(compared, same), self._held())

    def _touched(self, compared: Compared, same: Mask) -> Mask:
        """Which accounts are news, or of a pair that is gone or not the same."""
        touched = self._beside.former < 0
        moved = np.flatnonzero(~same)
        for side in ("left", "right"):
            touched[compared.pairs[side].to_numpy()[moved]] = True
            rows = self._beside.later[self._memory.pairs[side].to_numpy()[compared.gone]]
            touched[rows[rows >= 0]] = True
        return touched

    def _held(self) -> Links:
        """Last night's held links between accounts that stayed, by tonight's rows."""
        left, right = (self._beside.later[rows] for rows in sides_of(self._memory.held))
        held = Links(left, right, self._memory.held["weight_bits"].to_numpy())
        return held.where((left >= 0) & (right >= 0))

    def news(self, compared: Compared, scored: pa.Table, rarity: Rarity, same: Mask) -> News | None:
        """What came out differently; None when everything may have."""
        if not self.goes_on or self._former_profiles is None:
            return None
        keys = self._former_profiles["account_id"]
        former = self._memory.decided.add_column(0, "account_id", keys)
        row_of = self._beside.rows_by_key(self._built.profiles["account_id"], keys)
        gone, met = compared.gone, self._met_again(compared, row_of)
        is_news = ~same
        again = met >= 0
        is_news[met[again]] = ~says_the_same(scored, met[again], self._memory.pairs, gone[again], rarity, SAID)
        vanished = self._memory.pairs.take(pa.array(gone[~again]))
        sides = {side: keys.take(vanished[side]) for side in ("left", "right")}
        return News(np.flatnonzero(is_news), pa.table(sides), former, row_of, self._memory.counts)

    def _met_again(self, compared: Compared, row_of: Rows) -> Rows:
        """Places tonight of last night's pairs that are gone as far as news goes; NOWHERE: nobody has them.

        row_of: per account of last night, its row tonight.
        """
        unknown = np.flatnonzero(compared.places < 0)
        left, right = (row_of[rows] for rows in sides_of(self._memory.pairs.take(pa.array(compared.gone))))
        one, other = sides_of(compared.pairs.take(pa.array(unknown)))
        size = self._built.profiles.num_rows
        known = keys_of(one, other, size)
        return np.where((left >= 0) & (right >= 0), look_up(keys_of(left, right, size), known, unknown), NOWHERE)

    def remember(
        self,
        basis: str,
        tallies: pa.Table,
        counts: pa.Table,
        compared: Compared,
        scored: pa.Table,
        clusters: Clustering,
        decided: pa.Table,
    ) -> Memory:
        """For the next night."""
        columns = {name: scored[name] for name in COMPARED.names if name != "cosine"}
        pairs = pa.table({name: columns.get(name, pa.array(compared.cosines)) for name in COMPARED.names})
        held = [pa.array(clusters.held.left), pa.array(clusters.held.right), pa.array(clusters.held.weight_bits)]
        return Memory(
            basis=basis,
            ruling=self._ruling,
            night=self._memory.night,
            is_whole=True,
            profiles=self._built.read.marked,
            marks=compared.marks,
            claims=self._built.claims,
            tallies=tallies,
            counts=counts,
            pairs=pairs.cast(COMPARED),
            held=pa.table(held, names=HELD.names).cast(HELD),
            decided=decided.select(DECIDED.names),
            relations=self._memory.relations,
        )


def ruling_of(basis: str, precision: float, constraints: Constraints) -> str:
    """Under another one of these, clusters are made anew."""
    links: Sequence[object] = [sorted(constraints.must_link), sorted(constraints.cannot_link)]
    return fingerprint([basis, precision, *links])


def decide(accounts: pa.Table, members: pa.Table, clusters: Clustering, engine: Engine) -> pa.Table:
    """account_id and the columns of DECIDED. accounts: by key, as `members`."""
    weakest = np.full(members.num_rows, np.inf)
    np.minimum.at(weakest, clusters.label[clusters.kept.left], match_probability(clusters.kept.weight_bits))
    columns = {"weakest": pa.array(weakest[clusters.label]), "shown": shown_marks(accounts, engine)}
    for name, column in columns.items():
        members = members.append_column(name, column)
    return members
