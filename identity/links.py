"""Addresses in text: which profile, link page or site they name. Reads text only; never opens a connection.

In comes any text; out come `ProfileLink`s in one canonical form per owner: platform and handle (or id) for a profile,
host and path for a link-in-bio page or a shared host, registrable domain for a site of one's own. Shorteners, bare
shared hosts and pages of the platform itself name nobody. What is known about hosts is data: `hosts.toml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qs, unquote

from publicsuffixlist import PublicSuffixList

from identity.handles import normal_handle
from identity.hosts import (
    BARE_TOPS,
    DRAWERS,
    FREE_MAIL,
    HUBS,
    PATH_OWNED,
    PLATFORM_OF_HOST,
    POST_PARTS,
    REDIRECTS,
    RESERVED,
    SHORTENERS,
    SUBDOMAIN_OWNED,
)

_SUFFIXES = PublicSuffixList(accept_unknown=False)
_MAX_UNWRAPS = 3  # a redirect to a redirect to a redirect is a trap, not a profile

_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
_CANDIDATE = re.compile(
    rf"(?:(?P<scheme>https?:/{{1,3}})|(?=www\.)|(?<![a-z0-9_@.]))(?P<host>{_HOST})\.?(?![a-z0-9@_])(?::\d+)?(?P<rest>[/?#][^\s<>\"`|{{}}\\^]*)?",
    re.IGNORECASE,
)
_HOST_HINT = re.compile(r"[a-z0-9]\.[a-z]{2}", re.IGNORECASE)
# Two links typed without a space: cut where the next one starts, unless it is the value of a parameter.
_NEXT_LINK = re.compile(r"(?<![=%?])https?:/|(?<=[a-z0-9_])(?<!%2f)(?=www\.)", re.IGNORECASE)
# "twitter.com/nameInstagram: …", "@nameFollow me": lost line breaks glue the next word to a name. Believed before a
# colon, or when the word begins with a capital and could hardly end a name.
_GLUED_LABEL = re.compile(
    r"(?<=[a-z0-9_/])(?=(?:Instagram|Insta|IG|INSTAGRAM|Twitter|TWITTER|X|Facebook|FACEBOOK|FB|Tik ?Tok|TIKTOK|"
    r"You ?[Tt]ube|YOUTUBE|Twitch|TWITCH|Snapchat|SNAPCHAT|Snap|Discord|Telegram|Website|Web|Email|E-?mail|Business|"
    r"Patreon|Spotify|SoundCloud|Merch|GitHub|Github|LinkedIn|Pinterest)\s?:)"
)
_GLUED_WORD = re.compile(
    r"(?<=[a-z0-9_])(?:Instagram|Twitter|Facebook|TikTok|Snapchat|Spotify|Soundcloud|SoundCloud|Follow|Subscribe|Website|"
    r"INSTAGRAM|TWITTER|FACEBOOK|YOUTUBE|FOLLOW|SUBSCRIBE)$"
)
_LIST_MARK = re.compile(r"[,;)\]](?!\s)")  # no profile's path holds one: "…/ola,TT:…"
_TRAILING = "-–.,;:!?)]}'\"*…»>’”。、，！？）」』】~"
_ASCII_HANDLE = re.compile(r"@?[a-z0-9._-]+", re.IGNORECASE)
_BEFORE_CAPITAL = re.compile(r"@?[a-z0-9_.]{3,}(?=[A-Z])")
_CHANNEL_ID = re.compile(r"UC[\w-]{22}")
_SPOKEN_PREFIX = re.compile(r"^(?:www\d?|m|mobile|web|mbasic|touch|music|gaming|[a-z]{2}(?:-[a-z]{2})?)\.")


@dataclass(frozen=True, slots=True)
class ProfileLink:
    """One owner's address."""

    #: platform of the profile; "web" for hubs and sites
    platform: str
    kind: Literal["handle", "id", "hub", "site"]
    #: folded handle, id as given, "host/path" of a hub or shared host, or a registrable domain
    value: str
    #: an old-style YouTube name (/c/, /user/): usually, but not always, the channel's handle of today
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class FoundLink:
    """An address at `text[start:end]`; `link` is None when it names nobody."""

    start: int
    end: int
    link: ProfileLink | None
    #: written without scheme, path and "www.": might be a handle or a word with a dot
    is_bare: bool


def parse_profile_url(text: str) -> ProfileLink | None:
    """The owner that the first address in `text` names; None when there is none.

    >>> parse_profile_url("https://m.youtube.com/@MiraBakes/shorts?si=x")
    ProfileLink(platform='youtube', kind='handle', value='mirabakes', legacy=False)
    >>> parse_profile_url("linktr.ee/Mira"), parse_profile_url("https://bit.ly/3xyz")
    (ProfileLink(platform='web', kind='hub', value='linktr.ee/mira', legacy=False), None)
    """
    return next((found.link for found in find_links(text)), None)


def find_links(text: str) -> list[FoundLink]:
    """Every address in the text, in order, glued ones split."""
    return list(_scan(text)) if _HOST_HINT.search(text) else []


def unglued(name: str) -> str:
    """A name without the word that a lost line break glued to it.

    >>> unglued("olaknitsFollow"), unglued("OlaFollows"), unglued("Twitter")
    ('olaknits', 'OlaFollows', 'Twitter')
    """
    return _GLUED_WORD.sub("", name)


def registrable_domain(host: str) -> str | None:
    """The part of a host that someone registered; None for bare suffixes, addresses and unknown suffixes.

    >>> registrable_domain("shop.mira.co.uk"), registrable_domain("mira.github.io"), registrable_domain("co.uk")
    ('mira.co.uk', 'mira.github.io', None)
    """
    return _SUFFIXES.privatesuffix(host.lower().rstrip("."))


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address there, so that sharing the domain means nothing."""
    return domain in FREE_MAIL


def known_host_pattern() -> str:
    """A regular expression (RE2 syntax) for the hosts of profiles; a text without it holds no profile link."""
    hosts = sorted({*PLATFORM_OF_HOST, *(key.split("/")[0] for key in REDIRECTS)} - {"x.com"})
    return "|".join(re.escape(host) for host in hosts) + r"|(?:^|[^a-z0-9.-])(?:www\.|mobile\.)?x\.com"


def _scan(text: str) -> Iterator[FoundLink]:
    position = 0
    while match := _CANDIDATE.search(text, position):
        end = _cut(text, match)
        position = max(end, match.start() + 1)
        has_scheme = match["scheme"] is not None
        is_bare = not has_scheme and match["rest"] is None and not match["host"].lower().startswith("www.")
        if is_bare and not _is_plausible_bare(match["host"]):
            continue
        host_end = min(match.end("host"), end)
        yield FoundLink(match.start(), end, _owner(text[match.start("host") : host_end], text[host_end:end]), is_bare)


def _cut(text: str, match: re.Match[str]) -> int:
    """Where the address really ends: before a second link, a glued label, or punctuation of the sentence."""
    end = match.end()
    if match["rest"] is not None:
        start = match.start("rest")
        if following := _NEXT_LINK.search(text, start + 1, end):
            end = following.start()
        if (mark := _LIST_MARK.search(text, start, end)) and "?" not in text[start : mark.start()]:
            end = mark.start()
        if label := _GLUED_LABEL.search(text, start, min(end + 1, len(text))):
            end = label.start() if label.start() > start else end
        end = start + len(unglued(text[start:end]))
    while end > match.end("host") and text[end - 1] in _TRAILING:
        end -= 1
    return end


def _is_plausible_bare(host: str) -> bool:
    return host.rpartition(".")[2].lower() in BARE_TOPS and (host.islower() or host.isupper() or host[1:].islower())


@lru_cache(maxsize=65_536)
def _owner(host: str, rest: str, unwraps: int = 0) -> ProfileLink | None:
    host = host.lower().rstrip(".")
    path, _, query = re.sub(r"^:\d+", "", rest).partition("#")[0].partition("?")
    parts = [part for part in unquote(path).split("/") if part]
    bare_host = _SPOKEN_PREFIX.sub("", host, count=1) if host.count(".") > 1 else host
    if target := _redirect_target(host, bare_host, parts, query):
        match = _CANDIDATE.search(target)
        return _owner(match["host"], match["rest"] or "", unwraps + 1) if match and unwraps < _MAX_UNWRAPS else None
    if host in SHORTENERS or bare_host in SHORTENERS:
        return None
    platform = PLATFORM_OF_HOST.get(host) or PLATFORM_OF_HOST.get(bare_host)
    if platform:
        if platform in {"facebook", "x", "instagram"} and rest.startswith("/#!/"):
            parts = [part for part in rest[4:].split("/") if part]
        return _profile(platform, parts, parse_qs(query))
    return None if _is_platform_page(host) else _site(host, bare_host, parts)


def _redirect_target(host: str, bare_host: str, parts: Sequence[str], query: str) -> str | None:
    path = "/".join(parts)
    for key in (host, f"{bare_host}/{path}", f"{bare_host}/{parts[0]}" if parts else bare_host):
        if key in REDIRECTS:
            values = parse_qs(query)
            named = [values[name][0] for name in REDIRECTS[key] if values.get(name)]
            return named[0] if named else unquote(query) or "-"
    return None


def _is_platform_page(host: str) -> bool:
    """help.instagram.com and the like: the platform's own pages."""
    return ".".join(host.split(".")[-2:]) in PLATFORM_OF_HOST


def _profile(platform: str, parts: Sequence[str], query: Mapping[str, Sequence[str]]) -> ProfileLink | None:
    if not parts:
        return None
    if platform == "youtube":
        return _youtube(parts)
    special = _special(platform, parts, query)
    if special or (len(parts) > 1 and parts[1].lower() in POST_PARTS.get(platform, ())):
        return special
    first = parts[0]
    if platform == "tiktok" and not first.startswith("@"):
        return None
    return None if first.lower() in RESERVED.get(platform, ()) else _handle_link(platform, first)


def _youtube(parts: Sequence[str]) -> ProfileLink | None:
    first, second = parts[0], parts[1] if len(parts) > 1 else ""
    if first.lower() == "channel":
        found = _CHANNEL_ID.match(second)
        return ProfileLink("youtube", "id", found.group()) if found else None
    if first.lower() in {"c", "user"}:
        return _handle_link("youtube", second, legacy=True)
    if first.startswith("@"):
        return _handle_link("youtube", first)
    return None if first.lower() in RESERVED["youtube"] else _handle_link("youtube", first, legacy=True)


def _special(platform: str, parts: Sequence[str], query: Mapping[str, Sequence[str]]) -> ProfileLink | None:
    """Addresses whose owner is not the first path part."""
    first, second = parts[0].lower(), parts[1] if len(parts) > 1 else ""
    if platform == "instagram" and first == "_u":
        return _handle_link(platform, second)
    if platform == "x" and first == "intent" and query.get("screen_name"):
        return _handle_link(platform, query["screen_name"][0])
    if platform == "x" and first == "i" and second == "user" and len(parts) > 2 and parts[2].isdigit():
        return ProfileLink(platform, "id", parts[2])
    if platform == "facebook" and first == "profile.php" and query.get("id", [""])[0].isdigit():
        return ProfileLink(platform, "id", query["id"][0])
    if platform == "facebook" and first in {"pages", "people"} and len(parts) > 2 and parts[2].isdigit():
        return ProfileLink(platform, "id", parts[2])
    if platform == "facebook" and first in {"pg", "pages"} and len(parts) == 2:
        return _handle_link(platform, second)
    if platform == "snapchat" and first == "add":
        return _handle_link(platform, second)
    if platform == "bluesky" and first == "profile" and not POST_PARTS[platform].intersection(parts[2:]):
        return _handle_link(platform, second)
    return None


def _handle_link(platform: str, raw: str, *, legacy: bool = False) -> ProfileLink | None:
    handle = normal_handle(platform, raw)
    if handle is None and (leading := _ASCII_HANDLE.match(raw)) and not raw[leading.end() :].isascii():
        handle = normal_handle(
            platform, leading.group().rstrip("._-")
        )  # text in another script follows without a space
    if handle is None and (name := _BEFORE_CAPITAL.match(raw)):
        handle = normal_handle(platform, name.group())  # too long to be a name, but "name" + "Next" explains it
    return ProfileLink(platform, "handle", handle, legacy) if handle else None


def _site(host: str, bare_host: str, parts: Sequence[str]) -> ProfileLink | None:
    for known in (host, bare_host):
        if known in HUBS:
            return ProfileLink("web", "hub", f"{known}/{parts[0].lstrip('@').lower()}") if parts else None
        if known in PATH_OWNED:
            return _path_owner(known, parts)
    parent = bare_host.partition(".")[2]
    if parent in SUBDOMAIN_OWNED:
        return ProfileLink("web", "hub" if parent == "carrd.co" else "site", bare_host)
    if bare_host in SUBDOMAIN_OWNED or registrable_domain(bare_host) in SUBDOMAIN_OWNED:
        return None
    domain = registrable_domain(bare_host)
    return ProfileLink("web", "site", domain) if domain and domain not in PATH_OWNED else None


def _path_owner(host: str, parts: Sequence[str]) -> ProfileLink | None:
    """The path down to the first part that names an owner; drawers such as /shop/ or /in/ do not."""
    for depth, part in enumerate(parts):
        if part.lower() not in DRAWERS:
            return ProfileLink("web", "site", "/".join([host, *parts[: depth + 1]]).lower().replace("/@", "/"))
    return None
