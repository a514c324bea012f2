"""The name that an e-mail address or a site carries: what two accounts share when their addresses spell one name.

Comes in: an address or a site as profiles hold them. Goes out: a near form, as of handles, or None when the address
names a role ("info@…"), a code ("discord.gg/…") or nobody. Which words are roles and which hosts hold codes is data:
`hosts.toml`.
"""

import re
from functools import lru_cache

from identity.handles import near_form
from identity.hosts import CODED, ROLE_WORDS
from identity.links import is_free_mail, registrable_domain

_MIN_GLUED_REST = 4  # "infomira" is mira's; "bookman" is no man called "man"
#: roles that people glue to a name; short ones such as "pr" also begin and end names
_GLUED_ROLES = (
    "business",
    "bookings",
    "booking",
    "contact",
    "official",
    "management",
    "mgmt",
    "inquiries",
    "collabs",
    "collab",
    "info",
    "biz",
)
_SEPARATORS = re.compile(r"[._+-]+")
_LETTER = re.compile(r"[^\W\d_]")


@lru_cache(maxsize=65_536)
def email_stem(email: str | None) -> str | None:
    """The name in the local part; for a role on a domain of one's own, the name in the domain.

    >>> email_stem("mira.bakes+biz@gmail.com"), email_stem("miracollabs@gmail.com"), email_stem("info@mirabakes.com")
    ('mirabakes', 'mira', 'mirabakes')
    >>> email_stem("booking@gmail.com") is None
    True
    """
    if not email:
        return None
    local, _, host = email.rpartition("@")
    named = _without_roles(local)
    if named:
        return _name(named)
    domain = None if is_free_mail(host) else registrable_domain(host)
    return _name(domain.partition(".")[0]) if domain else None


@lru_cache(maxsize=65_536)
def site_stem(site: str | None) -> str | None:
    """The name in a site: the path of a hub or shared host, else the first label of the host.

    >>> site_stem("linktr.ee/mira.bakes"), site_stem("mirabakes.co.uk"), site_stem("mira.carrd.co")
    ('mirabakes', 'mirabakes', 'mira')
    >>> site_stem("discord.gg/x7Kq2") is None
    True
    """
    if not site:
        return None
    host, _, path = site.partition("/")
    if host in CODED:
        return None
    return _name(path.rpartition("/")[2] if path else host.partition(".")[0])


def _name(text: str) -> str | None:
    return near_form(text) if _LETTER.search(text) else None


def _without_roles(local: str) -> str:
    """The local part without a tag, words of a role and one role glued to either end; "" when nothing is left."""
    words = [word for word in _SEPARATORS.split(local.partition("+")[0]) if word]
    kept = [word for word in words if word.rstrip("0123456789") not in ROLE_WORDS]
    return _unglued_role(kept[0]) if len(kept) == 1 else "".join(kept)


def _unglued_role(word: str) -> str:
    for role in _GLUED_ROLES:
        rest = word.removesuffix(role) if word.endswith(role) else word.removeprefix(role)
        if rest != word and len(rest) >= _MIN_GLUED_REST:
            return rest
    return word
