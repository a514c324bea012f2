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
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, reduce
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.clock import from_micros
from ingest.adapter import NO_REQUEST, Adapter, Draft, Json, child, children, read_items
from ingest.answers import Answers, Items, constant, either, gather, got, looked_up, part, said
from ingest.columns import ABSENT, Drafted, Said
from ingest.errors import classify
from ingest.fields import FieldError
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
_NOTICE_TEXTS = pa.array(_NOTICES)
_LIVE_STATES = pa.array(["live", "upcoming"])
# As scalars, as in `cells.py`.
_NO_TEXT, _FALSE, _ZERO = pa.scalar(None, pa.string()), pa.scalar(False), pa.scalar(0)
_COMMA, _LONGEST_SHORT = pa.scalar(","), pa.scalar(SHORT_SECONDS)
_KINDS = {
    "youtube#channelListResponse": "channels.list",
    "youtube#playlistItemListResponse": "playlistItems.list",
    "youtube#videoListResponse": "videos.list",
}


def _texts(names: str) -> dict[str, pa.DataType]:
    return dict.fromkeys(names.split(), pa.string())


_SIZES = dict.fromkeys(("high", "medium", "default"), pa.struct({"url": pa.string()}))
_SNIPPET = _texts("title description publishedAt") | {"thumbnails": pa.struct(_SIZES)}


def _thing(**parts: dict[str, pa.DataType]) -> pa.StructType:
    return pa.struct({"id": pa.string()} | {name: pa.struct(fields) for name, fields in parts.items()})


#: all that is read of the things in an answer
_THINGS = {
    "channels.list": _thing(
        snippet=_SNIPPET | _texts("customUrl country defaultLanguage"),
        statistics=_texts("subscriberCount videoCount viewCount") | {"hiddenSubscriberCount": pa.bool_()},
        topicDetails={"topicCategories": pa.list_(pa.string())},
    ),
    "videos.list": _thing(
        snippet=_SNIPPET | _texts("channelId defaultLanguage defaultAudioLanguage liveBroadcastContent"),
        contentDetails=_texts("duration"),
        statistics=_texts("viewCount likeCount commentCount"),
    ),
    "playlistItems.list": _thing(
        snippet=_SNIPPET | _texts("channelId videoOwnerChannelId") | {"resourceId": pa.struct(_texts("videoId"))},
        contentDetails=_texts("videoId videoPublishedAt"),
    ),
}


class YouTube:
    platform = "youtube"
    bodies = MappingProxyType({name: pa.struct({"items": pa.list_(thing)}) for name, thing in _THINGS.items()})
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

    def columns(self, endpoint: str, answers: Answers) -> Drafted:
        lists = part(answers.bodies, "items")
        read = {"channels.list": _channels, "videos.list": _videos, "playlistItems.list": _uploads}[endpoint]
        found = gather(answers, lists)
        drafted = read(_standing(found))
        drafted.refused.update(found.lines(_maybe_withdrawn(found.things)))
        if endpoint != "playlistItems.list":
            drafted.rejected += _all_missing(answers, lists)
        return drafted

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
    is_notice = pc.is_in(part(found.things, "snippet", "title"), _NOTICE_TEXTS)
    is_withdrawn = pc.and_(is_notice, part(found.things, "snippet", "thumbnails").is_null())
    return found.only(pc.invert(is_withdrawn)) if pc.any(is_withdrawn).as_py() else found


def _maybe_withdrawn(things: pa.StructArray) -> pa.BooleanArray:
    """Notices beside thumbnails of no size that we know: whether there are any makes a difference."""
    sizes = part(things, "snippet", "thumbnails")
    is_known = reduce(pc.or_, (part(sizes, name).is_valid() for name in _SIZES))
    is_notice = pc.is_in(part(things, "snippet", "title"), _NOTICE_TEXTS)
    return pc.and_(is_notice, pc.and_(sizes.is_valid(), pc.invert(is_known)))


def _channels(found: Items) -> Drafted:
    """`_channel` of many."""
    things = found.things
    is_hidden = pc.fill_null(part(things, "statistics", "hiddenSubscriberCount"), _FALSE)
    picture = _thumbnails(part(things, "snippet", "thumbnails"))
    followers = pc.if_else(is_hidden, _NO_TEXT, part(things, "statistics", "subscriberCount"))
    values = {
        "platform": constant("youtube", len(things)), "platform_user_id": Said(part(things, "id")),
        "display_name": got(things, "snippet", "title"), "bio": got(things, "snippet", "description"),
        "country": got(things, "snippet", "country"), "language": got(things, "snippet", "defaultLanguage"),
        "created_at": got(things, "snippet", "publishedAt"),
        "profile_image_url": Said(picture, part(things, "snippet").is_valid()),
        "handle": said(part(things, "snippet", "customUrl")),
        "followers": Said(followers, part(things, "statistics").is_valid()),
        "content_count": got(things, "statistics", "videoCount"),
        "total_views": got(things, "statistics", "viewCount"), "platform_topics": _topics(things),
    }  # fmt: skip
    return Drafted([found.columns("account", "/items/", values)])


def _videos(found: Items) -> Drafted:
    """`_video` of many."""
    things = found.things
    snippet, details = part(things, "snippet"), part(things, "contentDetails")
    durations = part(details, "duration")
    seconds = looked_up(durations, _known_seconds, pa.int64())
    has_both = pc.and_(snippet.is_valid(), details.is_valid())
    state, form = part(snippet, "liveBroadcastContent"), pc.if_else(has_both, _forms(seconds, snippet), _NO_TEXT)
    is_live = pc.and_(has_both, pc.is_in(state, _LIVE_STATES))
    language = either(part(snippet, "defaultAudioLanguage"), part(snippet, "defaultLanguage"))
    values = {
        "platform": constant("youtube", len(things)), "platform_content_id": Said(part(things, "id")),
        **_many_texts(things), "language": Said(language, snippet.is_valid()),
        "duration_seconds": Said(seconds, details.is_valid()), "content_type": Said(form, has_both),
        "subtype": Said(pc.if_else(is_live, state, _NO_TEXT), has_both),
        "views": got(things, "statistics", "viewCount"), "likes": got(things, "statistics", "likeCount"),
        "comments": got(things, "statistics", "commentCount"),
    }  # fmt: skip
    # An object of which we know no field may be empty or not, which makes a difference.
    unusual = pc.or_(_hollow(snippet, "title"), pc.or_(_hollow(details, "duration"), _hollow(durations, seconds)))
    return Drafted([found.columns("content", "/items/", values)], refused=set(found.lines(unusual)))


def _uploads(found: Items) -> Drafted:
    """`_upload` of many."""
    things = found.things
    owner, listed = part(things, "snippet", "channelId"), part(things, "snippet", "publishedAt")
    resource = part(things, "snippet", "resourceId", "videoId")
    values = {
        "platform": constant("youtube", len(things)),
        "platform_content_id": Said(either(part(things, "contentDetails", "videoId"), resource)),
        "platform_user_id": Said(either(part(things, "snippet", "videoOwnerChannelId"), owner)),
        "title_or_caption": Said(part(things, "snippet", "title")),
        "description": Said(part(things, "snippet", "description")),
        "published_at": Said(either(part(things, "contentDetails", "videoPublishedAt"), listed)),
    }
    return Drafted([found.columns("content", "/items/", values)])


def _many_texts(things: pa.StructArray) -> dict[str, Said]:
    """`_item_texts` of many."""
    return {
        "platform_user_id": got(things, "snippet", "channelId"), "title_or_caption": got(things, "snippet", "title"),
        "description": got(things, "snippet", "description"), "published_at": got(things, "snippet", "publishedAt"),
    }  # fmt: skip


def _forms(seconds: pa.Int64Array, snippet: pa.StructArray) -> pa.Array:
    """`content_type` of many: asked of those few that may be called a Short."""
    is_brief = pc.and_(pc.greater(seconds, _ZERO), pc.less_equal(seconds, _LONGEST_SHORT))
    rows = np.flatnonzero(pc.fill_null(is_brief, _FALSE).to_numpy(zero_copy_only=False))
    texts = [part(snippet, name).take(pa.array(rows)) for name in ("title", "description")]
    says = pc.or_kleene(*(pc.match_substring_regex(text, "(?i)#short|/shorts/") for text in texts))
    is_said = pc.fill_null(says, _FALSE)
    rows = rows[is_said.to_numpy(zero_copy_only=False)]
    forms = np.full(len(snippet), "video", object)
    for row, name, about in zip(rows.tolist(), *(text.filter(is_said).to_pylist() for text in texts), strict=True):
        forms[row] = content_type(SHORT_SECONDS, {"title": name or "", "description": about or ""})
    return pa.array(forms, pa.string())


def _thumbnails(sizes: pa.StructArray) -> pa.Array:
    """`_thumbnail` of many."""
    found = part(sizes, "default", "url")
    for size in ("medium", "high"):
        found = pc.if_else(part(sizes, size).is_valid(), part(sizes, size, "url"), found)
    return found


def _topics(things: pa.StructArray) -> list[Any]:
    """`_topic` of all addresses of many."""
    lists = part(things, "topicDetails", "topicCategories").to_pylist()
    spoken = part(things, "topicDetails").is_valid().to_pylist()
    return [
        [_topic(address) for address in addresses or ()] if is_spoken else ABSENT
        for addresses, is_spoken in zip(lists, spoken, strict=True)
    ]


def _hollow(parent: pa.Array, inside: str | pa.Array) -> pa.BooleanArray:
    """Where there is an object, but not what was looked for in it."""
    found = part(parent, inside) if isinstance(inside, str) else inside
    return pc.and_(parent.is_valid(), found.is_null())


def _all_missing(answers: Answers, lists: pa.ListArray) -> list[RejectedRow]:
    """`_missing` of many; answers that name exactly what was asked for, in that order, miss nothing."""
    ids = pa.ListArray.from_arrays(lists.offsets, part(lists.values, "id"))
    is_other = pc.fill_null(pc.not_equal(pc.binary_join(ids, _COMMA), answers.asked), answers.asked.is_valid())
    rows = np.flatnonzero(is_other.to_numpy(zero_copy_only=False))
    found = (
        column.take(pa.array(rows)).to_pylist() for column in (answers.lines, answers.fetched_at, answers.asked, ids)
    )
    return [
        replace(missing, line=line, pointer=answers.pointer + missing.pointer)
        for line, fetched_at, asked, listed in zip(*found, strict=True)
        for missing in _missing(asked, [{"id": each} for each in listed], from_micros(fetched_at))
    ]


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


@lru_cache(maxsize=16_384)  # many videos are equally long
def _known_seconds(duration: str) -> int | None:
    """None for what is no duration, too."""
    try:
        return duration_seconds(duration)
    except FieldError:
        return None


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
