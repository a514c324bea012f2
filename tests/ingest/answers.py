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


def a_tiktok_user(**values: Any) -> Json:
    """A profile of the Display API."""
    return {
        "open_id": "open-1", "username": "Oven.And.Salt", "display_name": "Oven & Salt",
        "bio_description": "60 s loaves", "avatar_url": "https://img.example/3", "is_verified": False,
        "follower_count": 81200, "following_count": 95, "likes_count": 1400000, "video_count": 260,
    } | values  # fmt: skip


def a_display_video(video_id: str = "7301", handle: str = "oven.and.salt", **values: Any) -> Json:
    return {
        "id": video_id, "title": "Scoring a loaf", "video_description": "Scoring a loaf #bread",
        "create_time": 1772265600, "duration": 41, "share_url": f"https://www.tiktok.com/@{handle}/video/{video_id}?utm_source=app",
        "view_count": 51000, "like_count": 4100, "comment_count": 77, "share_count": 12,
    } | values  # fmt: skip


def a_research_video(video_id: int = 7302, username: str = "oven.and.salt", **values: Any) -> Json:
    return {
        "id": video_id, "username": username, "video_description": "Why rye tears", "create_time": 1772265600,
        "region_code": "DE", "video_duration": 33, "view_count": 9000, "like_count": 700, "comment_count": 12,
        "hashtag_names": ["rye"],
    } | values  # fmt: skip


def tiktok(**data: Any) -> Json:
    return {"data": data, "error": {"code": "ok", "message": "", "log_id": "2026030102"}}


def a_research_profile(**values: Any) -> Json:
    """The Research API does not repeat whom it was asked for."""
    user = a_tiktok_user(bio_url="https://ovenandsalt.example", **values)
    return tiktok(**{name: value for name, value in user.items() if name not in {"open_id", "username"}})


def an_x_user(user_id: str = "501", **values: Any) -> Json:
    return {
        "id": user_id, "name": "Oven & Salt", "username": "OvenAndSalt", "url": "https://t.co/bb",
        "description": "Bread, slowly https://t.co/aa", "location": "somewhere warm", "verified": True,
        "created_at": "2015-06-01T10:00:00.000Z",
        "profile_image_url": "https://img.example/4", "pinned_tweet_id": "9001",
        "public_metrics": {"followers_count": 9100, "following_count": 300, "tweet_count": 4100, "listed_count": 8},
        "entities": {
            "url": {"urls": [{"url": "https://t.co/bb", "expanded_url": "https://ovenandsalt.example"}]},
            "description": {"urls": [{"url": "https://t.co/aa", "expanded_url": "https://instagram.com/oven.and.salt"}]},
        },
    } | values  # fmt: skip


def a_tweet(tweet_id: str = "9001", author_id: str | None = "501", **values: Any) -> Json:
    author = {"author_id": author_id} if author_id else {}
    return {
        "id": tweet_id, **author, "text": "The crumb today", "created_at": "2026-02-20T18:00:00.000Z", "lang": "en",
        "edit_history_tweet_ids": [tweet_id],
        "public_metrics": {"like_count": 40, "reply_count": 3, "retweet_count": 2, "impression_count": 5200},
    } | values  # fmt: skip


def x(*data: Json, **rest: Any) -> Json:
    return {"data": list(data), **rest}


def an_x_problem(kind: str = "resource-not-found", **values: Any) -> Json:
    return {
        "value": "nobody", "title": "Not Found Error", "resource_type": "user", "parameter": "usernames",
        "detail": "Could not find user with usernames: [nobody].", "type": f"https://api.x.com/2/problems/{kind}",
    } | values  # fmt: skip


_ENDPOINTS = {
    "youtube#channelListResponse": ("youtube", "channels.list"),
    "youtube#videoListResponse": ("youtube", "videos.list"),
    "youtube#playlistItemListResponse": ("youtube", "playlistItems.list"),
    "": ("instagram", "business_discovery"),
}


def envelope(body: Json, fetched_at: str = FETCHED_AT, **values: Any) -> Json:
    """A capture's line; of TikTok and X the caller names platform and endpoint."""
    platform, endpoint = _ENDPOINTS[body.get("kind", "")]
    return {
        "platform": platform,
        "endpoint": endpoint,
        "fetched_at": fetched_at,
        "request": {"part": "snippet"},
        "status": 200,
        "body": body,
    } | values


def write_lines(path: Path, *values: Mapping[str, Any] | str) -> Path:
    """A JSON Lines file; a text is written as it is."""
    lines = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
    return path
