"""Instagram Graph API, Business Discovery: one professional account with its latest media per answer.

| ours              | business_discovery      | media.data[]                               |
|-------------------|-------------------------|--------------------------------------------|
| platform_user_id  | id                      | (the account's)                            |
| handle            | username                | (the account's)                            |
| display_name, bio | name, biography         | title_or_caption: caption                  |
| website           | website                 | url: permalink                             |
| followers         | followers_count         | likes: like_count (absent when hidden)     |
| following         | follows_count           | comments: comments_count                   |
| content_count     | media_count             | published_at: timestamp                    |
| country, language | not available           | not available                              |

A field that is absent was not asked for, so it says nothing; only a missing like_count beside a comments_count is known
to be hidden. Captions arrive without the "@" sign, so a name in one is no reliable mention: identity must not read it
as a claim.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ingest.adapter import NO_REQUEST, Adapter, Draft, Json, carried, child, children, read_items
from ingest.records import Kind, RejectedRow

#: media_product_type, then media_type → our type and the finer word
_FORMS = {
    "REELS": ("short", "reel"), "STORY": ("post", "story"), "CAROUSEL_ALBUM": ("post", "carousel"),
    "IMAGE": ("post", "image"), "VIDEO": ("video", "video"),
}  # fmt: skip


class Instagram:
    platform = "instagram"
    endpoints = frozenset({"business_discovery"})

    def recognise(self, body: Json) -> str | None:
        return "business_discovery" if "business_discovery" in body else None

    def parse(
        self, endpoint: str, body: Json, fetched_at: datetime, request: Mapping[str, Any] = NO_REQUEST
    ) -> Iterator[Draft | RejectedRow]:
        found = child(body, "business_discovery")
        if not found:
            return
        yield from read_items([("/business_discovery", found)], _account)
        owner = carried(found, platform_user_id="id", handle="username")
        media = enumerate(children(child(found, "media"), "data"))
        items = ((f"/business_discovery/media/data/{position}", item) for position, item in media)
        yield from read_items(items, lambda pointer, item: _media(pointer, item, owner))

    def precision(self, kind: Kind, metric: str) -> str:
        return "exact"

    def definition_version(self, metric: str, content_type: str | None, as_of: datetime) -> str:
        return f"ig-{metric}-1"


def _account(pointer: str, found: Json) -> Draft:
    values = carried(
        found, platform_user_id="id", handle="username", display_name="name", bio="biography", website="website",
        profile_image_url="profile_picture_url", followers="followers_count", following="follows_count",
        content_count="media_count",
    )  # fmt: skip
    return Draft("account", pointer, {"platform": "instagram", **values})


def _media(pointer: str, item: Json, owner: Json) -> Draft:
    values = carried(
        item, platform_content_id="id", title_or_caption="caption", url="permalink", published_at="timestamp",
        likes="like_count", comments="comments_count", views="view_count",
    )  # fmt: skip
    if "comments" in values:
        values.setdefault("likes", None)
    form = _FORMS.get(str(item.get("media_product_type"))) or _FORMS.get(str(item.get("media_type")))
    if form:
        values["content_type"], values["subtype"] = form
    return Draft("content", pointer, {"platform": "instagram", **owner, **values})


ADAPTER: Adapter = Instagram()
