"""X API v2: users.by and users (lists of profiles), tweets (lists of posts), with what they include.

| ours              | users.by, users                             | tweets                                       |
|-------------------|---------------------------------------------|----------------------------------------------|
| platform_user_id  | id                                          | author_id                                    |
| handle            | username                                    | username of the included author              |
| display_name, bio | name, description                           | title_or_caption: note_tweet.text, else text |
| website           | entities.url, expanded; else url            | –                                            |
| external_urls     | expanded links of entities.url, description | –                                            |
| followers         | public_metrics.followers_count              | likes: public_metrics.like_count             |
| following         | public_metrics.following_count              | comments: public_metrics.reply_count         |
| content_count     | public_metrics.tweet_count                  | views: public_metrics.impression_count       |
| verified, created | verified, created_at                        | published_at: created_at; language: lang     |
| country, language | not available: location is free text        | country: not available                       |

Of what an answer includes, the authors and pinned posts of those asked for are taken; a stranger who is quoted or
mentioned was not asked for. A repost is another's words and is passed over. An answer of status 200 may hold `errors`
for those it could not return: each is a RejectedRow beside the good ones.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ingest.adapter import NO_REQUEST, Adapter, Draft, Json, carried, child, children, read_items
from ingest.errors import classify
from ingest.fields import FieldError
from ingest.records import Kind, RejectedRow

#: referenced_tweets[].type → our finer word
_FORMS = {"replied_to": "reply", "quoted": "quote"}
#: what X writes where it could not tell a post's language, or where there is none to tell
_NO_LANGUAGE = frozenset({"und", "zxx", "qam", "qct", "qht", "qme", "qst", "art"})
_TWEET_ONLY = frozenset({"author_id", "edit_history_tweet_ids", "public_metrics", "created_at"})

Place = tuple[str, Any]


class X:
    platform = "x"
    endpoints = frozenset({"users.by", "users", "tweets"})

    def recognise(self, body: Json) -> str | None:
        data = body.get("data")
        first = next((item for item in data if isinstance(item, dict)), {}) if isinstance(data, list) else data
        if not isinstance(first, dict):
            return None
        if {"id", "name", "username"} <= first.keys():
            return "users"
        return "tweets" if {"id", "text"} <= first.keys() and first.keys() & _TWEET_ONLY else None

    def parse(
        self, endpoint: str, body: Json, fetched_at: datetime, request: Mapping[str, Any] = NO_REQUEST
    ) -> Iterator[Draft | RejectedRow]:
        read = _read_tweets if endpoint == "tweets" else _read_users
        yield from read(_data(body), child(body, "includes"))
        yield from _missing(children(body, "errors"), fetched_at)

    def precision(self, kind: Kind, metric: str) -> str:
        return "exact"

    def definition_version(self, metric: str, content_type: str | None, as_of: datetime) -> str:
        return f"x-{metric}-1"


def _data(body: Json) -> list[Place]:
    """What was asked for: a list, or one thing by itself."""
    data = body.get("data")
    return [("/data", data)] if isinstance(data, dict) else _places("/data", children(body, "data"))


def _places(pointer: str, items: list[Any]) -> list[Place]:
    return [(f"{pointer}/{position}", item) for position, item in enumerate(items)]


def _included(includes: Json, name: str, by: str, wanted: Mapping[str, Any]) -> list[Place]:
    """The included things whose `by` is wanted."""
    places = _places(f"/includes/{name}", children(includes, name))
    return [(pointer, item) for pointer, item in places if isinstance(item, dict) and str(item.get(by)) in wanted]


def _of(places: list[Place], name: str) -> dict[str, Json]:
    """The objects among these by a field's text."""
    return {str(item[name]): item for _pointer, item in places if isinstance(item, dict) and name in item}


def _read_users(users: list[Place], includes: Json) -> Iterator[Draft | RejectedRow]:
    yield from read_items(users, _user)
    pinners = _of(users, "pinned_tweet_id")
    for pointer, tweet in _included(includes, "tweets", "id", pinners):
        owner = pinners[str(tweet["id"])]
        yield from read_items([(pointer, {"author_id": owner.get("id")} | tweet)], _tweets_by({"": owner}))


def _read_tweets(tweets: list[Place], includes: Json) -> Iterator[Draft | RejectedRow]:
    authors = _included(includes, "users", "id", _of(tweets, "author_id"))
    yield from read_items(authors, _user)
    yield from read_items([place for place in tweets if not _is_repost(place[1])], _tweets_by(_of(authors, "id")))


def _user(pointer: str, user: Json) -> Draft:
    values = carried(
        user, platform_user_id="id", handle="username", display_name="name", bio="description", website="url",
        profile_image_url="profile_image_url", verified="verified", created_at="created_at",
    )  # fmt: skip
    values |= carried(
        child(user, "public_metrics"), followers="followers_count", following="following_count",
        content_count="tweet_count",
    )  # fmt: skip
    entities = child(user, "entities")
    own, said = _expanded(child(entities, "url")), _expanded(child(entities, "description"))
    if own:
        values["website"] = own[0]
    if entities or _is_without_links(user):
        values["external_urls"] = [*own, *said]
    return Draft("account", pointer, {"platform": "x", **values})


def _expanded(entity: Json) -> list[Any]:
    """The addresses behind X's shortened ones."""
    links = [link for link in children(entity, "urls") if isinstance(link, dict)]
    return [link.get("unwound_url") or link.get("expanded_url") or link.get("url") for link in links]


def _is_without_links(user: Json) -> bool:
    """X leaves `entities` out when there is nothing in it, so an empty profile must say so by its texts."""
    return user.get("url") == "" and "t.co/" not in str(user.get("description", "t.co/"))


def _tweets_by(authors: Mapping[str, Json]) -> Any:
    def tweet(pointer: str, item: Json) -> Draft:
        return _tweet(pointer, item, authors.get(str(item.get("author_id"))) or authors.get(""))

    return tweet


def _tweet(pointer: str, item: Json, author: Json | None) -> Draft:
    if not item.get("author_id"):
        raise FieldError("the answer does not say whose post it is", "ask for the field author_id")
    values = carried(
        item, platform_content_id="id", platform_user_id="author_id", title_or_caption="text", language="lang",
        published_at="created_at",
    )  # fmt: skip
    values |= carried(child(item, "note_tweet"), title_or_caption="text")  # a long post: `text` is only its start
    values |= carried(
        child(item, "public_metrics"), likes="like_count", comments="reply_count", views="impression_count"
    )
    values |= carried(author or {}, handle="username")
    if str(values.get("language")) in _NO_LANGUAGE:
        values["language"] = None
    forms = [_FORMS[form] for form in _references(item) if form in _FORMS]
    return Draft(
        "content", pointer, {"platform": "x", "content_type": "post", "subtype": next(iter(forms), None), **values}
    )


def _references(item: Json) -> list[str]:
    return [str(found.get("type")) for found in children(item, "referenced_tweets") if isinstance(found, dict)]


def _is_repost(item: Any) -> bool:
    referenced = item.get("referenced_tweets") if isinstance(item, dict) else None
    return isinstance(referenced, list) and any(
        isinstance(found, dict) and found.get("type") == "retweeted" for found in referenced
    )


def _missing(errors: list[Any], fetched_at: datetime) -> Iterator[RejectedRow]:
    """What was asked for and not returned, or not wholly."""
    for position, problem in enumerate(errors):
        found = classify("x", None, {}, problem, fetched_at)
        yield RejectedRow(0, f"/errors/{position}", "", f"x {found.error_class}: {found.word}", found.hint)


ADAPTER: Adapter = X()
