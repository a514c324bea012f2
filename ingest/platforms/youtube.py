"""YouTube Data API v3: channels.list, playlistItems.list (an uploads playlist), videos.list.

| ours              | channels.list                        | videos.list / playlistItems.list              |
|-------------------|--------------------------------------|-----------------------------------------------|
| platform_user_id  | id                                   | snippet.channelId                             |
| handle            | snippet.customUrl                    | –                                             |
| display_name, bio | snippet.title, snippet.description   | –                                             |
| external_urls     | – (not in the API: read from text)   | –                                             |
| followers         | statistics.subscriberCount (3 s.f.)  | –                                             |
| total_views       | statistics.viewCount                 | views: statistics.viewCount                   |
| language          | snippet.defaultLanguage              | snippet.defaultAudioLanguage, defaultLanguage |
| topics            | topicDetails.topicCategories         | –                                             |

A part that was asked for speaks for all of its fields (an absent country means that none is set); a part that was not
asked for says nothing. Counts arrive as text; a hidden count is None.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from operator import and_
from types import NoneType
from typing import Any

from base.clock import from_micros
from ingest.adapter import NO_REQUEST, Adapter, Answer, Draft, Irregular, Json, child, children, read_items
from ingest.columns import ABSENT, Columns
from ingest.errors import classify
from ingest.fields import FieldError
from ingest.gather import Items, gather, got, has, objects, only
from ingest.records import Kind, RejectedRow

#: A Short is at most this long *and* says so: length alone is no proof, and the API does not tell.
SHORT_SECONDS = 180
#: of the ids that an answer leaves out so many are named
MISSING_SHOWN = 10
#: From these days on a view is the start of a playback, no longer a while of watching.
SHORTS_VIEWS_REDEFINED = datetime(2025, 3, 31, tzinfo=UTC)
VIEWS_REDEFINED = datetime(2026, 8, 24, tzinfo=UTC)

_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SAYS_SHORT = re.compile(r"#shorts?\b|/shorts/", re.IGNORECASE)
#: what stands in the place of a title; a tuple, because a hostile title may be a list
_NOTICES = ("Private video", "Deleted video")
_KINDS = {
    "youtube#channelListResponse": "channels.list",
    "youtube#playlistItemListResponse": "playlistItems.list",
    "youtube#videoListResponse": "videos.list",
}


class YouTube:
    platform = "youtube"
    endpoints = frozenset(_KINDS.values())

    def recognise(self, body: Json) -> str | None:
        return _KINDS.get(str(body.get("kind")))

    def parse(
        self, endpoint: str, body: Json, fetched_at: datetime, request: Mapping[str, Any] = NO_REQUEST
    ) -> Iterator[Draft | RejectedRow]:
        found = enumerate(children(body, "items"))
        items = ((f"/items/{position}", item) for position, item in found if not _is_withdrawn(item))
        yield from read_items(
            items, {"channels.list": _channel, "videos.list": _video, "playlistItems.list": _upload}[endpoint]
        )
        if endpoint != "playlistItems.list":
            yield from _missing(request.get("id"), children(body, "items"), fetched_at)

    def columns(self, endpoint: str, answers: Sequence[Answer]) -> list[Columns | RejectedRow]:
        lists = [children(answer.body, "items") for answer in answers]
        items = _standing(gather(answers, lists, "/items/"))
        read = {"channels.list": _channels, "videos.list": _videos, "playlistItems.list": _uploads}[endpoint]
        missing: list[RejectedRow] = []
        if endpoint != "playlistItems.list":
            for answer, listed in zip(answers, lists, strict=True):
                rows = _missing(answer.request.get("id"), listed, from_micros(answer.fetched_at))
                missing += [replace(row, line=answer.line, pointer=answer.pointer + row.pointer) for row in rows]
        return [read(items), *missing]

    def precision(self, kind: Kind, metric: str) -> str:
        return "rounded_3sf" if (kind, metric) == ("account", "followers") else "exact"

    def definition_version(self, metric: str, content_type: str | None, as_of: datetime) -> str:
        if metric != "views" or as_of < SHORTS_VIEWS_REDEFINED:
            return f"yt-{metric}-1"
        if as_of >= VIEWS_REDEFINED or content_type == "short":
            return "yt-views-2"
        return "yt-views-1" if content_type else "yt-views-1+shorts-2"  # a channel's total mixes both


def _channel(pointer: str, item: Json) -> Draft:
    values: Json = {"platform": "youtube", "platform_user_id": item.get("id")}
    if "snippet" in item:
        values |= _profile(child(item, "snippet"))
    if "statistics" in item:
        values |= _channel_counts(child(item, "statistics"))
    if "topicDetails" in item:
        values["platform_topics"] = [
            _topic(address) for address in children(child(item, "topicDetails"), "topicCategories")
        ]
    return Draft("account", pointer, values)


def _profile(snippet: Json) -> Json:
    values: Json = {
        "display_name": snippet.get("title"), "bio": snippet.get("description"), "country": snippet.get("country"),
        "language": snippet.get("defaultLanguage"), "created_at": snippet.get("publishedAt"),
        "profile_image_url": _thumbnail(child(snippet, "thumbnails")),
    }  # fmt: skip
    custom_url = snippet.get("customUrl")
    if custom_url:  # channels without a handle keep the one they are known by
        values["handle"] = custom_url
    return values


def _channel_counts(statistics: Json) -> Json:
    hidden = statistics.get("hiddenSubscriberCount") is True
    return {
        "followers": None if hidden else statistics.get("subscriberCount"),
        "content_count": statistics.get("videoCount"),
        "total_views": statistics.get("viewCount"),
    }


def _video(pointer: str, item: Json) -> Draft:
    snippet, details = child(item, "snippet"), child(item, "contentDetails")
    values: Json = {"platform": "youtube", "platform_content_id": item.get("id")}
    if snippet:
        values |= _item_texts(snippet)
        values["language"] = snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage")
    if details:
        values["duration_seconds"] = duration_seconds(details.get("duration"))
    if snippet and details:
        values["content_type"] = content_type(values["duration_seconds"], snippet)
        values["subtype"] = _live_state(snippet)
    if "statistics" in item:
        statistics = child(item, "statistics")
        values |= {
            "views": statistics.get("viewCount"),
            "likes": statistics.get("likeCount"),
            "comments": statistics.get("commentCount"),
        }
    return Draft("content", pointer, values)


def _upload(pointer: str, item: Json) -> Draft:
    snippet, details = child(item, "snippet"), child(item, "contentDetails")
    video_id = details.get("videoId") or child(snippet, "resourceId").get("videoId")
    values = {"platform": "youtube", "platform_content_id": video_id, **_item_texts(snippet)}
    owner = snippet.get("videoOwnerChannelId")
    if owner:  # channelId is the playlist's owner, who may collect other people's videos
        values["platform_user_id"] = owner
    if details.get("videoPublishedAt"):  # snippet.publishedAt is when it was put on the list
        values["published_at"] = details["videoPublishedAt"]
    return Draft("content", pointer, values)


def _standing(found: Items) -> Items:
    """The items that are not withdrawn; almost always all."""
    titles = [snippet.get("title") for snippet in objects(found.items, "snippet")]
    return found.without(_is_withdrawn) if any(notice in titles for notice in _NOTICES) else found


def _channels(found: Items) -> Columns:
    """`_channel` of many."""
    snippets, statistics = objects(found.items, "snippet"), objects(found.items, "statistics")
    has_snippet, has_counts = has(found.items, "snippet"), has(found.items, "statistics")
    topics = [
        [_topic(address) for address in children(details, "topicCategories")]
        for details in objects(found.items, "topicDetails")
    ]
    followers = [
        None if counts.get("hiddenSubscriberCount") is True else counts.get("subscriberCount") for counts in statistics
    ]
    values: dict[str, list[Any]] = {
        "platform": ["youtube"] * len(found.items), "platform_user_id": [item.get("id") for item in found.items],
        "display_name": got(snippets, "title", has_snippet), "bio": got(snippets, "description", has_snippet),
        "country": got(snippets, "country", has_snippet), "language": got(snippets, "defaultLanguage", has_snippet),
        "created_at": got(snippets, "publishedAt", has_snippet),
        "profile_image_url": only([_thumbnail(sizes) for sizes in objects(snippets, "thumbnails")], has_snippet),
        "handle": [snippet.get("customUrl") or ABSENT for snippet in snippets],
        "followers": only(followers, has_counts), "content_count": got(statistics, "videoCount", has_counts),
        "total_views": got(statistics, "viewCount", has_counts),
        "platform_topics": only(topics, has(found.items, "topicDetails")),
    }  # fmt: skip
    return found.columns("account", values)


def _videos(found: Items) -> Columns:
    """`_video` of many."""
    snippets, details = objects(found.items, "snippet"), objects(found.items, "contentDetails")
    statistics, has_counts = objects(found.items, "statistics"), has(found.items, "statistics")
    has_snippet, has_details = list(map(bool, snippets)), list(map(bool, details))
    seconds = _many_seconds([part.get("duration") for part in details])
    forms = [
        content_type(length, snippet) if length is not None and 0 < length <= SHORT_SECONDS else "video"
        for length, snippet in zip(seconds, snippets, strict=True)
    ]
    languages = [snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage") for snippet in snippets]
    has_both = [*map(and_, has_snippet, has_details)]
    values: dict[str, list[Any]] = {
        "platform": ["youtube"] * len(found.items), "platform_content_id": [item.get("id") for item in found.items],
        **_many_texts(snippets, has_snippet), "language": only(languages, has_snippet),
        "duration_seconds": only(seconds, has_details), "content_type": only(forms, has_both),
        "subtype": only([_live_state(snippet) for snippet in snippets], has_both),
        "views": got(statistics, "viewCount", has_counts), "likes": got(statistics, "likeCount", has_counts),
        "comments": got(statistics, "commentCount", has_counts),
    }  # fmt: skip
    return found.columns("content", values)


def _uploads(found: Items) -> Columns:
    """`_upload` of many."""
    snippets, details = objects(found.items, "snippet"), objects(found.items, "contentDetails")
    named = zip(details, objects(snippets, "resourceId"), strict=True)
    everywhere = [True] * len(found.items)
    values = _many_texts(snippets, everywhere)
    published = zip(details, values["published_at"], strict=True)
    values |= {
        "platform": ["youtube"] * len(found.items),
        "platform_content_id": [part.get("videoId") or resource.get("videoId") for part, resource in named],
        "platform_user_id": [
            snippet.get("videoOwnerChannelId") or channel
            for snippet, channel in zip(snippets, values["platform_user_id"], strict=True)
        ],
        "published_at": [part.get("videoPublishedAt") or listed for part, listed in published],
    }
    return found.columns("content", values)


def _many_texts(snippets: list[Json], where: list[bool]) -> dict[str, list[Any]]:
    """`_item_texts` of many."""
    return {
        "platform_user_id": got(snippets, "channelId", where), "title_or_caption": got(snippets, "title", where),
        "description": got(snippets, "description", where), "published_at": got(snippets, "publishedAt", where),
    }  # fmt: skip


def _many_seconds(durations: list[Any]) -> list[int | None]:
    if not set(map(type, durations)) <= {str, NoneType}:
        raise Irregular
    return [_known_seconds(duration) for duration in durations]


def _is_withdrawn(item: Any) -> bool:
    """A playlist keeps a place for a video that was deleted or made private, with a notice for its title."""
    snippet = item.get("snippet") if isinstance(item, dict) else None
    return isinstance(snippet, dict) and snippet.get("title") in _NOTICES and not snippet.get("thumbnails")


def _missing(asked: Any, items: list[Any], fetched_at: datetime) -> Iterator[RejectedRow]:
    """One row for the ids that were asked for and not answered: YouTube leaves them out and says nothing."""
    returned = {str(item.get("id")) for item in items if isinstance(item, dict)}
    wanted = [name for name in asked.split(",") if name and name not in returned] if isinstance(asked, str) else []
    if wanted:
        found = classify("youtube", None, {}, {"error": {"errors": [{"reason": "missingItem"}]}}, fetched_at)
        named = f"{', '.join(wanted[:MISSING_SHOWN])}{', …' if len(wanted) > MISSING_SHOWN else ''}"
        reason = f"youtube {found.error_class}: {len(wanted)} of those asked for are not in the answer"
        yield RejectedRow(0, "/items", "", reason, f"closed, suspended or hidden; {found.hint}: {named}")


def _item_texts(snippet: Json) -> Json:
    return {
        "platform_user_id": snippet.get("channelId"), "title_or_caption": snippet.get("title"),
        "description": snippet.get("description"), "published_at": snippet.get("publishedAt"),
    }  # fmt: skip


def content_type(seconds: int | None, snippet: Json) -> str:
    """short: at most three minutes long and "#shorts" or a /shorts/ address in title or description; else video."""
    said = _SAYS_SHORT.search(f"{snippet.get('title', '')}\n{snippet.get('description', '')}")
    return "short" if said and seconds is not None and 0 < seconds <= SHORT_SECONDS else "video"


def duration_seconds(duration: Any) -> int | None:
    """Seconds of an ISO 8601 duration.

    >>> duration_seconds("PT1H2M3S")
    3723
    """
    if duration is None:
        return None
    match = _DURATION.fullmatch(duration[:40]) if isinstance(duration, str) else None
    if match is None:
        raise FieldError("contentDetails.duration is no ISO 8601 duration", "the answer is damaged: fetch it again")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds


_known_seconds = lru_cache(maxsize=16_384)(duration_seconds)  # many videos are equally long


def _live_state(snippet: Json) -> str | None:
    state = snippet.get("liveBroadcastContent")
    return state if state in ("live", "upcoming") else None  # a tuple: what stands there may be a list


def _thumbnail(thumbnails: Json) -> Any:
    for size in ("high", "medium", "default"):
        if size in thumbnails:
            return child(thumbnails, size).get("url")
    return None


def _topic(address: Any) -> Any:
    """The topic's name from its Wikipedia address."""
    return address.rsplit("/", 1)[-1].replace("_", " ") if isinstance(address, str) else address


ADAPTER: Adapter = YouTube()
