"""Profiles and posts in the shapes of two APIs, as captures.

Field by field like the answers of YouTube's Data API (channels, playlistItems, videos) and of Instagram's Business
Discovery. Nothing of the truth is in here.
"""

import base64
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from base.clock import from_micros
from corpus.accounts import Account
from corpus.posts import Post

#: an account's posts, newest first
PostSource = Callable[[Account], Iterable[Post]]
Item = TypeVar("Item")
#: items YouTube answers with at most
PAGE = 50
IMAGE_HOSTS = {"youtube": "https://yt3.ggpht.com/", "instagram": "https://scontent.cdninstagram.com/v/"}
#: the account that asks Business Discovery
ASKING_ACCOUNT = "17841400000000001"
YOUTUBE_CATEGORIES = {
    "beauty": "26", "fashion": "26", "fitness": "17", "health": "27", "food": "26", "travel": "19", "outdoors": "19",
    "tech": "28", "software": "28", "gaming": "20", "finance": "27", "business": "22", "education": "27",
    "science": "28", "music": "10", "comedy": "23", "entertainment": "24", "art": "24", "sports": "17", "autos": "2",
    "home": "26", "family": "22", "pets": "15", "lifestyle": "22", "society": "25",
}  # fmt: skip


def youtube_captures(channels: Sequence[Account], posts_of: PostSource) -> Iterator[dict[str, Any]]:
    """channels.list for fifty channels, playlistItems.list for the active ones, videos.list for their videos."""
    for page in pages_of(channels):
        at = page[-1].fetched_at
        ids = ",".join(str(channel.platform_user_id) for channel in page)
        parts = "snippet,statistics,contentDetails,brandingSettings,topicDetails,status"
        yield capture(
            "youtube",
            "channels.list",
            at,
            {"part": parts, "id": ids, "maxResults": PAGE},
            listing("channel", map(_channel, page)),
        )
        videos: list[tuple[Account, Post]] = []
        for channel in page:
            posts = list(posts_of(channel))
            videos += ((channel, post) for post in posts)
            if channel.activity == "active":
                request = {"part": "snippet,contentDetails", "playlistId": _uploads(channel), "maxResults": PAGE}
                items = (_playlist_item(channel, post, place) for place, post in enumerate(posts))
                yield capture("youtube", "playlistItems.list", at, request, listing("playlistItem", items))
        for batch in pages_of(videos):
            request = {
                "part": "snippet,statistics,contentDetails",
                "id": ",".join(post.content_id for _, post in batch),
            }
            yield capture("youtube", "videos.list", at, request, listing("video", (_video(*pair) for pair in batch)))


def instagram_captures(pages: Sequence[Account], posts_of: PostSource) -> Iterator[dict[str, Any]]:
    """One Business Discovery answer per account."""
    for page in pages:
        body = {"business_discovery": _discovery(page, posts_of(page)), "id": ASKING_ACCOUNT}
        yield capture("instagram", "business_discovery", page.fetched_at, {"username": page.handle}, body)


def _channel(channel: Account) -> dict[str, Any]:
    key = str(channel.platform_user_id)
    text = {"title": channel.display_name, "description": channel.bio}
    snippet: dict[str, Any] = {
        **text,
        "publishedAt": instant(channel.created_at),
        "thumbnails": {
            size: _thumbnail(key, pixels) for size, pixels in (("default", 88), ("medium", 240), ("high", 800))
        },
        "localized": text,
    }
    if channel.handle is not None:
        snippet["customUrl"] = f"@{channel.handle}"
    # Three quarters of channels state a country, one in twelve a language.
    weight = _number(key)
    if weight % 4:
        snippet["country"] = channel.country
    if weight % 12 == 0:
        snippet["defaultLanguage"] = channel.language
    return {
        "kind": "youtube#channel",
        "etag": etag(key),
        "id": key,
        "snippet": snippet,
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": _uploads(channel)}},
        "statistics": channel_statistics(channel.followers, total_views(channel), channel.content_count),
        "topicDetails": {"topicCategories": ["https://en.wikipedia.org/wiki/Knowledge"]} if weight % 3 == 0 else {},
        "status": {"privacyStatus": "public", "isLinked": True, "longUploadsStatus": "longUploadsUnspecified"},
        "brandingSettings": {"channel": {**text, "keywords": channel.subjects[0].replace(".", " ").replace("_", " ")}},
    }


def channel_statistics(followers: int | None, views: int, videos: int) -> dict[str, Any]:
    """The statistics of a channel: counts as text, a hidden one left out."""
    statistics: dict[str, Any] = {
        "viewCount": str(views),
        "hiddenSubscriberCount": followers is None,
        "videoCount": str(videos),
    }
    return statistics if followers is None else statistics | {"subscriberCount": str(followers)}


def total_views(channel: Account) -> int:
    """Views of all videos of a channel."""
    return (channel.followers or 5000) * (20 + _number(channel.account_key) % 80)


def _playlist_item(channel: Account, post: Post, place: int) -> dict[str, Any]:
    return {
        "kind": "youtube#playlistItem",
        "etag": etag(f"item {post.content_id}"),
        "id": base64.b64encode(f"{_uploads(channel)}.{post.content_id}".encode()).decode(),
        "snippet": {
            "publishedAt": instant(post.published_at),
            "channelId": channel.platform_user_id,
            "title": post.text,
            "description": post.description,
            "channelTitle": channel.display_name,
            "playlistId": _uploads(channel),
            "position": place,
            "resourceId": {"kind": "youtube#video", "videoId": post.content_id},
        },
        "contentDetails": {"videoId": post.content_id, "videoPublishedAt": instant(post.published_at)},
    }


def _video(channel: Account, post: Post) -> dict[str, Any]:
    statistics = {"viewCount": str(post.views), "favoriteCount": "0", "commentCount": str(post.comments)}
    if post.likes is not None:
        statistics["likeCount"] = str(post.likes)
    return {
        "kind": "youtube#video",
        "etag": etag(post.content_id),
        "id": post.content_id,
        "snippet": {
            "publishedAt": instant(post.published_at),
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
        "profile_picture_url": f"{IMAGE_HOSTS['instagram']}{etag(page.account_key)}.jpg",
        "followers_count": page.followers,
        "follows_count": page.following,
        "media_count": page.content_count,
        "media": {
            "data": [_media(post) for post in posts],
            "paging": {"cursors": {"after": etag(f"after {page.account_key}")}},
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
        "permalink": f"https://www.instagram.com/p/{etag(post.content_id)[:11]}/",
        "timestamp": f"{from_micros(post.published_at):%Y-%m-%dT%H:%M:%S}+0000",
        "like_count": post.likes,
        "comments_count": post.comments,
    }
    return {name: value for name, value in item.items() if value is not None}


def capture(platform: str, endpoint: str, at: int, request: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {
        "platform": platform,
        "endpoint": endpoint,
        "fetched_at": instant(at),
        "request": request,
        "status": 200,
        "body": body,
    }


def listing(kind: str, items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    listed = list(items)
    return {
        "kind": f"youtube#{kind}ListResponse",
        "etag": etag(f"{kind} {listed[0]['id'] if listed else ''}"),
        "pageInfo": {"totalResults": len(listed), "resultsPerPage": PAGE},
        "items": listed,
    }


def pages_of(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), PAGE):
        yield items[start : start + PAGE]


def _uploads(channel: Account) -> str:
    return f"UU{str(channel.platform_user_id)[2:]}"


def _thumbnail(key: str, pixels: int) -> dict[str, Any]:
    return {"url": f"{IMAGE_HOSTS['youtube']}{etag(key)}=s{pixels}", "width": pixels, "height": pixels}


def etag(text: str) -> str:
    """Twenty-seven stable characters, like the API's, cheaply made."""
    first = _number(text)
    second = zlib.crc32(b"etag", first)
    return f"{first:08x}{second:08x}{zlib.crc32(b'etag', second):08x}-_A"


def _number(text: str) -> int:
    return zlib.crc32(text.encode())


def instant(micros: int) -> str:
    """As both APIs write an instant.

    >>> instant(0)
    '1970-01-01T00:00:00Z'
    """
    return from_micros(micros).isoformat(timespec="seconds")[:19] + "Z"


def _iso_duration(seconds: int) -> str:
    """
    >>> _iso_duration(3723)
    'PT1H2M3S'
    """
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return "PT" + "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if value)
