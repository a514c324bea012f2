"""Who is asking: a tenant by its API key, or whoever sits at this machine when no key is asked for."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from base.errors import EngineError
from tenants.database import TenantDatabase
from tenants.keys import SCOPES, Scope, key_id_of, opens

LOCAL_TENANT = "local"


class Unauthorised(EngineError):
    """A valid API key is needed."""


class Forbidden(EngineError):
    """This API key does not open that."""


@dataclass(frozen=True, slots=True)
class Caller:
    tenant_id: str
    #: None: at this machine, without a key
    key_id: str | None
    scopes: tuple[Scope, ...]

    def check(self, scope: Scope) -> None:
        """Raises Forbidden without the scope."""
        if scope not in self.scopes:
            raise Forbidden(f"the key has no scope {scope}", hint=f"creatordex keys add TENANT --scope {scope}")


def caller_of(headers: Mapping[str, str], database: TenantDatabase, *, needs_key: bool, now: datetime) -> Caller:
    """The caller behind a request. Raises Unauthorised without a valid key when one is needed.

    A key that is given must be valid, needed or not.
    """
    key = _key_in(headers.get("authorization"))
    if key is None:
        if needs_key:
            raise Unauthorised(hint="send Authorization: Bearer KEY; a browser asks for it as a password")
        return Caller(LOCAL_TENANT, None, SCOPES)
    record = database.load_key(key_id_of(key) or "")
    if record is None or not opens(key, record, now=now):
        raise Unauthorised("this API key is unknown, expired or revoked", hint="ask for a new one")
    return Caller(record.tenant_id, record.key_id, record.scopes)


def _key_in(header: str | None) -> str | None:
    """The key of `Bearer KEY`, or the password of `Basic …`; an empty text for a header of any other kind.

    >>> _key_in("Bearer cdx_1_x"), _key_in("Basic OmNkeF8xX3g="), _key_in("Digest x"), _key_in(None)
    ('cdx_1_x', 'cdx_1_x', '', None)
    """
    if header is None:
        return None
    kind, _, value = header.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
