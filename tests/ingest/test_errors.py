"""Error answers: every row of the platforms' tables has its class, read from the body, and the hour to come back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import ErrorClass, _table, classify, is_error, platform_of

AT = datetime(2026, 3, 1, 2, tzinfo=UTC)
QUARTER = datetime(2026, 3, 1, 2, 15, tzinfo=UTC)
PLATFORMS = ("youtube", "instagram", "tiktok", "x")
USAGE = {"X-Business-Use-Case-Usage": '{"17841": [{"type": "instagram", "estimated_time_to_regain_access": 9}, '
                                      '{"type": "pages", "estimated_time_to_regain_access": 4}]}'}  # fmt: skip


def youtube(reason: str | None = None, code: int = 403, **error: Any) -> dict[str, Any]:
    reasons = {"errors": [{"domain": "youtube", "reason": reason}]} if reason else {}
    return {"error": {"code": code, "message": "…", **reasons, **error}}


def meta(code: int, subcode: int | None = None, **error: Any) -> dict[str, Any]:
    more = {"error_subcode": subcode} if subcode else {}
    return {"error": {"message": "…", "type": "OAuthException", "code": code, "fbtrace_id": "A1", **more, **error}}


def tiktok(code: str) -> dict[str, Any]:
    return {"data": {}, "error": {"code": code, "message": "…", "log_id": "20260301"}}


def x(kind: str, title: str = "…", **problem: Any) -> dict[str, Any]:
    return {"title": title, "detail": "…", "type": f"https://api.x.com/2/problems/{kind}", **problem}


#: a row of the platforms' documentation → (platform, status, body, class)
ROWS: dict[str, tuple[str, int | None, Any, str]] = {
    "youtube: the day's quota is spent": ("youtube", 403, youtube("quotaExceeded"), "rate_limited"),
    "youtube: the day's limit is reached": ("youtube", 403, youtube("dailyLimitExceeded"), "rate_limited"),
    "youtube: too many at once": ("youtube", 403, youtube("rateLimitExceeded"), "rate_limited"),
    "youtube: 429 without a reason": ("youtube", 429, youtube(code=429), "rate_limited"),
    "youtube: forbidden": ("youtube", 403, youtube("forbidden"), "gone"),
    "youtube: the channel is closed": ("youtube", 403, youtube("channelClosed"), "gone"),
    "youtube: the channel is suspended": ("youtube", 403, youtube("channelSuspended"), "gone"),
    "youtube: the playlist is not there": ("youtube", 404, youtube("playlistNotFound", 404), "gone"),
    "youtube: an id missing from a 200": ("youtube", 200, youtube("missingItem", 200), "gone"),
    "youtube: the key is wrong": ("youtube", 400, youtube("keyInvalid", 400), "credential"),
    "youtube: the key is wrong, said the new way": (
        "youtube", 400, youtube("badRequest", 400, details=[{"reason": "API_KEY_INVALID"}]), "credential",
    ),
    "youtube: the API is not switched on": ("youtube", 403, youtube("accessNotConfigured"), "credential"),
    "youtube: 401": ("youtube", 401, youtube(code=401, status="UNAUTHENTICATED"), "credential"),
    "youtube: not allowed, for a reason nobody documents": (
        "youtube", 403, youtube("SOMETHING", status="PERMISSION_DENIED"), "permission",
    ),
    "youtube: a bad page token": ("youtube", 400, youtube("invalidPageToken", 400), "bad_request"),
    "youtube: a parameter is missing": ("youtube", 400, youtube("missingRequiredParameter", 400), "bad_request"),
    "youtube: its own trouble": ("youtube", 503, youtube("backendError", 503), "transient"),
    "youtube: any 5xx": ("youtube", 502, "<html>", "transient"),
    "instagram: 4, the app's calls": ("instagram", 400, meta(4), "rate_limited"),
    "instagram: 17, the user's calls": ("instagram", 400, meta(17), "rate_limited"),
    "instagram: 32, the page's calls": ("instagram", 400, meta(32), "rate_limited"),
    "instagram: 613, this call's limit": ("instagram", 400, meta(613), "rate_limited"),
    "instagram: 80002, this account's calls": ("instagram", 400, meta(80002), "rate_limited"),
    "instagram: 190, the token": ("instagram", 400, meta(190), "credential"),
    "instagram: 190/463, the token expired": ("instagram", 400, meta(190, 463), "credential"),
    "instagram: 190/460, the password changed": ("instagram", 400, meta(190, 460), "credential"),
    "instagram: 10, not allowed": ("instagram", 400, meta(10), "permission"),
    "instagram: 200, the first of the permissions": ("instagram", 403, meta(200), "permission"),
    "instagram: 299, the last of the permissions": ("instagram", 403, meta(299), "permission"),
    "instagram: 110, no such user or not professional": ("instagram", 400, meta(110), "not_found"),
    "instagram: 2207013, no such user or not professional": ("instagram", 400, meta(24, 2207013), "not_found"),
    "instagram: 100, a bad parameter": ("instagram", 400, meta(100), "bad_request"),
    "instagram: 1, unknown to itself": ("instagram", 500, meta(1), "transient"),
    "instagram: 2, down for the moment": ("instagram", 400, meta(2), "transient"),
    "instagram: whatever says it will pass": ("instagram", 400, meta(99, is_transient=True), "transient"),
    "instagram: any 5xx": ("instagram", 504, None, "transient"),
    "tiktok: too many a minute": ("tiktok", 429, tiktok("rate_limit_exceeded"), "rate_limited"),
    "tiktok: too many a day": ("tiktok", 429, tiktok("daily_quota_limit_exceeded"), "rate_limited"),
    "tiktok: the token": ("tiktok", 401, tiktok("access_token_invalid"), "credential"),
    "tiktok: the scope": ("tiktok", 401, tiktok("scope_not_authorized"), "permission"),
    "tiktok: a bad parameter": ("tiktok", 400, tiktok("invalid_params"), "bad_request"),
    "tiktok: its own trouble": ("tiktok", 500, tiktok("internal_error"), "transient"),
    "x: one of those asked for, in a 200": ("x", 200, x("resource-not-found", "Not Found Error"), "not_found"),
    "x: not for this caller": ("x", 200, x("not-authorized-for-resource"), "permission"),
    "x: the app may not": ("x", 403, x("client-forbidden"), "permission"),
    "x: the wrong kind of token": ("x", 403, x("unsupported-authentication"), "credential"),
    "x: the token": ("x", 401, {"type": "about:blank", "title": "Unauthorized", "status": 401}, "credential"),
    "x: a bad request, wrapped": ("x", 400, {"errors": [{}], **x("invalid-request")}, "bad_request"),
    "x: the month's cap": ("x", 429, x("usage-capped"), "rate_limited"),
    "x: 429": ("x", 429, {"type": "about:blank", "title": "Too Many Requests", "status": 429}, "rate_limited"),
    "x: any 5xx": ("x", 503, x("operational-disconnect"), "transient"),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_every_documented_error_has_its_class(row: str):
    """RTE-09."""
    platform, status, body, expected = ROWS[row]
    error = classify(platform, status, {}, body, AT)
    assert error.error_class == expected
    assert error.hint


def test_every_row_of_the_table_is_tried():
    """A row that no documented error reaches is a mistake or lacks its case above."""
    words = {str(word) for row in ROWS.values() for word in _said(row[2])}
    untried = [
        (platform, sorted(row.words)) for platform, rows in _table().items() for row in rows
        if row.words.isdisjoint(words | {"is_transient", "190/463", "190/460", "*/2207013"}) and row.words
    ]  # fmt: skip
    assert untried == []


def _said(body: Any) -> list[Any]:
    if isinstance(body, dict):
        return [said for value in body.values() for said in _said(value)]
    if isinstance(body, list):
        return [said for value in body for said in _said(value)]
    return [body.rsplit("/", 1)[-1] if isinstance(body, str) else body]


@pytest.mark.parametrize("platform", [*PLATFORMS, "nosuch"])
def test_what_stands_in_no_table_is_hard_and_named(platform: str):
    """RTE-09: counted by its own word, so that it can be found and added."""
    bodies = {"instagram": meta(98765), "tiktok": tiktok("wholly_new"), "x": x("wholly-new")}
    error = classify(platform, 418, {}, bodies.get(platform, youtube("whollyNew", 418)), AT)
    assert error.error_class is ErrorClass.UNKNOWN
    assert error.error_class.is_hard
    assert error.word in {"98765", "wholly_new", "wholly-new", "whollyNew"}
    assert error.retry_at is None


def test_the_body_wins_over_the_status():
    """Statuses lie: 403 is a spent quota here and a closed channel there."""
    assert classify("youtube", 403, {}, youtube("quotaExceeded"), AT).error_class == "rate_limited"
    assert classify("youtube", 500, {}, youtube("channelClosed", 500), AT).error_class == "gone"
    assert classify("tiktok", 200, {}, tiktok("access_token_invalid"), AT).error_class == "credential"
    assert classify("x", 200, {}, {"status": 429}, AT).error_class == "rate_limited"


def test_a_rate_limit_that_will_also_pass_is_a_rate_limit():
    """It waits for its hour; a transient error is retried at once."""
    assert classify("instagram", 400, {}, meta(4, is_transient=True), AT).error_class == "rate_limited"


@pytest.mark.parametrize(
    ("answered_at", "midnight"),
    [
        (datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 1, 16, 8, tzinfo=UTC)),
        (datetime(2026, 7, 15, 12, tzinfo=UTC), datetime(2026, 7, 16, 7, tzinfo=UTC)),
        (datetime(2026, 1, 15, 7, 59, tzinfo=UTC), datetime(2026, 1, 15, 8, tzinfo=UTC)),
        (datetime(2026, 1, 15, 8, tzinfo=UTC), datetime(2026, 1, 16, 8, tzinfo=UTC)),
        (datetime(2026, 3, 8, 8, tzinfo=UTC), datetime(2026, 3, 9, 7, tzinfo=UTC)),
        (datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)),
    ],
    ids=["winter", "summer", "a minute before", "on the hour", "the day of 23 hours", "the day of 25 hours"],
)
def test_youtubes_quota_comes_back_at_the_next_midnight_of_california(answered_at: datetime, midnight: datetime):
    """RTE-06: also on the two days on which the clocks change."""
    assert classify("youtube", 403, {}, youtube("quotaExceeded"), answered_at).retry_at == midnight


@pytest.mark.parametrize(
    ("platform", "headers", "body", "retry_at"),
    [
        ("instagram", USAGE, meta(4), AT + timedelta(minutes=9)),
        ("instagram", {"x-business-use-case-usage": "{damaged"}, meta(4), None),
        ("instagram", {"x-app-usage": '{"call_count": 100}'}, meta(4), None),
        ("x", {"x-rate-limit-reset": "1772331300"}, x("", "Too Many Requests"), QUARTER),
        ("x", {"x-rate-limit-reset": "soon"}, x("", "Too Many Requests"), None),
        ("tiktok", {}, tiktok("rate_limit_exceeded"), AT + timedelta(minutes=1)),
        ("tiktok", {}, tiktok("daily_quota_limit_exceeded"), datetime(2026, 3, 2, tzinfo=UTC)),
        ("youtube", {"Retry-After": "30"}, youtube("rateLimitExceeded"), AT + timedelta(seconds=30)),
        ("youtube", {}, youtube("rateLimitExceeded"), None),
        ("youtube", {"Retry-After": "30"}, youtube("keyInvalid"), None),
    ],
    ids=[
        "meta says in minutes, the longest counts", "meta's header is damaged", "meta's header does not say",
        "x says the second", "x's header is no number", "tiktok's window is a minute", "tiktok's day is UTC's",
        "retry-after where nothing else is known", "unknown where nobody says", "never for what is hard",
    ],
)  # fmt: skip
def test_the_hour_to_come_back_is_known_where_the_platform_says_it(
    platform: str, headers: dict[str, str], body: Any, retry_at: datetime | None
):
    """RTE-06."""
    error = classify(platform, 429, headers, body, AT)
    assert error.retry_at == retry_at
    assert ("not before" in error.hint) == (retry_at is not None)


def test_tiktoks_ok_is_no_error_and_xs_partial_answer_is_none():
    assert not is_error("tiktok", tiktok("ok"))
    assert not is_error("x", {"data": [], "errors": [x("resource-not-found")]})
    assert is_error("x", x("client-forbidden"))
    assert is_error("youtube", {"error": "odd"})


def test_a_bare_error_body_shows_whose_it_is():
    bodies = {
        "youtube": youtube("quotaExceeded"),
        "instagram": meta(4),
        "tiktok": tiktok("x"),
        "x": x("client-forbidden"),
    }
    assert {platform_of(body) for body in bodies.values()} == set(PLATFORMS)
    assert all(platform_of(body) == platform for platform, body in bodies.items())
    assert platform_of({"error": "odd"}) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "errors", "code", "type", "status", "reason", "details", "title", "error_subcode"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(
    st.sampled_from(PLATFORMS), st.none() | st.integers(-1, 700), st.dictionaries(st.text(), _json, max_size=2), _json
)
def test_no_answer_is_too_odd_to_be_classified(platform: str, status: int | None, headers: Any, body: Any):
    error = classify(platform, status, headers, body, AT)
    assert error.word
    assert is_error(platform, body) in {True, False}
