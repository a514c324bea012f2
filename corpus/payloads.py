"""Profiles and posts in the shapes in which they arrive: API responses as captures, vendor rows as CSV and JSON Lines.

Field by field like the answers of YouTube's Data API (channels, playlistItems, videos) and of Instagram's Business
Discovery. TikTok and X have no lawful bulk lookup, so their accounts come as rows. Nothing of the truth is in here.
"""

import base64
import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from base.clock import from_micros
from corpus.accounts import Account
from corpus.posts import Post, posts_of
from corpus.vocabulary import Vocabulary, read_vocabulary

Item = TypeVar("Item")
#: items YouTube answers with at most
PAGE = 50
ACCOUNT_COLUMNS = (
    "platform", "platform_user_id", "handle", "display_name", "bio", "website", "email", "followers", "following",
    "content_count", "country", "language", "verified", "created_at", "first_seen", "fetched_at",
)  # fmt: skip
IMAGE_HOSTS = {"youtube": "https://yt3.ggpht.com/", "instagram": "https://scontent.cdninstagram.com/v/"}
#: the account that asks Business Discovery
ASKING_ACCOUNT = "17841400000000001"
YOUTUBE_CATEGORIES = {
    "beauty": "26", "fashion": "26", "fitness": "17", "health": "27", "food": "26", "travel": "19", "outdoors": "19",
    "tech": "28", "software": "28", "gaming": "20", "finance": "27", "business": "22", "education": "27",
    "science": "28", "music": "10", "comedy": "23", "entertainment": "24", "art": "24", "sports": "17", "autos": "2",
    "home": "26", "family": "22", "pets": "15", "lifestyle": "22", "society": "25",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CorpusFiles:
    """Where a written corpus lies."""

    directory: Path
    youtube: Path
    instagram: Path
    accounts: Path
    content: Path
    #: kept aside: never an input of a night
    truth: Path

    @property
    def deliveries(self) -> tuple[Path, ...]:
        """The files a night takes in, accounts before their content."""
        return self.youtube, self.instagram, self.accounts, self.content


def write_files(corpus_dir: Path, profiles: Sequence[Account], truth: pa.Table, seed: int) -> CorpusFiles:
    """Write captures, rows and truth; posts are made while they are written and never held."""
    captures = corpus_dir / "captures"
    captures.mkdir(parents=True, exist_ok=True)
    files = CorpusFiles(
        directory=corpus_dir,
        youtube=captures / "youtube.jsonl.gz",
        instagram=captures / "instagram.jsonl.gz",
        accounts=corpus_dir / "accounts.csv",
        content=corpus_dir / "content.jsonl.gz",
        truth=corpus_dir / "truth.parquet",
    )
    vocabulary = read_vocabulary()
    by_platform: dict[str, list[Account]] = {}
    for profile in profiles:
        by_platform.setdefault(profile.platform, []).append(profile)
    vendor = [profile for profile in profiles if profile.platform not in {"youtube", "instagram"}]
    _write_lines(files.youtube, youtube_captures(by_platform.get("youtube", []), seed, vocabulary))
    _write_lines(files.instagram, instagram_captures(by_platform.get("instagram", []), seed, vocabulary))
    _write_account_rows(files.accounts, vendor)
    _write_lines(files.content, content_rows(vendor, seed, vocabulary))
    pq.write_table(truth, files.truth)
    return files


def youtube_captures(channels: Sequence[Account], seed: int, vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    """channels.list for fifty channels, playlistItems.list for the active ones, videos.list for their videos."""
    for page in _pages(channels):
        at = page[-1].fetched_at
        ids = ",".join(str(channel.platform_user_id) for channel in page)
        parts = "snippet,statistics,contentDetails,brandingSettings,topicDetails,status"
        yield _capture(
            "youtube",
            "channels.list",
            at,
            {"part": parts, "id": ids, "maxResults": PAGE},
            _listing("channel", map(_channel, page)),
        )
        videos: list[tuple[Account, Post]] = []
        for channel in page:
            posts = list(posts_of(channel, seed, vocabulary))
            videos += ((channel, post) for post in posts)
            if channel.activity == "active":
                request = {"part": "snippet,contentDetails", "playlistId": _uploads(channel), "maxResults": PAGE}
                items = (_playlist_item(channel, post, place) for place, post in enumerate(posts))
                yield _capture("youtube", "playlistItems.list", at, request, _listing("playlistItem", items))
        for batch in _pages(videos):
            request = {
                "part": "snippet,statistics,contentDetails",
                "id": ",".join(post.content_id for _, post in batch),
            }
            yield _capture("youtube", "videos.list", at, request, _listing("video", (_video(*pair) for pair in batch)))


def instagram_captures(pages: Iterable[Account], seed: int, vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    """One Business Discovery answer per account."""
    for page in pages:
        body = {"business_discovery": _discovery(page, posts_of(page, seed, vocabulary)), "id": ASKING_ACCOUNT}
        yield _capture("instagram", "business_discovery", page.fetched_at, {"username": page.handle}, body)


def content_rows(accounts: Iterable[Account], seed: int, vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    """Posts of vendor accounts, one row each."""
    for account in accounts:
        for post in posts_of(account, seed, vocabulary):
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
                "published_at": _instant(post.published_at),
                "views": post.views,
                "likes": post.likes,
                "comments": post.comments,
                "fetched_at": _instant(account.fetched_at),
            }


def _channel(channel: Account) -> dict[str, Any]:
    key = str(channel.platform_user_id)
    text = {"title": channel.display_name, "description": channel.bio}
    snippet: dict[str, Any] = {
        **text,
        "publishedAt": _instant(channel.created_at),
        "thumbnails": {
            size: _thumbnail(key, pixels) for size, pixels in (("default", 88), ("medium", 240), ("high", 800))
        },
        "localized": text,
    }
    if channel.handle is not None:
        snippet["customUrl"] = f"@{channel.handle}"
    # Three quarters of channels state a country, one in twelve a language.
    weight = _etag_number(key)
    if weight % 4:
        snippet["country"] = channel.country
    if weight % 12 == 0:
        snippet["defaultLanguage"] = channel.language
    statistics: dict[str, Any] = {
        "viewCount": str((channel.followers or 5000) * (20 + weight % 80)),
        "hiddenSubscriberCount": channel.followers is None,
        "videoCount": str(channel.content_count),
    }
    if channel.followers is not None:
        statistics["subscriberCount"] = str(channel.followers)
    return {
        "kind": "youtube#channel",
        "etag": _etag(key),
        "id": key,
        "snippet": snippet,
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": _uploads(channel)}},
        "statistics": statistics,
        "topicDetails": {"topicCategories": ["https://en.wikipedia.org/wiki/Knowledge"]} if weight % 3 == 0 else {},
        "status": {"privacyStatus": "public", "isLinked": True, "longUploadsStatus": "longUploadsUnspecified"},
        "brandingSettings": {"channel": {**text, "keywords": channel.subjects[0].replace(".", " ").replace("_", " ")}},
    }


def _playlist_item(channel: Account, post: Post, place: int) -> dict[str, Any]:
    return {
        "kind": "youtube#playlistItem",
        "etag": _etag(f"item {post.content_id}"),
        "id": base64.b64encode(f"{_uploads(channel)}.{post.content_id}".encode()).decode(),
        "snippet": {
            "publishedAt": _instant(post.published_at),
            "channelId": channel.platform_user_id,
            "title": post.text,
            "description": post.description,
            "channelTitle": channel.display_name,
            "playlistId": _uploads(channel),
            "position": place,
            "resourceId": {"kind": "youtube#video", "videoId": post.content_id},
        },
        "contentDetails": {"videoId": post.content_id, "videoPublishedAt": _instant(post.published_at)},
    }


def _video(channel: Account, post: Post) -> dict[str, Any]:
    statistics = {"viewCount": str(post.views), "favoriteCount": "0", "commentCount": str(post.comments)}
    if post.likes is not None:
        statistics["likeCount"] = str(post.likes)
    return {
        "kind": "youtube#video",
        "etag": _etag(post.content_id),
        "id": post.content_id,
        "snippet": {
            "publishedAt": _instant(post.published_at),
            "channelId": channel.platform_user_id,
            "title": post.text,
            "description": post.description,
            "thumbnails": {
                "default": {"url": f"https://i.ytimg.com/vi/{post.content_id}/default.jpg", "width": 120, "height": 90}
            },
            "channelTitle": channel.display_name,
            "categoryId": YOUTUBE_CATEGORIES[channel.niche],
            "liveBroadcastContent": "none",
            "defaultAudioLanguage": post.language,
        },
        "contentDetails": {
            "duration": _iso_duration(post.duration_seconds or 0),
            "dimension": "2d",
            "definition": "hd",
            "caption": "false",
            "licensedContent": True,
        },
        "statistics": statistics,
    }


def _discovery(page: Account, posts: Iterable[Post]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "username": page.handle,
        "name": page.display_name,
        "biography": page.bio,
        "website": page.website,
        "profile_picture_url": f"{IMAGE_HOSTS['instagram']}{_etag(page.account_key)}.jpg",
        "followers_count": page.followers,
        "follows_count": page.following,
        "media_count": page.content_count,
        "media": {
            "data": [_media(post) for post in posts],
            "paging": {"cursors": {"after": _etag(f"after {page.account_key}")}},
        },
        "id": page.platform_user_id,
    }
    # The Graph API leaves out a field that is empty.
    return {name: value for name, value in answer.items() if value not in (None, "")}


def _media(post: Post) -> dict[str, Any]:
    item = {
        "id": post.content_id,
        "caption": post.text,
        "media_type": post.kind.upper(),
        "media_product_type": post.subtype.upper(),
        "permalink": f"https://www.instagram.com/p/{_etag(post.content_id)[:11]}/",
        "timestamp": f"{from_micros(post.published_at):%Y-%m-%dT%H:%M:%S}+0000",
        "like_count": post.likes,
        "comments_count": post.comments,
    }
    return {name: value for name, value in item.items() if value is not None}


def _write_account_rows(path: Path, accounts: Iterable[Account]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(ACCOUNT_COLUMNS)
        writer.writerows([_cell(name, getattr(account, name)) for name in ACCOUNT_COLUMNS] for account in accounts)


def _cell(column: str, value: Any) -> Any:
    if column in {"created_at", "first_seen", "fetched_at"}:
        return _instant(value)
    return str(value).lower() if isinstance(value, bool) else value


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    with _gzip_writer(path) as file:
        for line in lines:
            file.write(orjson.dumps(line))
            file.write(b"\n")


@contextmanager
def _gzip_writer(path: Path) -> Iterator[gzip.GzipFile]:
    """A gzip file without name and time in its header: the same lines are the same bytes."""
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=4, mtime=0) as file:
        yield file


def _capture(platform: str, endpoint: str, at: int, request: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {
        "platform": platform,
        "endpoint": endpoint,
        "fetched_at": _instant(at),
        "request": request,
        "status": 200,
        "body": body,
    }


def _listing(kind: str, items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    listed = list(items)
    return {
        "kind": f"youtube#{kind}ListResponse",
        "etag": _etag(f"{kind} {listed[0]['id'] if listed else ''}"),
        "pageInfo": {"totalResults": len(listed), "resultsPerPage": PAGE},
        "items": listed,
    }


def _pages(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), PAGE):
        yield items[start : start + PAGE]


def _uploads(channel: Account) -> str:
    return f"UU{str(channel.platform_user_id)[2:]}"


def _post_url(account: Account, post: Post) -> str:
    if account.platform == "tiktok":
        return f"https://www.tiktok.com/@{account.handle}/video/{post.content_id}"
    return f"https://x.com/{account.handle}/status/{post.content_id}"


def _thumbnail(key: str, pixels: int) -> dict[str, Any]:
    return {"url": f"{IMAGE_HOSTS['youtube']}{_etag(key)}=s{pixels}", "width": pixels, "height": pixels}


def _etag(text: str) -> str:
    """Twenty-seven stable characters, like the API's, cheaply made."""
    first, second = _etag_number(text), _etag_number(text[::-1])
    return base64.urlsafe_b64encode(f"{first:010d}{second:010d}".encode()).decode()[:27]


def _etag_number(text: str) -> int:
    return zlib.crc32(text.encode())


def _instant(micros: int) -> str:
    return datetime.strftime(from_micros(micros), "%Y-%m-%dT%H:%M:%SZ")


def _iso_duration(seconds: int) -> str:
    """
    >>> _iso_duration(3723)
    'PT1H2M3S'
    """
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return "PT" + "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if value)
