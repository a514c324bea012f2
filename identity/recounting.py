"""A value is counted again when an account that holds it came, left or changed.

Comes in: tonight's profiles, last night's profiles and counts. Goes out: what `count_values` says of tonight.
"""

import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.beside import Beside
from identity.values import COUNTED, KINDS, count_held, held_of


def count_again(profiles: pa.Table, before: pa.Table, counts: pa.Table, beside: Beside, engine: Engine) -> pa.Table:
    """`count_values` of `profiles`, by row. before, counts: of last night, by its rows."""
    news = beside.news(profiles, before, ["platform", *COUNTED, "bio_tokens"])
    counted = [_one_kind(profiles, news, counts, kind, engine) for kind in KINDS]
    return pa.concat_tables(counted).sort_by([("kind", "ascending"), ("value", "ascending")])


def _one_kind(profiles: pa.Table, news: pa.Table, counts: pa.Table, kind: str, engine: Engine) -> pa.Table:
    known = counts.filter(pc.equal(counts["kind"], kind))
    moved = pc.unique(held_of(news, kind)["value"]).drop_null()
    held = held_of(profiles, kind, among=moved)
    stays = pc.invert(pc.is_in(known["value"], value_set=moved))
    return pa.concat_tables([known.filter(stays), count_held(held, kind, engine)])
