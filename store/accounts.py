"""Accounts, the keys they had before, and moving everything that hangs on a key when an account gets its id."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Text, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from store.bulk import FrameReader, FrameWriter
from store.tables import AccountAlias, AccountVector, ContentItem, CreatorAccount, CreatorMember, RawEntity


def load_holders(frames: FrameWriter, names: pa.Table) -> pa.Table:
    """For `platform`, `handle`: the `account_key` of the one live account with a known id that carries the handle now.

    A handle that two accounts claim, because one changed it since we looked, has no holder.
    """
    found = frames.matching(CreatorAccount, names)
    settled = found.filter(pc.and_(pc.is_valid(found["platform_user_id"]), pc.equal(found["state"], "live")))
    holders = settled.group_by(["platform", "handle"], use_threads=False)
    counted = holders.aggregate([("account_key", "min"), ("account_key", "count")])
    only = counted.filter(pc.equal(counted["account_key_count"], 1))
    return only.select(["platform", "handle", "account_key_min"]).rename_columns(["platform", "handle", "account_key"])


def load_aliases(frames: FrameWriter, alias_keys: pa.ChunkedArray) -> pa.Table:
    """For former keys (`alias_key`): the `account_key` that names the account now; none for a key that stayed."""
    return frames.matching(AccountAlias, pa.table({"alias_key": alias_keys})).select(["alias_key", "account_key"])


def load_promotions(frames: FrameReader) -> pa.Table:
    """Provisional accounts whose handle now belongs to exactly one live account with an id: alias_key, account_key."""
    provisional, settled = aliased(CreatorAccount), aliased(CreatorAccount)
    alias_key = col(provisional.account_key)
    same_handle = (col(settled.platform) == provisional.platform) & (col(settled.handle) == provisional.handle)
    columns: list[Any] = [
        alias_key.label("alias_key"),
        func.min(settled.account_key, type_=Text()).label("account_key"),
    ]
    held = (
        select(*columns)
        .join(settled, same_handle)
        # Not `IS NULL`: SQLite would look every account up among all provisional ones of its platform, by that index.
        .where(func.coalesce(provisional.platform_user_id, "") == "", col(settled.platform_user_id).is_not(None))
        .where(col(settled.state) == "live")
        .group_by(alias_key)
        .having(func.count() == 1)
        .order_by(alias_key)
    )
    return frames.read(held)


def rename_accounts(frames: FrameWriter, former: Mapping[str, str]) -> None:
    """Move what hangs on provisional keys (former → new); where both keys have a row, the new key's own stays.

    Accounts, handle spans and snapshots are merged by the caller, activity and candidate pairs are worked out again.
    """
    frames.rename(RawEntity, "entity_key", former)
    frames.rename(ContentItem, "account_key", former)
    frames.rename(AccountVector, "account_key", former)
    frames.rename(CreatorMember, "account_key", former)
