"""API answers as platforms send them, valid by default: a test names only what matters to it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FETCHED_AT = "2026-03-01T02:00:00Z"
Json = dict[str, Any]


def a_channel(channel_id: str = "UCoven", **values: Any) -> Json:
    statistics = {
        "viewCount": "9800000",
        "subscriberCount": "120000",
        "hiddenSubscriberCount": False,
        "videoCount": "340",
    }
    return {
        "kind": "youtube#channel", "id": channel_id,
        "snippet": {
            "title": "Oven & Salt", "description": "Bread, slowly.", "customUrl": "@Oven.And.Salt",
            "publishedAt": "2017-04-01T09:00:00Z", "country": "DE", "thumbnails": {"high": {"url": "https://img.example/1"}},
            **values.pop("snippet", {}),
        },
        "statistics": statistics | values.pop("statistics", {}),
        "topicDetails": {"topicCategories": ["https://en.wikipedia.org/wiki/Food"]},
        **values,
    }  # fmt: skip


def a_video(video_id: str = "vid-1", channel_id: str = "UCoven", **values: Any) -> Json:
    return {
        "kind": "youtube#video", "id": video_id,
        "snippet": {
            "channelId": channel_id, "title": "Rye in three days", "description": "Flour, water, time",
            "publishedAt": "2026-02-27T17:00:00Z", "defaultAudioLanguage": "en", "liveBroadcastContent": "none",
            **values.pop("snippet", {}),
        },
        "contentDetails": {"duration": values.pop("duration", "PT12M34S")},
        "statistics": values.pop("statistics", {"viewCount": "18200", "likeCount": "940", "commentCount": "61"}),
        **values,
    }  # fmt: skip


def an_upload(video_id: str = "vid-1", channel_id: str = "UCoven", **snippet: Any) -> Json:
    return {
        "kind": "youtube#playlistItem", "id": f"item-{video_id}",
        "snippet": {
            "channelId": channel_id, "title": "Rye in three days", "description": "Flour, water, time",
            "publishedAt": "2026-02-27T17:00:00Z", "resourceId": {"videoId": video_id}, **snippet,
        },
        "contentDetails": {"videoId": video_id, "videoPublishedAt": "2026-02-27T17:00:00Z"},
    }  # fmt: skip


def a_medium(medium_id: str = "m-1", **values: Any) -> Json:
    return {
        "id": medium_id, "caption": "Crumb shots", "media_type": "IMAGE", "media_product_type": "FEED",
        "permalink": f"https://www.instagram.com/p/{medium_id}/", "timestamp": "2026-02-28T08:30:00+0000",
        "like_count": 1210, "comments_count": 34,
    } | values  # fmt: skip


def a_profile(user_id: str = "1784", *media: Json, **values: Any) -> Json:
    return {
        "id": user_id, "username": "oven.and.salt", "name": "Oven & Salt", "biography": "Bread and patience",
        "website": "https://ovenandsalt.example", "profile_picture_url": "https://img.example/2",
        "followers_count": 45300, "follows_count": 210, "media_count": 512, "media": {"data": list(media)},
    } | values  # fmt: skip


def channels(*items: Json) -> Json:
    return {"kind": "youtube#channelListResponse", "items": list(items)}


def videos(*items: Json) -> Json:
    return {"kind": "youtube#videoListResponse", "items": list(items)}


def uploads(*items: Json) -> Json:
    return {"kind": "youtube#playlistItemListResponse", "items": list(items)}


def discovery(profile: Json) -> Json:
    return {"business_discovery": profile, "id": "1"}


_ENDPOINTS = {
    "youtube#channelListResponse": ("youtube", "channels.list"),
    "youtube#videoListResponse": ("youtube", "videos.list"),
    "youtube#playlistItemListResponse": ("youtube", "playlistItems.list"),
    "": ("instagram", "business_discovery"),
}


def envelope(body: Json, fetched_at: str = FETCHED_AT, **values: Any) -> Json:
    platform, endpoint = _ENDPOINTS[body.get("kind", "")]
    return {
        "platform": platform,
        "endpoint": endpoint,
        "fetched_at": fetched_at,
        "request": {"id": "x"},
        "status": 200,
        "body": body,
    } | values


def write_lines(path: Path, *values: Mapping[str, Any] | str) -> Path:
    """A JSON Lines file; a text is written as it is."""
    lines = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
    return path
