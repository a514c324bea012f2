"""What an error answer of a platform means, and when to come back. Comes in: an answer; goes out: its class.

The table is `errors.toml`. The body decides, because statuses lie: YouTube answers 403 for a spent quota and for a
closed channel, Meta 400 for nearly everything, X 200 for a list of which half is missing. What stands in no table is
UNKNOWN: hard, so that nobody retries it blindly, and said as such, so that it is counted.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from base.text import sanitise

PACIFIC = ZoneInfo("America/Los_Angeles")  # YouTube's day: quota comes back at midnight there, summer and winter
WORD_CHARACTERS = 60

Json = dict[str, Any]


class ErrorClass(StrEnum):
    """What a refused request asks of us."""

    #: too many requests: come back later
    RATE_LIMITED = "rate_limited"
    #: key or token: nothing works until a person renews it
    CREDENTIAL = "credential"
    #: known to the platform, but not allowed
    PERMISSION = "permission"
    #: closed, suspended, withdrawn: not to be asked for again
    GONE = "gone"
    #: not there, or not visible to who asked: no proof that it was deleted
    NOT_FOUND = "not_found"
    #: the request is wrong: a mistake of the fetcher's
    BAD_REQUEST = "bad_request"
    #: the platform's own trouble: retry
    TRANSIENT = "transient"
    #: in no table
    UNKNOWN = "unknown"

    @property
    def is_hard(self) -> bool:
        """Retrying the same request will not help."""
        return self not in {ErrorClass.RATE_LIMITED, ErrorClass.TRANSIENT}


_HINTS = {
    ErrorClass.RATE_LIMITED: "fetch again later",
    ErrorClass.CREDENTIAL: "renew the key or access token, then fetch again",
    ErrorClass.PERMISSION: "ask for the missing permission, or leave it out",
    ErrorClass.GONE: "do not ask for it again",
    ErrorClass.NOT_FOUND: "check the name; it may also be hidden from whoever asked",
    ErrorClass.BAD_REQUEST: "mend the request; the same one will fail again",
    ErrorClass.TRANSIENT: "fetch it again",
    ErrorClass.UNKNOWN: "see the raw payload; if the platform documents it, add it to ingest/errors.toml",
}


@dataclass(frozen=True, slots=True)
class ApiError:
    """One refused request, understood as far as possible."""

    error_class: ErrorClass
    #: the platform's own word for it, or the status
    word: str
    #: when the same request may work again; None when nobody can tell
    retry_at: datetime | None
    #: the next step
    hint: str


def classify(
    platform: str, status: int | None, headers: Mapping[str, Any], body: Any, answered_at: datetime
) -> ApiError:
    """The class of an error answer.

    status: as HTTP said it, None when it was not kept. headers: names in any case; may be empty. body: what was
    answered, of any shape, also one entry of X's `errors`.
    """
    words = list(_words(platform, body))
    statuses = [said for said in (_status_in(body), status) if said is not None]
    row = _row(platform, words, statuses)
    shown = sanitise(words[0])[:WORD_CHARACTERS] if words else str(statuses[0] if statuses else "no reason given")
    if row is None:
        return ApiError(ErrorClass.UNKNOWN, shown, None, _HINTS[ErrorClass.UNKNOWN])
    lowered = {str(name).lower(): value for name, value in headers.items()}
    retry_at = None if row.error_class.is_hard else _retry_at(row, lowered, answered_at)
    return ApiError(row.error_class, shown, retry_at, _hint(row, retry_at))


def is_error(platform: str | None, body: Any) -> bool:
    """Whether a body is an error as a whole; TikTok sends an `error` with the code "ok" beside every success."""
    if not isinstance(body, dict):
        return False
    error = body.get("error")
    if isinstance(error, dict) and error.get("code") == "ok":
        return False
    return error is not None or (platform == "x" and "data" not in body and _is_problem(body))


def platform_of(body: Json) -> str | None:
    """Whose error a bare body is, by its shape."""
    error = body.get("error")
    if _is_problem(body):
        return "x"
    if not isinstance(error, dict):
        return None
    if "log_id" in error:
        return "tiktok"
    if "fbtrace_id" in error or "type" in error:
        return "instagram"
    return "youtube" if "errors" in error or "status" in error else None


# --- the table ----------------------------------------------------------------------------------------------------


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    words: frozenset[str] = frozenset()
    statuses: frozenset[str] = Field(default=frozenset(), alias="status")
    error_class: ErrorClass = Field(alias="class")
    until: str | None = None
    hint: str | None = None


@cache
def _table() -> dict[str, list[_Row]]:
    source = tomllib.loads(Path(__file__).with_name("errors.toml").read_text(encoding="utf-8"))
    return {platform: [_row_of(entry) for entry in rows] for platform, rows in source.items()}


def _row_of(entry: Json) -> _Row:
    spread = {name: {each for text in entry.get(name, ()) for each in _spread(text)} for name in ("words", "status")}
    return _Row(**(entry | spread))


def _spread(text: str) -> list[str]:
    """Codes of a range; anything else stands for itself.

    >>> _spread("200-202"), _spread("not-found")
    (['200', '201', '202'], ['not-found'])
    """
    first, _, last = text.partition("-")
    return [str(code) for code in range(int(first), int(last) + 1)] if first.isdigit() and last.isdigit() else [text]


def _row(platform: str, words: list[str], statuses: list[int]) -> _Row | None:
    rows = _table().get(platform, [])
    by_word = (row for row in rows if not row.words.isdisjoint(words))
    by_status = (row for status in statuses for row in rows if str(status) in row.statuses)
    return next(by_word, None) or next(by_status, None)


# --- what an answer says --------------------------------------------------------------------------------------------


def _words(platform: str, body: Any) -> Iterator[str]:
    """The platform's own words for what went wrong, the most telling first."""
    if isinstance(body, dict):
        said = _SAYS.get(platform, _says_youtube)(body)
        yield from (str(word) for word in said if isinstance(word, str | int) and word != "")


def _says_youtube(body: Json) -> Iterator[Any]:
    """`error.errors[].reason`, then `error.details[].reason`, then the general `error.status`."""
    error = _error_in(body)
    for name in ("errors", "details"):
        entries = error.get(name)
        yield from (entry.get("reason") for entry in _dicts(entries))
    yield error.get("status")


def _says_meta(body: Json) -> Iterator[Any]:
    """`error.code` with and without its subcode, and the flag of what will pass."""
    error = _error_in(body)
    code, subcode = error.get("code"), error.get("error_subcode")
    if subcode is not None:
        yield from (f"{code}/{subcode}", f"*/{subcode}")
    yield code
    if error.get("is_transient") is True:
        yield "is_transient"
    yield error.get("type")


def _says_tiktok(body: Json) -> Iterator[Any]:
    yield _error_in(body).get("code")


def _says_x(body: Json) -> Iterator[Any]:
    """The last part of the problem's address and its title; a refusal of everything may wrap them in `errors`."""
    for problem in [body, *_dicts(body.get("errors"))]:
        address = problem.get("type")
        if isinstance(address, str) and "/problems/" in address:
            yield address.rsplit("/", 1)[-1]
        yield problem.get("title")


_SAYS: dict[str, Callable[[Json], Iterator[Any]]] = {
    "youtube": _says_youtube, "instagram": _says_meta, "tiktok": _says_tiktok, "x": _says_x,
}  # fmt: skip


def _is_problem(body: Json) -> bool:
    address = body.get("type")
    return isinstance(address, str) and (address == "about:blank" or "/problems/" in address)


def _error_in(body: Json) -> Json:
    error = body.get("error")
    return error if isinstance(error, dict) else {}


def _dicts(values: Any) -> list[Json]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _status_in(body: Any) -> int | None:
    """The status that the body itself states: YouTube's `error.code`, X's `status`."""
    if not isinstance(body, dict):
        return None
    said = [body.get("status"), _error_in(body).get("code")]
    return next((value for value in said if isinstance(value, int) and 400 <= value < 600), None)


# --- when to come back ------------------------------------------------------------------------------------------------


def _retry_at(row: _Row, headers: Mapping[str, Any], answered_at: datetime) -> datetime | None:
    said = _UNTIL[row.until](headers, answered_at) if row.until else None
    seconds = _number(headers.get("retry-after"))
    return said or (answered_at + timedelta(seconds=seconds) if seconds else None)


def _midnight(zone: Any) -> Callable[[Mapping[str, Any], datetime], datetime]:
    def next_midnight(_headers: Mapping[str, Any], answered_at: datetime) -> datetime:
        tomorrow = answered_at.astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), zone).astimezone(UTC)

    return next_midnight


def _one_minute(_headers: Mapping[str, Any], answered_at: datetime) -> datetime:
    return answered_at + timedelta(minutes=1)


def _x_reset(headers: Mapping[str, Any], _answered_at: datetime) -> datetime | None:
    seconds = _number(headers.get("x-rate-limit-reset"))
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _meta_regain(headers: Mapping[str, Any], answered_at: datetime) -> datetime | None:
    """The longest `estimated_time_to_regain_access`, which Meta states in minutes, per business and kind of call."""
    usage = [_usage(headers.get(name)) for name in ("x-business-use-case-usage", "x-app-usage")]
    minutes = [_number(found) for each in usage for found in _values_of("estimated_time_to_regain_access", each)]
    longest = max((value for value in minutes if value), default=None)
    return answered_at + timedelta(minutes=longest) if longest else None


_UNTIL: dict[str, Callable[[Mapping[str, Any], datetime], datetime | None]] = {
    "midnight_pacific": _midnight(PACIFIC), "midnight_utc": _midnight(UTC), "one_minute": _one_minute,
    "x_reset": _x_reset, "meta_regain": _meta_regain,
}  # fmt: skip


def _usage(header: Any) -> Any:
    try:
        return json.loads(header) if isinstance(header, str) else header
    except (ValueError, RecursionError):
        return None


def _values_of(name: str, value: Any) -> Iterator[Any]:
    """What stands under a name two levels deep at most: Meta files it by business, then by kind of call."""
    entries = _dicts([value])
    for each in entries[0].values() if entries else ():
        entries += _dicts(each)
    yield from (entry[name] for entry in entries if name in entry)


def _number(value: Any) -> int | None:
    """A whole number of seconds or minutes in reason: below the year 2100."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 4_102_444_800 else None


def _hint(row: _Row, retry_at: datetime | None) -> str:
    hint = row.hint or _HINTS[row.error_class]
    return f"{hint}: not before {retry_at:%Y-%m-%d %H:%M:%S} UTC" if retry_at else hint
