"""A night over captures of TikTok and X: one account per person, refusals counted by class, and again the same."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from ingest.files import Delivery
from jobs.ingest_accounts import ingest_accounts, renormalize
from store.session import Store
from store.tables import AccountAlias, ContentItem, CreatorAccount, MetricSnapshot, RejectedPayloadRow
from tests.factories import a_context
from tests.ingest.answers import (
    Json,
    a_display_video,
    a_research_profile,
    a_research_video,
    a_tiktok_user,
    a_tweet,
    an_x_problem,
    an_x_user,
    envelope,
    tiktok,
    write_lines,
    x,
)


def rows(store: Store, model: type[SQLModel]) -> list[Any]:
    with store.reading() as session:
        return [row.model_dump() for row in session.exec(select(model))]


def of_tiktok(endpoint: str, body: Json, fetched_at: str = "2026-02-25T02:00:00Z", **values: Any) -> Json:
    return envelope(body, fetched_at, platform="tiktok", endpoint=endpoint, **values)


def of_x(endpoint: str, body: Json, **values: Any) -> Json:
    return envelope(body, platform="x", endpoint=endpoint, **values)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    refused = {"title": "Too Many Requests", "type": "about:blank", "status": 429}
    research = [
        of_tiktok("user.info", a_research_profile(), request={"username": "oven.and.salt"}),
        of_tiktok("video.query", tiktok(videos=[a_research_video()])),
    ]
    display = [
        of_tiktok("user.info", tiktok(user=a_tiktok_user(follower_count=90_000)), "2026-02-28T02:00:00Z"),
        of_tiktok("video.list", tiktok(videos=[a_display_video()]), "2026-02-28T02:00:00Z"),
    ]
    of_both = [
        of_x("users.by", x(an_x_user(), includes={"tweets": [a_tweet(author_id=None)]}, errors=[an_x_problem()])),
        of_x("tweets", x(a_tweet("9002"), includes={"users": [an_x_user()]})),
        of_x("tweets", refused, status=429, headers={"x-rate-limit-reset": "1772331300"}),
        of_x("tweets", {"wholly": "new"}, status=418),
    ]
    return [
        write_lines(tmp_path / "research.jsonl", *research),
        write_lines(tmp_path / "display.jsonl", *display),
        write_lines(tmp_path / "x.jsonl", *of_both),
    ]


def a_night(store: Store, files: list[Path]) -> Any:
    return ingest_accounts(a_context(store), [Delivery(path, "night") for path in files])


def test_tiktoks_two_apis_and_xs_lists_become_one_account_each(store: Store, files: list[Path]):
    """NRM-01, NRM-02: the Research API's name joins the id that the Display API knows."""
    a_night(store, files)
    accounts = {row["account_key"]: row for row in rows(store, CreatorAccount)}
    assert set(accounts) == {"tiktok:open-1", "x:501"}
    clips = accounts["tiktok:open-1"]
    assert (clips["website"], clips["country"], clips["followers"]) == ("https://ovenandsalt.example", "DE", 90_000)
    assert "https://instagram.com/oven.and.salt" in accounts["x:501"]["external_urls"]
    assert {row["content_key"]: row["account_key"] for row in rows(store, ContentItem)} == {
        "tiktok:7301": "tiktok:open-1", "tiktok:7302": "tiktok:open-1", "x:9001": "x:501", "x:9002": "x:501",
    }  # fmt: skip
    versions = {row["definition_version"] for row in rows(store, MetricSnapshot)}
    assert {"tt-views-1", "tt-followers-1", "x-views-1", "x-followers-1"} <= versions


def test_refusals_are_counted_by_class_and_say_when_to_come_back(store: Store, files: list[Path]):
    """RTE-05, RTE-06, RTE-09."""
    report = a_night(store, files)
    assert report.counts["rejected"] == 3
    assert report.details["rejected_by_reason"] == {"x not_found": 1, "x rate_limited": 1, "x unknown": 1}
    hints = {row["reason"]: row["hint"] for row in rows(store, RejectedPayloadRow)}
    assert set(hints) == {"x not_found: resource-not-found", "x rate_limited: Too Many Requests", "x unknown: 418"}
    assert "not before 2026-03-01 02:15:00 UTC" in hints["x rate_limited: Too Many Requests"]


def test_the_order_of_delivery_does_not_show_and_raw_bytes_give_the_same(store: Store, files: list[Path]):
    """NRM-07."""
    tables = (CreatorAccount, AccountAlias, ContentItem, MetricSnapshot)
    a_night(store, files[::-1])
    before = {model.__name__: rows(store, model) for model in tables}
    assert [row["account_key"] for row in before["AccountAlias"]] == ["tiktok:open-1"]
    again = renormalize(a_context(store))
    assert {name: again.counts[name] for name in ("accounts_written", "content_written", "metrics_written")} == {
        "accounts_written": 0, "content_written": 0, "metrics_written": 0,
    }  # fmt: skip
    assert {model.__name__: rows(store, model) for model in tables} == before
