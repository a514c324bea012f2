"""Values are counted on from last night's tallies: what came is added, what left is taken away.

Comes in: tonight's profiles, last night's profiles and tallies. Goes out: what `tally_values` says of tonight. Only
values that the news holds and that were not counted so far are looked for among all accounts.
"""

import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.beside import Beside
from identity.values import COUNTED, KINDS, TALLIES, added, held_of, in_turn, only_counted, with_kind


def tally_again(profiles: pa.Table, before: pa.Table, tallies: pa.Table, beside: Beside, engine: Engine) -> pa.Table:
    """`tally_values` of `profiles`, by row. before, tallies: of last night, by its rows."""
    columns = ["platform", *COUNTED, "bio_tokens"]
    came, gone = _held(beside.came(profiles, columns)), _held(beside.left(before, columns))
    moved = engine.sql(_MOVED, tallies=tallies, came=came, gone=gone)
    again = moved.filter(pc.and_(moved["is_known"], pc.greater(moved["accounts"], 0))).select(TALLIES.names)
    unknown = moved.filter(pc.invert(moved["is_known"]))
    asked = {kind: pc.unique(unknown["value"].filter(pc.equal(unknown["kind"], kind))) for kind in KINDS}
    found = added([with_kind(held_of(profiles, kind, among), kind) for kind, among in asked.items()], engine)
    reached = only_counted(pa.concat_tables([again.cast(TALLIES), found]), engine)
    return in_turn([engine.sql(_OTHERS, tallies=tallies, moved=moved).cast(TALLIES), reached], engine)


def _held(news: pa.Table) -> pa.Table:
    """platform, value, kind: everything that is counted of some accounts."""
    return pa.concat_tables([with_kind(held_of(news, kind), kind) for kind in KINDS])


#: all values of the news; with their new tallies, where they have former ones
_MOVED = """
    WITH steps AS (
        SELECT kind, value, platform, 1 AS accounts FROM came WHERE value IS NOT NULL
        UNION ALL SELECT kind, value, platform, -1 FROM gone WHERE value IS NOT NULL
    ),
    named AS (SELECT DISTINCT kind, value FROM steps),
    known AS (SELECT t.* FROM tallies t JOIN named n ON n.kind = t.kind AND n.value = t.value)
    SELECT kind, value, platform, CAST(sum(accounts) AS BIGINT) AS accounts,
           (kind, value) IN (SELECT (kind, value) FROM known) AS is_known
    FROM (SELECT * FROM known UNION ALL SELECT * FROM steps) GROUP BY kind, value, platform
"""
_OTHERS = """
    SELECT * FROM tallies t
    WHERE NOT EXISTS (SELECT 1 FROM moved m WHERE m.kind = t.kind AND m.value = t.value)
"""
