"""API keys: made once and shown once; what is kept is a hash that opens nothing.

A key carries 256 random bits, so that a plain SHA-256 of it cannot be searched for: no salt, no slow hash.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from base.errors import ConfigError
from base.fingerprint import sha256_hex

#: search: ask the index · overlay: read and write notes, lists, hidden creators · embed: encode texts · metrics
Scope = Literal["search", "overlay", "embed", "metrics"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

PREFIX = "cdx"
ID_BYTES = 6
SECRET_BYTES = 32
_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it is kept."""

    key_id: str
    tenant_id: str
    #: hexadecimal, of the whole key
    sha256: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    #: None: does not expire
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def make_key(
    tenant_id: str, scopes: Iterable[str], *, now: datetime, expires_at: datetime | None = None
) -> tuple[str, KeyRecord]:
    """(the key to hand over, what to keep of it). Raises ConfigError for a tenant or scope that cannot be."""
    if not _TENANT.fullmatch(tenant_id):
        raise ConfigError(f"not a tenant id: {tenant_id!r}", hint="small letters, digits and hyphens, 63 at most")
    key_id = secrets.token_hex(ID_BYTES)
    key = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return key, KeyRecord(key_id, tenant_id, sha256_hex(key), checked_scopes(scopes), now, expires_at)


def checked_scopes(scopes: Iterable[str]) -> tuple[Scope, ...]:
    """Known scopes in one order, each once. Raises ConfigError naming the others."""
    asked = set(scopes)
    unknown = sorted(asked - set(SCOPES))
    if unknown or not asked:
        raise ConfigError(f"no scope {', '.join(unknown) or 'given'}", hint=f"scopes are {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in asked)


def key_id_of(key: str) -> str | None:
    """Which record a key belongs to; None for what is no key.

    >>> key_id_of("cdx_0a1b2c3d4e5f_secret"), key_id_of("password")
    ('0a1b2c3d4e5f', None)
    """
    parts = key.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == PREFIX else None


def opens(key: str, record: KeyRecord, *, now: datetime) -> bool:
    """Whether this is that key, and it still holds; compared in constant time."""
    return hmac.compare_digest(sha256_hex(key), record.sha256) and record.is_valid(now)
