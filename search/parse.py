"""A typed phrase becomes a query, by rules: numbers, platforms, languages, countries, quotes and `-words`.

"home workouts under 500k followers" keeps "home workouts" as text and turns the rest into a filter. A rule that is
not sure leaves the words where they are: they are searched for, which loses nothing.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from base.errors import ConfigError
from index.text import tokens
from search.query import Query, build_filters
from search.vocabulary import COUNTRIES, LANGUAGES, PLATFORM_WORDS, ROLE_WORDS, STOP_WORDS

_UNITS = {
    "k": 10**3,
    "thousand": 10**3,
    "m": 10**6,
    "mn": 10**6,
    "mio": 10**6,
    "million": 10**6,
    "b": 10**9,
    "bn": 10**9,
}
_NUMBER = (
    r"(?:\d{1,3}(?:[,. \u00a0\u202f']\d{3})+(?![\d])|\d+(?:[.,]\d+)?)"
    r"(?:\s?(?:k|m|mn|mio|b|bn|thousand|million)\b)?"
)
_AUDIENCE = r"(?:followers?|subscribers?|subs|fans)"
_BELOW = r"(?:under|below|less than|fewer than|smaller than|<)"
_AT_MOST = r"(?:at most|up to|no more than|max(?:imum)?|<=|≤)"
_ABOVE = r"(?:over|above|more than|greater than|larger than|>)"
_AT_LEAST = r"(?:at least|no less than|min(?:imum)?|>=|≥)"
_RANGE_DASH = r"\s*(?:-|–|to)\s*"
_QUOTED = re.compile(r"[\"“”]([^\"“”]*)[\"“”]")
_MINUS = re.compile(r"(?<!\S)-(\w[\w'’-]*)")
_LIKE = re.compile(r"(?<!\S)like:\s*(\S+)", re.IGNORECASE)
# "Emerging markets" is a subject, not a wish.
_EMERGING = re.compile(
    r"\b(emerging|up[- ]and[- ]coming|fast[- ]growing)\b(?!\s+(?:market|econom|tech|disease))", re.IGNORECASE
)
_PLATFORM = "(?:" + "|".join(sorted(map(re.escape, PLATFORM_WORDS), key=len, reverse=True)) + ")"
_ROLE = "(?:" + "|".join(ROLE_WORDS) + ")"
_LANGUAGE = "(?:" + "|".join(sorted(LANGUAGES, key=len, reverse=True)) + ")"
_COUNTRY = "(?:" + "|".join(sorted(map(re.escape, COUNTRIES), key=len, reverse=True)) + ")"
_PLATFORM_FANS = {"youtuber": "youtube", "instagrammer": "instagram", "tiktoker": "tiktok", "twitcher": "twitch"}


def parse_query(text: str, **filters: Any) -> Query:
    """The query a phrase stands for; `filters` given by name win over those in the phrase.

    Raises ConfigError for a filter that does not exist or a value that cannot be.
    """
    reading = _Reading(text)
    phrases = reading.take_all(_QUOTED, lambda match: f'the words "{match[1].strip()}" side by side')
    excluded = reading.take_all(_MINUS, lambda match: f"without {match[1]}")
    like = reading.take_all(_LIKE, lambda match: f"alike {match[1]}")
    emerging = reading.take_all(_EMERGING, lambda _: "growth counts")
    reading.take_followers()
    reading.take_platforms()
    reading.take_names(rf"\b(?:in\s+({_LANGUAGE})|({_LANGUAGE})[ -]speaking)\b", LANGUAGES, "language")
    reading.take_names(rf"\b(?:from|based in|in)\s+(?:the\s+)?({_COUNTRY})(?!\w)", COUNTRIES, "country")
    left = _tidy(reading.text)
    quoted = " ".join(match.strip() for match in phrases)
    sought = _tidy(f"{left} {quoted}")
    given = {name: value for name, value in filters.items() if value is not None and value != ()}
    return Query(
        asked=text,
        text=sought,
        terms=tuple(dict.fromkeys(word for word in tokens(sought) if word not in STOP_WORDS)),
        phrases=tuple(words for phrase in phrases if (words := tuple(tokens(phrase)))),
        excluded=tuple(dict.fromkeys(word for entry in excluded for word in tokens(entry))),
        filters=build_filters(**(reading.filters | given)),
        understood=tuple(reading.understood),
        like=_only(like),
        emerging=bool(emerging),
    )


def _only(like: Sequence[str]) -> str | None:
    if len(like) > 1:
        raise ConfigError("one like: at a time", hint="ask once for each of them")
    return like[0] if like else None


def parse_count(text: str) -> int:
    """A number of followers as people write it.

    >>> [parse_count(text) for text in ("500k", "0.5M", "500 000", "500,000", "1.5 million", "12")]
    [500000, 500000, 500000, 500000, 1500000, 12]
    """
    match = re.fullmatch(r"([\d.,' \u00a0\u202f]*\d)\s?([a-z]*)", text.strip().lower())
    if match is None or match[2] not in {"", *_UNITS}:
        raise ConfigError(f"not a number of followers: {text}", hint="write 500k, 0.5M or 500,000")
    digits, unit = match[1], _UNITS.get(match[2], 1)
    if re.fullmatch(r"\d{1,3}([,. \u00a0\u202f']\d{3})+", digits) and not match[2]:
        return int(re.sub(r"\D", "", digits))
    try:
        return round(float(digits.replace(",", ".")) * unit)
    except ValueError:
        raise ConfigError(f"not a number of followers: {text}", hint="write 500k, 0.5M or 500,000") from None


class _Reading:
    """A phrase from which rules take what they understand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.filters: dict[str, Any] = {}
        self.understood: list[str] = []

    def take_all(self, pattern: re.Pattern[str], describe: Callable[[re.Match[str]], str]) -> list[str]:
        """Remove every match; returns their first groups."""
        taken = list(pattern.finditer(self.text))
        self.text = pattern.sub(" ", self.text)
        self.understood += [describe(match) for match in taken]
        return [match[1] for match in taken]

    def take_followers(self) -> None:
        """Bounds on followers. Without the word "followers", a bound needs a unit and nothing after it."""
        tail = rf"(?:\s*{_AUDIENCE}\b|(?<=[kmKM])(?=\s*(?:$|,|on\b|in\b|from\b)))"
        followed = rf"(?:with\s+|between\s+|from\s+)*({_NUMBER})(?:\s+and\s+|{_RANGE_DASH})({_NUMBER}){tail}"
        self._take(followed, lambda match: self._bound(match[1], match[2]))
        for words, bound in (
            (_AT_MOST, lambda match: self._bound(None, match[1])),
            (_AT_LEAST, lambda match: self._bound(match[1], None)),
            (_BELOW, lambda match: self._bound(None, match[1], strict=True)),
            (_ABOVE, lambda match: self._bound(match[1], None, strict=True)),
        ):
            self._take(rf"(?:\bwith\s+)?(?<!\w){words}\s*({_NUMBER}){tail}", bound)
        self._take(rf"(?:\bwith\s+)?\b({_NUMBER})\s*\+\s*{_AUDIENCE}\b", lambda match: self._bound(match[1], None))

    def take_platforms(self) -> None:
        several = rf"{_PLATFORM}(?:(?:\s*(?:,|/|&|\band\b|\bor\b)\s*){_PLATFORM})*"
        self._take(rf"\b(?:on|from)\s+({several})\b(?!\s+\w+ing\b)", lambda match: self._platforms(match[1]))
        self._take(rf"\b({several})\s+(?={_ROLE}\b)", lambda match: self._platforms(match[1]))
        # A virtual YouTuber is a subject: a drawn person, on whatever platform.
        fans = rf"(?<!virtual )\b({'|'.join(_PLATFORM_FANS)})s?\b"
        self._take(fans, lambda match: self._add("platform", _PLATFORM_FANS[match[1].lower()]))

    def take_names(self, pattern: str, names: dict[str, str], name: str) -> None:
        self._take(pattern, lambda match: self._add(name, names[next(filter(None, match.groups())).lower()]))

    def _take(self, pattern: str, act: Callable[[re.Match[str]], None]) -> None:
        found = re.compile(pattern, re.IGNORECASE)
        for match in found.finditer(self.text):
            act(match)
        self.text = found.sub(" ", self.text)

    def _platforms(self, words: str) -> None:
        for word in re.findall(_PLATFORM, words, re.IGNORECASE):
            self._add("platform", PLATFORM_WORDS[word.lower()])

    def _add(self, name: str, value: str) -> None:
        self.filters[name] = (*self.filters.get(name, ()), value)
        self.understood.append(f"{name} {value}")

    def _bound(self, low: str | None, high: str | None, *, strict: bool = False) -> None:
        if low is not None:
            self.filters["min_followers"] = parse_count(low) + strict
            self.understood.append(f"{'more than' if strict else 'at least'} {parse_count(low):,} followers")
        if high is not None:
            self.filters["max_followers"] = max(parse_count(high) - strict, 0)
            self.understood.append(f"{'fewer than' if strict else 'at most'} {parse_count(high):,} followers")


def _tidy(text: str) -> str:
    """The text to search for: no word for "creator", no connective left dangling at either end."""
    bare = re.sub(rf"\b{_ROLE}\b", " ", text, flags=re.IGNORECASE)
    words = re.sub(r"\s+", " ", re.sub(r"\s+([,;.!?])", r"\1", bare)).strip(" ,;.!?").split(" ")
    while words and words[-1].casefold().strip(",;.") in STOP_WORDS:
        words.pop()
    while words and words[0].casefold().strip(",;.") in STOP_WORDS:
        words.pop(0)
    return " ".join(words)
