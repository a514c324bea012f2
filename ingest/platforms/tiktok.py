"""TikTok: the Display API (of people who log in) and the Research API; their answers differ in shape.

| ours              | display user.info / research user.info   | video.list, video.query (display / research)    |
|-------------------|------------------------------------------|-------------------------------------------------|
| platform_user_id  | open_id / –                              | –                                               |
| handle            | username / the request's username        | in share_url / username                         |
| display_name, bio | display_name, bio_description            | title_or_caption: video_description, else title |
| website           | – / bio_url                              | url: share_url / –                              |
| followers         | follower_count                           | likes: like_count                               |
| following         | following_count                          | comments: comment_count                         |
| content_count     | video_count                              | views: view_count                               |
| verified          | is_verified                              | published_at: create_time (seconds)             |
| country           | – / region_code of a video               | duration_seconds: duration / video_duration     |
| language, created | not available                            | language: not available                         |

An open_id is TikTok's id of a person for one app: two apps know the same person by two ids. A video of the Display API
names its owner only in share_url, so a fetcher has to ask for that field. Pictures' addresses expire.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ingest.adapter import NO_REQUEST, Adapter, Draft, Json, carried, child, children, read_items
from ingest.fields import EARLIEST, LATEST, FieldError
from ingest.records import Kind, RejectedRow

_OWNER_IN_URL = re.compile(r"//(?:www\.|m\.)?tiktok\.com/@([^/?#]+)/", re.IGNORECASE)


class TikTok:
    platform = "tiktok"
    endpoints = frozenset({"user.info", "video.list", "video.query"})

    def recognise(self, body: Json) -> str | None:
        data = body.get("data")
        if not isinstance(data, dict):
            return None
        if isinstance(data.get("videos"), list):
            return "video.query"
        return "user.info" if isinstance(data.get("user"), dict) or _is_research_profile(data) else None

    def parse(
        self, endpoint: str, body: Json, fetched_at: datetime, request: Mapping[str, Any] = NO_REQUEST
    ) -> Iterator[Draft | RejectedRow]:
        data = child(body, "data")
        if endpoint != "user.info":
            yield from _videos(children(data, "videos"))
        elif "user" in data:
            yield from read_items([("/data/user", data["user"])], _profile)
        elif data:
            yield from read_items([("/data", carried(request, username="username") | data)], _profile)

    def precision(self, kind: Kind, metric: str) -> str:
        return "exact"

    def definition_version(self, metric: str, content_type: str | None, as_of: datetime) -> str:
        return f"tt-{metric}-1"


def _is_research_profile(data: Json) -> bool:
    return "display_name" in data and not data.keys().isdisjoint({"bio_description", "follower_count", "bio_url"})


def _profile(pointer: str, user: Json) -> Draft:
    values = carried(
        user, platform_user_id="open_id", handle="username", display_name="display_name", bio="bio_description",
        website="bio_url", profile_image_url="avatar_url", verified="is_verified", followers="follower_count",
        following="following_count", content_count="video_count",
    )  # fmt: skip
    if not values.get("handle") and not values.get("platform_user_id"):
        raise FieldError("the answer does not say whose profile it is", "keep the request's username in the envelope")
    return Draft("account", pointer, {"platform": "tiktok", **values})


def _videos(videos: list[Any]) -> Iterator[Draft | RejectedRow]:
    """The videos, and with the first of each owner where that owner is registered."""
    places = [(f"/data/videos/{position}", item) for position, item in enumerate(videos)]
    owners: dict[str, tuple[str, Json]] = {}
    for pointer, item in places:
        if isinstance(item, dict) and item.get("region_code"):
            owners.setdefault(str(item.get("username")), (pointer, item))
    yield from read_items([place for name, place in owners.items() if name != "None"], _owner)
    yield from read_items(places, _video)


def _owner(pointer: str, video: Json) -> Draft:
    return Draft("account", pointer, {"platform": "tiktok", **carried(video, handle="username", country="region_code")})


def _video(pointer: str, video: Json) -> Draft:
    values = carried(
        video, platform_content_id="id", title_or_caption="title", url="share_url", views="view_count",
        likes="like_count", comments="comment_count",
    )  # fmt: skip
    values |= carried(video, handle="username", title_or_caption="video_description")
    for name in ("duration", "video_duration"):
        values |= carried(video, duration_seconds=name)
    if "create_time" in video:
        values["published_at"] = _instant(video["create_time"])
    values.setdefault("handle", _owner_in(video.get("share_url")))
    if not values["handle"]:
        raise FieldError("the answer does not say whose video it is", "ask for share_url (display) or username")
    return Draft("content", pointer, {"platform": "tiktok", "content_type": "video", **values})


def _owner_in(share_url: Any) -> str | None:
    found = _OWNER_IN_URL.search(share_url) if isinstance(share_url, str) else None
    return found[1] if found else None


def _instant(seconds: Any) -> datetime | None:
    """The instant of whole seconds since 1970; 0 is no date."""
    if seconds in (None, 0):
        return None
    if not isinstance(seconds, int) or not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
        raise FieldError("create_time is not a number of seconds", "the answer is damaged: fetch it again")
    return datetime.fromtimestamp(seconds, UTC)


ADAPTER: Adapter = TikTok()
