"""What is known about hosts, from `hosts.toml`: whose pages they hold, and which part of an address names the owner."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_HOSTS: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "hosts.toml").read_text(encoding="utf-8"))

PLATFORM_OF_HOST: Mapping[str, str] = {
    host: platform for platform, hosts in _HOSTS["platforms"].items() for host in hosts
}
RESERVED = {platform: frozenset(parts) for platform, parts in _HOSTS["reserved"].items()}
POST_PARTS = {platform: frozenset(parts) for platform, parts in _HOSTS["post_parts"].items()}
REDIRECTS: Mapping[str, Sequence[str]] = _HOSTS["redirects"]
HUBS = frozenset(_HOSTS["hosts"]["hubs"])
PATH_OWNED = frozenset(_HOSTS["hosts"]["path_owned"])
#: path-owned hosts whose path is a code, a number or a title: it tells owners apart and names none
CODED = frozenset(_HOSTS["hosts"]["coded"])
DRAWERS = frozenset(_HOSTS["hosts"]["drawers"])
SUBDOMAIN_OWNED = frozenset(_HOSTS["hosts"]["subdomain_owned"])
SHORTENERS = frozenset(_HOSTS["hosts"]["shorteners"])
#: top-level domains believed without a scheme
BARE_TOPS = frozenset(_HOSTS["domains"]["bare"])
FREE_MAIL = frozenset(_HOSTS["domains"]["free_mail"])
#: words of local parts that name a role and nobody
ROLE_WORDS = frozenset(_HOSTS["domains"]["role_words"])
