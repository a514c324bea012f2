"""The accounts and items of one batch: read as a frame, changed in memory record by record, written back as a frame."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ingest.merge import FieldOrder, Known, Stamp, pack_masks, unpack_masks
from ingest.records import AccountRecord, ContentRecord
from ingest.stored import (
    ACCOUNT_DEFAULTS,
    ACCOUNT_FIELDS,
    CONTENT_DEFAULTS,
    CONTENT_FIELDS,
    account_values,
    content_values,
    usual_content_type,
)


@dataclass(slots=True)
class KnownAccount(Known):
    platform: str = ""
    platform_user_id: str | None = None
    first_seen: int = 0
    #: as it stands in the store; None for a new account
    stored_first_seen: int | None = None
    #: (fetched_at, source) of the newest item that named it as its owner
    sighted: tuple[int, str] = (0, "")


class KnownAccounts:
    """Account key → what is known. `stored`: rows of the accounts table."""

    def __init__(self, stored: pa.Table) -> None:
        self._known: dict[str, KnownAccount] = {row["account_key"]: _stored_account(row) for row in stored.to_pylist()}

    def absorb(self, key: str, record: AccountRecord, stamp: Stamp, source: str) -> None:
        """Take a payload about the account."""
        account = self._account(key, record, stamp[0])
        account.absorb(ACCOUNT_FIELDS, account_values(record), stamp, source)
        if record.first_seen is not None:
            account.first_seen = min(account.first_seen, record.first_seen)

    def sight(self, key: str, record: ContentRecord, stamp: Stamp, source: str) -> None:
        """Know of an account because it owns an item."""
        account = self._account(key, record, stamp[0])
        account.sighted = max(account.sighted, (stamp[0], source))
        if record.handle:
            account.take(ACCOUNT_FIELDS, {"handle": record.handle}, stamp)

    def seen_earlier_than_stored(self) -> list[str]:
        """Stored accounts that this batch saw at an earlier instant than `first_seen`."""
        return sorted(
            key for key, account in self._known.items()
            if account.stored_first_seen is not None and account.first_seen < account.stored_first_seen
        )  # fmt: skip

    def keep_first_seen(self, key: str) -> None:
        """Go back to the stored `first_seen`."""
        account = self._known[key]
        if account.stored_first_seen is not None:
            account.first_seen = account.stored_first_seen

    def merge(self, former: str, key: str) -> None:
        """Let what is known under a former key become part of the account that has the key now."""
        old, new = self._known.pop(former), self._known[key]
        new.absorb_known(ACCOUNT_FIELDS, old)
        new.first_seen = min(new.first_seen, old.first_seen)
        new.sighted = max(new.sighted, old.sighted)

    def frame(self, schema: pa.Schema) -> pa.Table:
        return pa.Table.from_pylist([_account_row(key, account) for key, account in self._known.items()], schema=schema)

    def _account(self, key: str, record: AccountRecord | ContentRecord, seen_at: int) -> KnownAccount:
        account = self._known.get(key)
        if account is None:
            name = key.partition(":")[2]
            account = self._known[key] = KnownAccount(
                values=dict(ACCOUNT_DEFAULTS), platform=record.platform, first_seen=seen_at,
                platform_user_id=None if name.startswith("@") else name,
            )  # fmt: skip
        account.first_seen = min(account.first_seen, seen_at)
        return account


class KnownItems:
    """Content key → what is known. `stored`: rows of the content table."""

    def __init__(self, stored: pa.Table) -> None:
        self._known: dict[str, Known] = {}
        for row in stored.to_pylist():
            newest = (row["fetched_at"], row["raw_sha256"])
            values = {name: row[name] for name in CONTENT_FIELDS.names}
            self._known[row["content_key"]] = Known(values, _masks(row, values, CONTENT_FIELDS, newest), newest)

    def absorb(self, account_key: str, record: ContentRecord, stamp: Stamp) -> None:
        """Take a payload about the item."""
        key = record.content_key
        item = self._known.get(key)
        if item is None:
            item = self._known[key] = Known(dict(CONTENT_DEFAULTS))
        item.absorb(CONTENT_FIELDS, content_values(record, account_key), stamp, "")

    def frame(self, schema: pa.Schema) -> pa.Table:
        return pa.Table.from_pylist([_content_row(key, item) for key, item in self._known.items()], schema=schema)


def _stored_account(row: dict[str, Any]) -> KnownAccount:
    newest = (row["last_seen"], row["raw_sha256"]) if row["raw_sha256"] else None
    values = {name: row[name] for name in ACCOUNT_FIELDS.names}
    return KnownAccount(
        values, _masks(row, values, ACCOUNT_FIELDS, newest), newest, row["source"],
        platform=row["platform"], platform_user_id=row["platform_user_id"],
        first_seen=row["first_seen"], stored_first_seen=row["first_seen"],
        sighted=(0, "") if newest else (row["last_seen"], row["source"]),
    )  # fmt: skip


def _masks(row: dict[str, Any], values: dict[str, Any], order: FieldOrder, newest: Stamp | None) -> dict[Stamp, int]:
    if row["carried"] is not None:
        return unpack_masks(row["carried"], newest or (0, ""))
    # A row that was not written here: its newest payload carried what it holds.
    return {newest: order.mask({name: value for name, value in values.items() if value is not None})} if newest else {}


def _account_row(key: str, account: KnownAccount) -> dict[str, Any]:
    last_seen, sha256 = account.newest or (account.sighted[0], "")
    return account.values | {
        "account_key": key, "platform": account.platform, "platform_user_id": account.platform_user_id,
        "first_seen": account.first_seen, "last_seen": last_seen, "state": "live", "raw_sha256": sha256,
        "source": account.source if account.newest else account.sighted[1], "carried": pack_masks(account),
    }  # fmt: skip


def _content_row(key: str, item: Known) -> dict[str, Any]:
    platform, _, content_id = key.partition(":")
    fetched_at, sha256 = item.newest or (0, "")
    return item.values | {
        "content_key": key, "platform": platform, "platform_content_id": content_id, "fetched_at": fetched_at,
        "raw_sha256": sha256, "content_type": item.values["content_type"] or usual_content_type(platform),
        "carried": pack_masks(item),
    }  # fmt: skip
