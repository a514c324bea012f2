"""Adapters: what platforms send becomes one schema, and a platform is one file."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from base.clock import to_micros
from ingest import platforms
from ingest.adapter import Adapter, Draft, Json, children, read_items
from ingest.captures import read_envelope, read_response
from ingest.records import AccountRecord, ContentRecord, Entity, RejectedRow
from tests.ingest.answers import (
    a_channel,
    a_medium,
    a_profile,
    a_video,
    an_upload,
    channels,
    discovery,
    envelope,
    uploads,
    videos,
)

NIGHT = datetime(2026, 3, 1, 2, tzinfo=UTC)


class Zz:
    """A platform that does not exist: all that a new one takes."""

    platform = "zz"
    endpoints = frozenset({"people"})

    def recognise(self, body: Json) -> str | None:
        return "people" if "zz_people" in body else None

    def parse(self, endpoint: str, body: Json, fetched_at: datetime) -> Iterator[Draft | RejectedRow]:
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


ANSWERS: dict[str, tuple[Adapter, str, Json, Json]] = {
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
    "zz": (Zz(), "people", {"zz_people": [{"no": "1", "says": "hi"}]}, {"zz_people": [[], {"no": "1"}]}),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_every_adapter_keeps_the_contract(case: str) -> None:
    """SYS-04: the fake platform passes the same suite as the real ones."""
    adapter, endpoint, body, damaged = ANSWERS[case]
    drafts = list(adapter.parse(endpoint, body, NIGHT))
    assert endpoint in adapter.endpoints
    assert adapter.recognise(body) == endpoint
    assert drafts == list(adapter.parse(endpoint, body, NIGHT)), "pure"
    assert {draft.values["platform"] for draft in drafts} == {adapter.platform}
    for draft in drafts:
        assert _at(body, draft.pointer), "the pointer leads to the entity"
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
            "answered 403: quotaExceeded",
        ),
        ({"status": 400, "body": {"error": {"type": "OAuthException", "code": 190}}}, "answered 400: OAuthException"),
        ({"status": 200, "body": {"error": "odd"}}, "answered an error: error"),
        ({"status": 503, "body": {}}, "answered 503"),
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


def test_a_bare_answer_is_recognised_by_its_shape():
    for body in (
        channels(a_channel()),
        videos(a_video()),
        uploads(an_upload()),
        discovery(a_profile()),
        {"zz_people": [{"no": 1}]},
    ):
        assert all(isinstance(each, Entity) for each in read_response(body, 1, 0)), body
    (rejected,) = read_response({"kind": "other"}, 1, 0)
    assert isinstance(rejected, RejectedRow)


def test_an_item_without_an_id_is_rejected_while_its_neighbours_go_in():
    found = list(read_envelope(envelope(videos(a_video(None), a_video("vid-2"))), 1, 0))  # type: ignore[arg-type]
    assert [type(each) for each in found] == [RejectedRow, Entity]
    assert found[0].pointer == "/body/items/0"
