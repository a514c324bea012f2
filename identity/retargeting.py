"""Whom a claim means is looked up again only where an account that it may mean, or its source, is news.

Comes in: everything said tonight, the claims that `find_targets` gave last night. Goes out: what it says of tonight.
"""

import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.beside import Beside
from identity.claim_targets import by_source, find_targets


def find_targets_again(
    said: pa.Table, profiles: pa.Table, before: pa.Table, claims: pa.Table, beside: Beside, engine: Engine
) -> pa.Table:
    """`find_targets` of `said`. before, claims: profiles and found claims of last night."""
    names = ["account_id", "handle", "platform_user_id"]
    news = beside.news(profiles, before, names)
    reached = pc.or_(
        pc.is_in(said["target_handle"], value_set=news["handle"].drop_null()),
        pc.is_in(said["target_user_id"], value_set=news["platform_user_id"].drop_null()),
    )
    # Descriptions are no part of an account: what they say may be news where the account is none.
    told = [frame["source"].filter(pc.equal(frame["field"], "content")) for frame in (said, claims)]
    asked = [said["source"].filter(reached), *told, news["account_id"]]
    sources = pc.unique(pa.chunked_array([chunk for column in asked for chunk in column.chunks], pa.string()))
    fresh = find_targets(said.filter(pc.is_in(said["source"], value_set=sources)), profiles, engine)
    return by_source(claims.filter(pc.invert(pc.is_in(claims["source"], value_set=sources))), fresh)
