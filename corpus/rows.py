"""Profiles and posts as the rows of a vendor, who numbers and names columns as we do."""

from collections.abc import Iterable, Iterator
from typing import Any

from corpus.accounts import Account
from corpus.answers import PostSource, instant
from corpus.posts import Post

ACCOUNT_COLUMNS = (
    "platform", "platform_user_id", "handle", "display_name", "bio", "website", "email", "followers", "following",
    "content_count", "country", "language", "verified", "created_at", "first_seen", "fetched_at",
)  # fmt: skip
_INSTANTS = {"created_at", "first_seen", "fetched_at"}


def account_rows(accounts: Iterable[Account]) -> Iterator[list[Any]]:
    """A row per account, in the order of ACCOUNT_COLUMNS."""
    return ([_cell(name, getattr(account, name)) for name in ACCOUNT_COLUMNS] for account in accounts)


def content_rows(accounts: Iterable[Account], posts_of: PostSource) -> Iterator[dict[str, Any]]:
    """Posts of vendor accounts, one row each."""
    for account in accounts:
        for post in posts_of(account):
            yield {
                "platform": account.platform,
                "platform_content_id": post.content_id,
                "platform_user_id": account.platform_user_id,
                "handle": account.handle,
                "content_type": post.kind,
                "subtype": post.subtype,
                "title_or_caption": post.text,
                "url": _post_url(account, post),
                "language": post.language,
                "duration_seconds": post.duration_seconds,
                "published_at": instant(post.published_at),
                "views": post.views,
                "likes": post.likes,
                "comments": post.comments,
                "fetched_at": instant(account.fetched_at),
            }


def _cell(column: str, value: Any) -> Any:
    if column in _INSTANTS:
        return instant(value)
    return str(value).lower() if isinstance(value, bool) else value


def _post_url(account: Account, post: Post) -> str:
    if account.platform == "tiktok":
        return f"https://www.tiktok.com/@{account.handle}/video/{post.content_id}"
    return f"https://x.com/{account.handle}/status/{post.content_id}"
