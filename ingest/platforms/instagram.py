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

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ingest.adapter import NO_REQUEST, Adapter, Answer, Draft, Json, carried, child, children, read_items
from ingest.columns import ABSENT, Columns
from ingest.gather import Items, gather, objects, said
from ingest.records import Kind, RejectedRow

#: media_product_type, then media_type → our type and the finer word
_FORMS = {
    "REELS": ("short", "reel"), "STORY": ("post", "story"), "CAROUSEL_ALBUM": ("post", "carousel"),
    "IMAGE": ("post", "image"), "VIDEO": ("video", "video"),
}  # fmt: skip
#: record field → Instagram's name
_OWNER = {"platform_user_id": "id", "handle": "username"}
_PROFILE = _OWNER | {
    "display_name": "name", "bio": "biography", "website": "website", "profile_image_url": "profile_picture_url",
    "followers": "followers_count", "following": "follows_count", "content_count": "media_count",
}  # fmt: skip
_ITEM = {
    "platform_content_id": "id",
    "title_or_caption": "caption",
    "url": "permalink",
    "published_at": "timestamp",
    "likes": "like_count",
    "comments": "comments_count",
    "views": "view_count",
}


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
        owner = carried(found, **_OWNER)
        media = enumerate(children(child(found, "media"), "data"))
        items = ((f"/business_discovery/media/data/{position}", item) for position, item in media)
        yield from read_items(items, lambda pointer, item: _media(pointer, item, owner))

    def columns(self, endpoint: str, answers: Sequence[Answer]) -> list[Columns | RejectedRow]:
        bodies = objects([answer.body for answer in answers], "business_discovery")
        filled = [(answer, found) for answer, found in zip(answers, bodies, strict=True) if found]
        asked, found = [answer for answer, _found in filled], [found for _answer, found in filled]
        lists = [children(media, "data") for media in objects(found, "media")]
        media = gather(asked, lists, "/business_discovery/media/data/", seat=1)
        return [_accounts(asked, found), _many_media(media, found, list(map(len, lists)))]

    def precision(self, kind: Kind, metric: str) -> str:
        return "exact"

    def definition_version(self, metric: str, content_type: str | None, as_of: datetime) -> str:
        return f"ig-{metric}-1"


def _account(pointer: str, found: Json) -> Draft:
    return Draft("account", pointer, {"platform": "instagram", **carried(found, **_PROFILE)})


def _media(pointer: str, item: Json, owner: Json) -> Draft:
    values = carried(item, **_ITEM)
    if "comments" in values:
        values.setdefault("likes", None)
    form = _form(item)
    if form:
        values["content_type"], values["subtype"] = form
    return Draft("content", pointer, {"platform": "instagram", **owner, **values})


def _accounts(answers: Sequence[Answer], found: list[Json]) -> Columns:
    """`_account` of many."""
    values = {ours: said(found, theirs) for ours, theirs in _PROFILE.items()}
    return Columns(
        "account", [answer.line for answer in answers], [0] * len(answers),
        [f"{answer.pointer}/business_discovery" for answer in answers], [answer.fetched_at for answer in answers],
        {"platform": ["instagram"] * len(answers), **values},
    )  # fmt: skip


def _many_media(media: Items, owners: list[Json], counts: list[int]) -> Columns:
    """`_media` of many."""
    values = {ours: said(media.items, theirs) for ours, theirs in _ITEM.items()}
    values["likes"] = [
        None if likes is ABSENT and comments is not ABSENT else likes
        for likes, comments in zip(values["likes"], values["comments"], strict=True)
    ]
    forms = [_form(item) for item in media.items]
    for ours, theirs in _OWNER.items():
        named = zip(said(owners, theirs), counts, strict=True)
        values[ours] = [name for name, count in named for _item in range(count)]
    values["content_type"] = [form[0] if form else ABSENT for form in forms]
    values["subtype"] = [form[1] if form else ABSENT for form in forms]
    return media.columns("content", {"platform": ["instagram"] * len(media.items), **values})


def _form(item: Json) -> tuple[str, str] | None:
    return _FORMS.get(str(item.get("media_product_type"))) or _FORMS.get(str(item.get("media_type")))


ADAPTER: Adapter = Instagram()
