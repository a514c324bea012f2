"""What a vendor delivers a day after a night: some accounts with a new bio, more followers and one post more."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import select

from store.session import Store
from store.tables import CreatorAccount

PROFILE = (
    "platform",
    "platform_user_id",
    "handle",
    "display_name",
    "bio",
    "website",
    "email",
    "followers",
    "fetched_at",
)


def deliver_day_after(store: Store, folder: Path, share: float, at: datetime) -> tuple[Path, Path]:
    """Write the profiles and the posts of `share` of the store's accounts, as fetched at `at`."""
    folder.mkdir(parents=True, exist_ok=True)
    profiles, posts = folder / "accounts.csv", folder / "content.jsonl.gz"
    with profiles.open("w", newline="", encoding="utf-8") as rows, gzip.open(posts, "wt", encoding="utf-8") as lines:
        writer = csv.DictWriter(rows, PROFILE)
        writer.writeheader()
        for account in _some(store, share):
            writer.writerow(_profile(account, at))
            lines.write(json.dumps(_post(account, at)) + "\n")
    return profiles, posts


def _some(store: Store, share: float) -> Iterator[CreatorAccount]:
    """The same accounts for the same keys, whatever the order of the table."""
    statement = select(CreatorAccount).order_by(CreatorAccount.account_key).execution_options(yield_per=10_000)
    with store.reading() as session:
        for account in session.exec(statement):
            if account.platform_user_id and zlib.crc32(account.account_key.encode()) < share * 2**32:
                yield account


def _profile(account: CreatorAccount, at: datetime) -> dict[str, Any]:
    row = {name: getattr(account, name) for name in PROFILE[:-1]}
    bio = f"{account.bio or ''} New work every week."
    return row | {"bio": bio, "followers": (account.followers or 0) + 7, "fetched_at": at.isoformat()}


def _post(account: CreatorAccount, at: datetime) -> dict[str, Any]:
    number = zlib.crc32(account.account_key.encode())
    return {
        "platform": account.platform,
        "platform_content_id": f"after{number}",
        "platform_user_id": account.platform_user_id,
        "handle": account.handle,
        "content_type": "post",
        "title_or_caption": "What I learnt this week",
        "published_at": at.isoformat(),
        "fetched_at": at.isoformat(),
    }
