"""Accounts, the keys they had before, and moving everything that hangs on a key when an account gets its id."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Text, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from store.bulk import FrameReader, FrameWriter
from store.tables import AccountAlias, AccountVector, ContentItem, CreatorAccount, CreatorMember, RawEntity


def load_holders(frames: FrameWriter, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(platform, handle) → the key of the one live account with a known id that carries the handle now.

    A handle that two accounts claim, because one changed it since we looked, has no holder.
    """
    wanted = sorted(set(names))
    keys = pa.table({"platform": [name[0] for name in wanted], "handle": [name[1] for name in wanted]})
    found = frames.matching(CreatorAccount, keys)
    settled = found.filter(pc.and_(pc.is_valid(found["platform_user_id"]), pc.equal(found["state"], "live")))
    holders: dict[tuple[str, str], list[str]] = {}
    for platform, handle, key in zip(
        *(settled[name].to_pylist() for name in ("platform", "handle", "account_key")), strict=True
    ):
        holders.setdefault((platform, handle), []).append(key)
    return {name: keys[0] for name, keys in holders.items() if len(keys) == 1}


def load_aliases(frames: FrameWriter, alias_keys: Iterable[str]) -> dict[str, str]:
    """Former key → the key that names the account now."""
    found = frames.matching(AccountAlias, pa.table({"alias_key": sorted(set(alias_keys))}))
    return dict(zip(found["alias_key"].to_pylist(), found["account_key"].to_pylist(), strict=True))


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
