"""E-mail addresses in text, plain or spelled out against harvesters ("mira [at] gmail dot com")."""

import re
from typing import NamedTuple

from identity.links import is_free_mail, registrable_domain

_AT = r"\s?[\[({<]\s?(?:at|@|arroba|ät)\s?[\])}>]\s?|\s(?:at|arroba)\s"
_DOT = r"\s?[\[({<]\s?(?:dot|\.|punkt|punto|ponto|point)\s?[\])}>]\s?|\s(?:dot|punkt|punto|ponto)\s|\."
_PLAIN = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE | re.ASCII)
_SPELLED = re.compile(
    rf"(?<![\w.+-])(?P<name>[\w.+-]{{1,64}})(?P<at>{_AT}|@)(?P<host>[a-z0-9-]{{2,40}}(?:(?:{_DOT})[a-z0-9-]{{2,20}}){{1,2}})",
    re.IGNORECASE | re.ASCII,
)
_DOTS = re.compile(_DOT, re.IGNORECASE)
_IS_SPELLED = re.compile(
    r"[\[({<]\s?(?:at|@|arroba|ät|dot|\.|punto|ponto|punkt|point)\s?[\])}>]|\s(?:at|arroba)\s", re.IGNORECASE
)
#: begins with a letter that few texts hold, so that the others are passed over at once; most hold a handle's "@" only
_PLAIN_HINT = re.compile(r"@(?<=[\w.+-]@)[a-z0-9-]+\.", re.IGNORECASE | re.ASCII)
#: the letters a spelled-out address begins with, at a fraction of the cost
_SPELLED_HINT = re.compile(r"[\[({<]|\s[aA][tTrR]")


class FoundEmail(NamedTuple):
    start: int
    end: int
    #: lower case
    address: str


def find_emails(text: str) -> list[FoundEmail]:
    """Every address in the text, in order.

    >>> [found.address for found in find_emails("Mira [at] gmail dot com, or jo@bake.shop; find me at mira.com")]
    ['mira@gmail.com', 'jo@bake.shop']
    """
    if _SPELLED_HINT.search(text) and _IS_SPELLED.search(text):
        matches = _SPELLED.finditer(text)
    elif _PLAIN_HINT.search(text):
        matches = _PLAIN.finditer(text)
    else:
        return []
    found = ((match, _address(match)) for match in matches)
    return [FoundEmail(match.start(), match.end(), address) for match, address in found if address]


def _address(match: re.Match[str]) -> str | None:
    if match.re is _PLAIN:
        name, at, host = match.group().partition("@")
    else:
        name, at, host = match["name"], match["at"], _DOTS.sub(".", match["host"])
    # "find me at mira.com" is prose: a bare word "at" is believed only before a free mail host.
    is_prose = at.strip().lower() in {"at", "arroba"} and not is_free_mail(host.lower())
    return None if is_prose or registrable_domain(host) is None else f"{name}@{host}".lower()
