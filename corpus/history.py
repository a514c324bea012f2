"""The weeks before a delivery, as a fetcher and a vendor recorded them: dated captures and rows with counts only."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from corpus.accounts import Account
from corpus.answers import ASKING_ACCOUNT, capture, channel_statistics, etag, instant, listing, pages_of, total_views
from corpus.growth import WeeklyCounts, weekly_counts
from corpus.reference import WEEK

HISTORY_COLUMNS = ("platform", "platform_user_id", "handle", "followers", "content_count", "fetched_at")
#: an account's counts in the weeks before its delivery, oldest first
CountSource = Callable[[Account], list[WeeklyCounts]]


def counts_of(seed: int, weeks: int) -> CountSource:
    return lambda account: weekly_counts(account, seed, weeks, total_views(account))


def youtube_weeks(channels: Sequence[Account], counts: CountSource) -> Iterator[dict[str, Any]]:
    """channels.list with its statistics alone, for fifty channels of one week."""
    for at, week in _by_week(channels, counts):
        for page in pages_of(week):
            ids = ",".join(str(channel.platform_user_id) for channel, _ in page)
            items = (_statistics(channel, found) for channel, found in page)
            yield capture(
                "youtube", "channels.list", at, {"part": "id,statistics", "id": ids}, listing("channel", items)
            )


def instagram_weeks(pages: Sequence[Account], counts: CountSource) -> Iterator[dict[str, Any]]:
    """Business Discovery asked for counts alone."""
    for page in pages:
        for found in counts(page):
            answer = {
                "username": page.handle,
                "followers_count": found.followers,
                "media_count": found.content_count,
                "id": page.platform_user_id,
            }
            body = {"business_discovery": answer, "id": ASKING_ACCOUNT}
            yield capture("instagram", "business_discovery", found.as_of, {"username": page.handle}, body)


def history_rows(accounts: Iterable[Account], counts: CountSource) -> Iterator[list[Any]]:
    """A row per account and week, in the order of HISTORY_COLUMNS."""
    for account in accounts:
        for found in counts(account):
            yield [
                account.platform, account.platform_user_id, account.handle, found.followers, found.content_count,
                instant(found.as_of),
            ]  # fmt: skip


def _by_week(channels: Sequence[Account], counts: CountSource) -> Iterator[tuple[int, list[tuple[Account, Any]]]]:
    """(instant of its last answer, channels and counts) per week, oldest first."""
    dated = [
        ((channel.fetched_at - found.as_of) // WEEK, place, channel, found)
        for place, channel in enumerate(channels)
        for found in counts(channel)
    ]
    dated.sort(key=lambda row: (-row[0], row[1]))
    for _, rows in groupby(dated, key=itemgetter(0)):
        week = [(channel, found) for _, _, channel, found in rows]
        yield week[-1][1].as_of, week


def _statistics(channel: Account, found: WeeklyCounts) -> dict[str, Any]:
    key = str(channel.platform_user_id)
    return {
        "kind": "youtube#channel",
        "etag": etag(f"{key} {found.as_of}"),
        "id": key,
        "statistics": channel_statistics(found.followers, found.views, found.content_count),
    }
