"""One cell of a payload → one checked value, or a FieldError that says what to mend.

Characters are repaired (`base.text.sanitise`, long texts are cut; the raw bytes keep everything), wrong types and
ranges are refused. An empty value is None: the platform or file says that there is nothing.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from base.clock import to_micros
from base.platforms import PLATFORM_ALIASES
from base.text import sanitise

_KNOWN_PLATFORMS = {name: name for name in PLATFORM_ALIASES.values()}
LARGEST_COUNT = 2**63 - 1
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LINKS_PER_ACCOUNT = 50

_PLATFORM = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_WHOLE = re.compile(r"-?\d{1,19}")
_PLAIN_IDENTIFIER = re.compile(r"[A-Za-z0-9_.-][!-~]{0,199}")  # almost every one: no need to look closer
_PLAIN_HANDLE = re.compile(r"@?([a-z0-9_.-]{1,100})")  # likewise
_UNFIT_FOR_HANDLE = re.compile(r"[\s/?#:,;<>\"']")


class FieldError(ValueError):
    """A value cannot be taken; `hint` is what a person can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def platform_name(value: Any) -> str:
    """The stored name of a platform.

    >>> platform_name("YT"), platform_name("twitch")
    ('youtube', 'twitch')
    """
    known = _KNOWN_PLATFORMS.get(value) if isinstance(value, str) else None
    if known:
        return known
    name = value.strip().lower() if isinstance(value, str) else ""
    name = PLATFORM_ALIASES.get(name, name)
    if not _PLATFORM.fullmatch(name):
        raise FieldError(
            f"{_shown(value)} is not a platform name", "use youtube, instagram, tiktok, x, or another lower-case name"
        )
    return name


def text(limit: int) -> Callable[[Any], str | None]:
    """A parser of free text, cut after `limit` characters."""

    def parse(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if isinstance(value, str) and len(value) <= limit and value.isascii() and value.isprintable():
            return value.strip() or None  # nothing to repair
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise FieldError(f"expected text, found {_shown(value)}", "quote the value, or map another column")
        cleaned = sanitise(str(value)[:limit]).strip()
        return cleaned[:limit] or None

    return parse


def identifier(value: Any) -> str | None:
    """A platform's own id: kept as it is, digits as text."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and _PLAIN_IDENTIFIER.fullmatch(value):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise FieldError(f"expected an id, found {_shown(value)}", "write ids as text, so that no digit is lost")
    cleaned = sanitise(str(value)).strip()
    if len(cleaned) > 200 or cleaned.startswith("@") or any(character.isspace() for character in cleaned):
        raise FieldError(f"{_shown(value)} is not an id", "ids have at most 200 characters, no space and no leading @")
    return cleaned or None


def handle(value: Any) -> str | None:
    """A handle without "@", case-folded: handles are case-insensitive on every platform.

    >>> handle("@Ann.Cooks")
    'ann.cooks'
    """
    plain = _PLAIN_HANDLE.fullmatch(value) if isinstance(value, str) else None
    if plain:
        return plain[1]
    name = identifier(value.strip().lstrip("@") if isinstance(value, str) else value)
    if name is None:
        return None
    if _UNFIT_FOR_HANDLE.search(name) or len(name) > 100:
        raise FieldError(f"{_shown(value)} is not a handle", "map titles to display_name and addresses to website")
    return name.casefold()


def count(value: Any) -> int | None:
    """A whole number from 0 to 2^63-1; platforms send them as text. None is unknown or hidden, never zero."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) < 19 and value.isascii() and value.isdecimal():
        return int(value)
    number = _whole(value)
    if not 0 <= number <= LARGEST_COUNT:
        raise FieldError(f"{_shown(value)} is out of range", "counts run from 0 to 2^63-1; leave unknown ones empty")
    return number


def instant(value: Any) -> int | None:
    """Microseconds since 1970 of an ISO 8601 text or a datetime; without a zone it is read as UTC.

    >>> instant("1970-01-01T00:00:01+0000")
    1000000
    """
    if value is None or value == "":
        return None
    moment = _moment(value)
    if not EARLIEST <= moment < LATEST:
        raise FieldError(f"{_shown(value)} is not between 1970 and 2100", "leave unknown dates empty")
    return to_micros(moment)


def flag(value: Any) -> bool | None:
    """True or false, also as yes and no, 1 and 0."""
    if value is None or value == "" or isinstance(value, bool):
        return None if value == "" else value
    word = str(value).strip().lower()
    if word in {"true", "yes", "1"}:
        return True
    if word in {"false", "no", "0"}:
        return False
    raise FieldError(f"{_shown(value)} is neither true nor false", "write true or false")


def words(value: Any) -> tuple[str, ...]:
    """A list of texts, or one text separated by spaces: without repeats, at most 50."""
    if value is None or value == "":
        return ()
    parts = value.split() if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise FieldError(f"expected a list, found {_shown(value)}", "write a list, or texts separated by spaces")
    parse = text(2_000)
    cleaned = (parse(part) for part in parts[: 4 * LINKS_PER_ACCOUNT])
    return tuple(dict.fromkeys(part for part in cleaned if part))[:LINKS_PER_ACCOUNT]


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    raise FieldError(
        f"{_shown(value)} is not a whole number",
        "write digits only, or set thousands_separator or number_suffixes in a source contract",
    )


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise FieldError(
                f"{_shown(value)} is not a date", "write ISO 8601, or set date_formats in a source contract"
            ) from None
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise FieldError(f"{_shown(value)} is not a date", "write ISO 8601, or set date_formats in a source contract")


def _shown(value: Any) -> str:
    """A short, printable form; a container is named, not shown."""
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__}"
    if isinstance(value, int) and value.bit_length() > 256:
        return "a very long number"
    shown = sanitise(str(value))
    return repr(shown if len(shown) <= 40 else shown[:39] + "…")
