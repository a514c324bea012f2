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
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingest.adapter import NO_REQUEST, Adapter, Draft, Json, carried, child, children, read_items
from ingest.answers import Answers, constant, gather, looked_up, part, said, scalar
from ingest.columns import Columns, Drafted, Said
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


_TEXTS = ("id", "username", "name", "biography", "website", "profile_picture_url")
_COUNTS = ("followers_count", "follows_count", "media_count")
_ITEM_TEXTS = ("id", "caption", "media_type", "media_product_type", "permalink", "timestamp")
_ITEM_COUNTS = ("like_count", "comments_count", "view_count")


def _fields(texts: tuple[str, ...], counts: tuple[str, ...]) -> dict[str, pa.DataType]:
    return dict.fromkeys(texts, pa.string()) | dict.fromkeys(counts, pa.int64())


_LISTED = pa.struct({"data": pa.list_(pa.struct(_fields(_ITEM_TEXTS, _ITEM_COUNTS)))})


class Instagram:
    platform = "instagram"
    bodies = MappingProxyType({
        "business_discovery": pa.struct({
            "business_discovery": pa.struct({**_fields(_TEXTS, _COUNTS), "media": _LISTED})
        })
    })  # fmt: skip
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

    def columns(self, endpoint: str, answers: Answers) -> Drafted:
        found = part(answers.bodies, "business_discovery")
        # An object of which we know neither may be empty or not, which makes a difference.
        unusual = pc.and_(found.is_valid(), pc.and_(part(found, "id").is_null(), part(found, "username").is_null()))
        filled = answers.only(found.is_valid())
        refused = answers.lines.filter(unusual).to_pylist()
        return Drafted([_accounts(filled), _many_media(filled)], refused=set(refused))

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


def _accounts(answers: Answers) -> Columns:
    """`_account` of many."""
    found, rows = part(answers.bodies, "business_discovery"), len(answers.lines)
    values = {ours: said(part(found, theirs)) for ours, theirs in _PROFILE.items()}
    pointers = pa.repeat(scalar(f"{answers.pointer}/business_discovery"), rows)
    values["platform"] = constant("instagram", rows)
    return Columns("account", answers.lines, pa.repeat(scalar(0), rows), pointers, answers.fetched_at, values)


def _many_media(answers: Answers) -> Columns:
    """`_media` of many."""
    found = part(answers.bodies, "business_discovery")
    media = gather(answers, part(found, "media", "data"))
    values = {ours: said(part(media.things, theirs)) for ours, theirs in _ITEM.items()}
    likes, comments = values["likes"].values, values["comments"].values
    values["likes"] = Said(likes, pc.or_(likes.is_valid(), comments.is_valid()))
    values |= {ours: said(part(found, theirs).take(pa.array(media.parents))) for ours, theirs in _OWNER.items()}
    for place, ours in enumerate(("content_type", "subtype")):
        values[ours] = said(_words(media.things, place))
    values["platform"] = constant("instagram", len(media.things))
    return media.columns("content", "/business_discovery/media/data/", values, seat=1)


def _words(media: pa.StructArray, place: int) -> pa.Array:
    """Our type, or the finer word, of many."""
    ours = {theirs: form[place] for theirs, form in _FORMS.items()}
    return pc.coalesce(
        *(looked_up(part(media, name), ours.get, pa.string()) for name in ("media_product_type", "media_type"))
    )


def _form(item: Json) -> tuple[str, str] | None:
    return _FORMS.get(str(item.get("media_product_type"))) or _FORMS.get(str(item.get("media_type")))


ADAPTER: Adapter = Instagram()
