"""Adapters: what platforms send becomes one schema, and a platform is one file."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from base.clock import to_micros
from ingest import platforms
from ingest.adapter import NO_REQUEST, Adapter, Draft, Json, children, read_items
from ingest.captures import read_envelope, read_response
from ingest.records import AccountRecord, ContentRecord, Entity, RejectedRow
from tests.ingest.answers import (
    a_channel,
    a_display_video,
    a_medium,
    a_profile,
    a_research_profile,
    a_research_video,
    a_tiktok_user,
    a_tweet,
    a_video,
    an_upload,
    an_x_problem,
    an_x_user,
    channels,
    discovery,
    envelope,
    tiktok,
    uploads,
    videos,
    x,
)

NIGHT = datetime(2026, 3, 1, 2, tzinfo=UTC)


class Zz:
    """A platform that does not exist: all that a new one takes."""

    platform = "zz"
    endpoints = frozenset({"people"})

    def recognise(self, body: Json) -> str | None:
        return "people" if "zz_people" in body else None

    def parse(
        self, endpoint: str, body: Json, fetched_at: datetime, request: Mapping[str, Any] = NO_REQUEST
    ) -> Iterator[Draft | RejectedRow]:
        items = ((f"/zz_people/{position}", item) for position, item in enumerate(children(body, "zz_people")))
        return read_items(items, _person)

    def precision(self, kind: str, metric: str) -> str:
        return "exact"

    def definition_version(self, metric: str, content_type: str | None, as_of: datetime) -> str:
        return f"zz-{metric}-1"


def _person(pointer: str, item: Json) -> Draft:
    return Draft("account", pointer, {"platform": "zz", "platform_user_id": item.get("no"), "bio": item.get("says")})


@pytest.fixture(autouse=True)
def _zz() -> None:
    platforms.register(Zz())


#: name → adapter, endpoint, a good answer, the same with one damaged item before a good one (None: it has no items)
ANSWERS: dict[str, tuple[Adapter, str, Json, Json | None]] = {
    "youtube channels": (
        platforms.adapter_for("youtube"),
        "channels.list",
        channels(a_channel(), a_channel("UC2")),
        channels(7, a_channel()),
    ),
    "youtube videos": (platforms.adapter_for("youtube"), "videos.list", videos(a_video()), videos("x", a_video())),
    "youtube uploads": (
        platforms.adapter_for("youtube"),
        "playlistItems.list",
        uploads(an_upload()),
        uploads(None, an_upload()),
    ),
    "instagram": (
        platforms.adapter_for("instagram"),
        "business_discovery",
        discovery(a_profile("1", a_medium())),
        discovery(a_profile("1", 5, a_medium())),
    ),
    "tiktok profile (display)": (
        platforms.adapter_for("tiktok"),
        "user.info",
        tiktok(user=a_tiktok_user()),
        None,
    ),
    "tiktok videos (display)": (
        platforms.adapter_for("tiktok"),
        "video.list",
        tiktok(videos=[a_display_video(), a_display_video("7303")]),
        tiktok(videos=["x", a_display_video()]),
    ),
    "tiktok videos (research)": (
        platforms.adapter_for("tiktok"),
        "video.query",
        tiktok(videos=[a_research_video()]),
        tiktok(videos=[3, a_research_video()]),
    ),
    "x users by name": (
        platforms.adapter_for("x"),
        "users.by",
        x(an_x_user(), an_x_user("502"), includes={"tweets": [a_tweet(author_id=None)]}),
        x([], an_x_user()),
    ),
    "x users": (platforms.adapter_for("x"), "users", {"data": an_x_user()}, x(1, an_x_user())),
    "x posts": (
        platforms.adapter_for("x"),
        "tweets",
        x(a_tweet(), includes={"users": [an_x_user()]}),
        x("x", a_tweet()),
    ),
    "zz": (Zz(), "people", {"zz_people": [{"no": "1", "says": "hi"}]}, {"zz_people": [[], {"no": "1"}]}),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_every_adapter_keeps_the_contract(case: str) -> None:
    """SYS-04: the fake platform passes the same suite as the real ones."""
    adapter, endpoint, body, damaged = ANSWERS[case]
    drafts = list(adapter.parse(endpoint, body, NIGHT))
    assert endpoint in adapter.endpoints
    assert drafts == list(adapter.parse(adapter.recognise(body), body, NIGHT)), "a bare answer is read the same"
    assert drafts == list(adapter.parse(endpoint, body, NIGHT)), "pure"
    assert {draft.values["platform"] for draft in drafts} == {adapter.platform}
    for draft in drafts:
        assert _at(body, draft.pointer), "the pointer leads to the entity"
    if damaged:
        *_, last = adapter.parse(endpoint, damaged, NIGHT)
        found = [type(each) for each in adapter.parse(endpoint, damaged, NIGHT)]
        assert found.count(RejectedRow) == 1
        assert isinstance(last, Draft), "a damaged item does not take the others with it"
    assert list(adapter.parse(endpoint, {}, NIGHT)) == []
    assert adapter.definition_version("views", "short", NIGHT)
    assert adapter.precision("account", "followers") in {"exact", "rounded_3sf"}


def _at(body: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body


def _records(body: Json, **values: Any) -> list[AccountRecord | ContentRecord]:
    found = list(read_envelope(envelope(body, **values), 1, 0))
    assert all(isinstance(each, Entity) for each in found), found
    return [each.record for each in found if isinstance(each, Entity)]


def test_a_youtube_channel_maps_every_field():
    """ING-11, NRM-01: names, nesting and counts as text become one schema."""
    (account,) = _records(channels(a_channel()))
    assert account == AccountRecord(
        platform="youtube",
        platform_user_id="UCoven",
        handle="oven.and.salt",
        display_name="Oven & Salt",
        bio="Bread, slowly.",
        country="DE",
        language=None,
        created_at="2017-04-01T09:00:00Z",
        profile_image_url="https://img.example/1",
        followers=120_000,
        content_count=340,
        total_views=9_800_000,
        platform_topics=["Food"],
    )
    assert "website" not in account.model_fields_set, "the API does not return header links (POL-06)"


def test_an_instagram_profile_and_its_media_map_every_field():
    """ING-11, ING-12, NRM-01."""
    account, item = _records(discovery(a_profile("1784", a_medium("m-1"))))
    assert account == AccountRecord(
        platform="instagram",
        platform_user_id="1784",
        handle="oven.and.salt",
        display_name="Oven & Salt",
        bio="Bread and patience",
        website="https://ovenandsalt.example",
        profile_image_url="https://img.example/2",
        followers=45_300,
        following=210,
        content_count=512,
    )
    assert item == ContentRecord(
        platform="instagram",
        platform_user_id="1784",
        handle="oven.and.salt",
        platform_content_id="m-1",
        content_type="post",
        subtype="image",
        title_or_caption="Crumb shots",
        url="https://www.instagram.com/p/m-1/",
        published_at="2026-02-28T08:30:00+00:00",
        likes=1210,
        comments=34,
    )


def test_an_upload_speaks_for_its_texts_and_not_for_its_counts():
    (item,) = _records(uploads(an_upload()))
    assert isinstance(item, ContentRecord)
    assert item.platform_content_id == "vid-1"
    assert not item.model_fields_set & {"views", "likes", "duration_seconds", "content_type"}


def test_a_withdrawn_video_on_a_playlist_is_passed_over():
    assert _records(uploads(an_upload(title="Private video", thumbnails={}))) == []


def test_a_hidden_count_is_unknown_and_never_zero():
    """ING-13."""
    (account,) = _records(channels(a_channel(statistics={"hiddenSubscriberCount": True, "subscriberCount": "0"})))
    (video,) = _records(videos(a_video(statistics={"viewCount": "10"})))
    medium = a_medium()
    del medium["like_count"]
    _, item = _records(discovery(a_profile("1", medium)))
    assert isinstance(account, AccountRecord)
    assert account.followers is None
    assert isinstance(video, ContentRecord)
    assert (video.views, video.likes, video.comments) == (10, None, None)
    assert isinstance(item, ContentRecord)
    assert item.likes is None
    assert {"likes", "comments"} <= item.model_fields_set


@pytest.mark.parametrize(
    ("duration", "title", "expected"),
    [
        ("PT58S", "Crumb #shorts", "short"),
        ("PT3M", "see /shorts/abc", "short"),
        ("PT3M1S", "Crumb #shorts", "video"),
        ("PT58S", "Crumb", "video"),
        ("PT0S", "#shorts live", "video"),
        ("PT58S", "#shortstory", "video"),
    ],
)
def test_a_short_is_at_most_three_minutes_and_says_so(duration: str, title: str, expected: str):
    """NRM-03: length alone is no proof."""
    (item,) = _records(videos(a_video(duration=duration, snippet={"title": title})))
    assert isinstance(item, ContentRecord)
    assert item.content_type == expected


@pytest.mark.parametrize(
    ("content_type", "day", "expected"),
    [
        ("short", datetime(2025, 3, 30, tzinfo=UTC), "yt-views-1"),
        ("short", datetime(2025, 3, 31, tzinfo=UTC), "yt-views-2"),
        ("video", datetime(2026, 8, 23, tzinfo=UTC), "yt-views-1"),
        ("video", datetime(2026, 8, 24, tzinfo=UTC), "yt-views-2"),
        (None, datetime(2025, 3, 30, tzinfo=UTC), "yt-views-1"),
        (None, datetime(2026, 1, 1, tzinfo=UTC), "yt-views-1+shorts-2"),
        (None, datetime(2026, 8, 24, tzinfo=UTC), "yt-views-2"),
    ],
)
def test_a_series_of_views_names_what_a_view_was(content_type: str | None, day: datetime, expected: str):
    """POL-03: both redefinitions have a day."""
    assert platforms.definition_version("youtube", "views", content_type, to_micros(day)) == expected
    assert platforms.definition_version("youtube", "likes", content_type, to_micros(day)) == "yt-likes-1"


def test_subscribers_are_known_to_three_figures():
    assert platforms.precision("youtube", "account", "followers") == "rounded_3sf"
    assert platforms.precision("youtube", "content", "views") == "exact"
    assert platforms.precision("unheard-of", "account", "followers") == "exact"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            {"status": 403, "body": {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}},
            "youtube rate_limited: quotaExceeded",
        ),
        ({"status": 200, "body": {"error": "odd"}}, "youtube unknown: no reason given"),
        ({"status": 503, "body": {}}, "youtube transient: 503"),
        ({"status": 418}, "youtube unknown: 418"),
        ({"status": "odd", "body": None}, "youtube unknown: no reason given"),
        ({"body": []}, "not an object"),
        ({"endpoint": "search.list"}, "unknown endpoint"),
        ({"platform": "nosuch"}, "no adapter"),
        ({"platform": 7}, "not a platform name"),
        ({"fetched_at": "yesterday"}, "not a date"),
        ({"body": {"items": "none"}}, "not a list"),
    ],
)
def test_an_answer_that_is_no_answer_is_rejected_with_a_hint(values: Json, reason: str):
    """ING-14: an error row, with the raw bytes kept by the caller."""
    (rejected,) = read_envelope(envelope(channels()) | values, 3, 0)
    assert isinstance(rejected, RejectedRow)
    assert reason in rejected.reason
    assert rejected.hint
    assert rejected.line == 3


def test_a_spent_quota_says_when_to_come_back():
    """RTE-06: the instant is reckoned from when the answer was given."""
    body = {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}
    (rejected,) = read_envelope(envelope(channels()) | {"status": 403, "body": body}, 1, 0)
    assert isinstance(rejected, RejectedRow)
    assert "not before 2026-03-01 08:00:00 UTC" in rejected.hint


def test_a_bare_answer_is_recognised_by_its_shape():
    for body in (
        channels(a_channel()),
        videos(a_video()),
        uploads(an_upload()),
        discovery(a_profile()),
        {"zz_people": [{"no": 1}]},
        tiktok(user=a_tiktok_user()),
        tiktok(videos=[a_research_video()]),
        x(an_x_user()),
        x(a_tweet()),
    ):
        assert all(isinstance(each, Entity) for each in read_response(body, 1, 0)), body
    (rejected,) = read_response({"kind": "other"}, 1, 0)
    assert isinstance(rejected, RejectedRow)


def test_an_item_without_an_id_is_rejected_while_its_neighbours_go_in():
    found = list(read_envelope(envelope(videos(a_video(None), a_video("vid-2"))), 1, 0))  # type: ignore[arg-type]
    assert [type(each) for each in found] == [RejectedRow, Entity]
    assert found[0].pointer == "/body/items/0"


def _of_tiktok(body: Json, endpoint: str, **values: Any) -> list[AccountRecord | ContentRecord]:
    return _records(body, platform="tiktok", endpoint=endpoint, **values)


def test_a_tiktok_profile_maps_every_field_of_both_apis():
    """NRM-01: the Display API knows an id, the Research API a website; the latter does not repeat whom it speaks of."""
    (display,) = _of_tiktok(tiktok(user=a_tiktok_user()), "user.info")
    (research,) = _of_tiktok(a_research_profile(), "user.info", request={"username": "Oven.And.Salt"})
    shared = {
        "platform": "tiktok", "handle": "oven.and.salt", "display_name": "Oven & Salt", "bio": "60 s loaves",
        "profile_image_url": "https://img.example/3", "followers": 81_200, "following": 95, "content_count": 260,
        "verified": False,
    }  # fmt: skip
    assert display == AccountRecord(platform_user_id="open-1", **shared)
    assert research == AccountRecord(website="https://ovenandsalt.example", **shared)
    assert research.account_key == "tiktok:@oven.and.salt"


def test_a_research_profile_without_its_request_is_nobodys():
    (rejected,) = read_envelope(envelope(a_research_profile(), platform="tiktok", endpoint="user.info"), 1, 0)
    assert isinstance(rejected, RejectedRow)
    assert "whose profile" in rejected.reason
    assert "request" in rejected.hint


def test_a_tiktok_video_maps_every_field_of_both_apis():
    """NRM-01: of the Display API a video's owner stands in its address alone."""
    (display,) = _of_tiktok(tiktok(videos=[a_display_video()]), "video.list")
    owner, research = _of_tiktok(tiktok(videos=[a_research_video()]), "video.query")
    shared = {"platform": "tiktok", "handle": "oven.and.salt", "content_type": "video"}
    assert display == ContentRecord(
        platform_content_id="7301", title_or_caption="Scoring a loaf #bread", duration_seconds=41, views=51_000,
        url="https://www.tiktok.com/@oven.and.salt/video/7301?utm_source=app", likes=4_100, comments=77,
        published_at="2026-02-28T08:00:00Z", **shared,
    )  # fmt: skip
    assert research == ContentRecord(
        platform_content_id="7302", title_or_caption="Why rye tears", duration_seconds=33, views=9_000, likes=700,
        comments=12, published_at="2026-02-28T08:00:00Z", **shared,
    )  # fmt: skip
    assert owner == AccountRecord(platform="tiktok", handle="oven.and.salt", country="DE")


@pytest.mark.parametrize("values", [{"share_url": None}, {"create_time": "now"}])
def test_a_tiktok_video_without_an_owner_or_with_a_bad_instant_is_rejected(values: Json):
    (rejected,) = read_response(tiktok(videos=[a_display_video(**values)]), 1, 0)
    assert isinstance(rejected, RejectedRow)
    assert rejected.hint


def _of_x(body: Json, endpoint: str) -> list[AccountRecord | ContentRecord]:
    return _records(body, platform="x", endpoint=endpoint)


def test_an_x_profile_maps_every_field_and_its_links_are_the_expanded_ones():
    """NRM-01, EMB-01: t.co addresses say nothing about whose they are."""
    (account,) = _of_x(x(an_x_user()), "users.by")
    assert account == AccountRecord(
        platform="x",
        platform_user_id="501",
        handle="ovenandsalt",
        display_name="Oven & Salt",
        bio="Bread, slowly https://t.co/aa",
        website="https://ovenandsalt.example",
        external_urls=["https://ovenandsalt.example", "https://instagram.com/oven.and.salt"],
        profile_image_url="https://img.example/4",
        followers=9_100,
        following=300,
        content_count=4_100,
        verified=True,
        created_at="2015-06-01T10:00:00Z",
    )
    assert "country" not in account.model_fields_set, "location is free text"


def test_an_x_profile_that_has_lost_its_links_says_so():
    bare = {name: value for name, value in an_x_user(url="", description="Bread").items() if name != "entities"}
    (account,) = _of_x(x(bare), "users")
    assert isinstance(account, AccountRecord)
    assert {"external_urls", "website"} <= account.model_fields_set
    assert (account.external_urls, account.website) == ((), None)


def test_an_x_post_maps_every_field_and_knows_its_author_from_what_is_included():
    """NRM-01."""
    author, post = _of_x(x(a_tweet(), includes={"users": [an_x_user(), an_x_user("777")]}), "tweets")
    assert author.account_key == "x:501", "a stranger who is only mentioned was not asked for"
    assert post == ContentRecord(
        platform="x", platform_user_id="501", handle="ovenandsalt", platform_content_id="9001", content_type="post",
        subtype=None, title_or_caption="The crumb today", language="en", published_at="2026-02-20T18:00:00Z",
        views=5_200, likes=40, comments=3,
    )  # fmt: skip


def test_a_pinned_post_belongs_to_who_pinned_it():
    _account, post = _of_x(x(an_x_user(), includes={"tweets": [a_tweet(author_id=None), a_tweet("1")]}), "users")
    assert isinstance(post, ContentRecord)
    assert (post.platform_content_id, post.platform_user_id, post.handle) == ("9001", "501", "ovenandsalt")


def test_a_repost_is_passed_over_and_a_long_post_is_whole():
    repost = a_tweet("1", referenced_tweets=[{"type": "retweeted", "id": "2"}])
    reply = a_tweet(
        "3", referenced_tweets=[{"type": "replied_to", "id": "2"}], note_tweet={"text": "All of it"}, lang="und"
    )
    (post,) = _of_x(x(repost, reply), "tweets")
    assert isinstance(post, ContentRecord)
    assert (post.subtype, post.title_or_caption, post.language) == ("reply", "All of it", None)


def test_what_x_could_not_return_is_rejected_while_the_others_go_in():
    """RTE-05: status 200, `data` and `errors` side by side."""
    body = x(an_x_user(), errors=[an_x_problem(), an_x_problem("not-authorized-for-resource"), 7])
    found = list(read_envelope(envelope(body, platform="x", endpoint="users.by"), 1, 0))
    entity, *rejected = found
    assert isinstance(entity, Entity)
    assert [row.reason for row in rejected if isinstance(row, RejectedRow)] == [
        "x not_found: resource-not-found", "x permission: not-authorized-for-resource", "x unknown: no reason given",
    ]  # fmt: skip
    assert [row.pointer for row in rejected] == ["/body/errors/0", "/body/errors/1", "/body/errors/2"]


def test_ids_that_youtube_leaves_out_are_named_in_one_row():
    """RTE-05: a channel that is gone is only noticed by its absence."""
    asked = {"id": "UCoven,UCgone,UCshut"}
    entity, rejected = read_envelope(envelope(channels(a_channel()), request=asked), 1, 0)
    assert isinstance(entity, Entity)
    assert isinstance(rejected, RejectedRow)
    assert rejected.reason == "youtube gone: 2 of those asked for are not in the answer"
    assert "UCgone, UCshut" in rejected.hint
