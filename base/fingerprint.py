"""Content-derived names: the same input always gets the same fingerprint, on every machine."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sha256_hex(data: bytes | str) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces, so that equal values give equal bytes."""
    return _ENCODER.encode(value)


def fingerprint(value: Any) -> str:
    """16 hexadecimal digits over the canonical JSON of `value`.

    >>> fingerprint({"b": 1, "a": 2}) == fingerprint({"a": 2, "b": 1})
    True
    """
    return fingerprint_of_json(canonical_json(value))


def fingerprint_of_json(text: str) -> str:
    """`fingerprint` of the value whose canonical JSON this is."""
    return sha256_hex(text)[:16]


def creator_id_for(anchor_account_key: str) -> str:
    """The id of the creator whose anchor is this account: `cr_` + 16 characters of lower-case base32 of its sha256.

    >>> creator_id_for("youtube:UCabc")
    'cr_h5ws3pj2iazpzmlr'
    """
    (creator_id,) = creator_ids_for([anchor_account_key])
    return creator_id


def creator_ids_for(anchor_account_keys: Iterable[str]) -> list[str]:
    """`creator_id_for` of each key, in order."""
    # Ten bytes are sixteen characters of base32 with nothing left over, so that all can be spelled in one piece.
    heads = b"".join(hashlib.sha256(key.encode()).digest()[:10] for key in anchor_account_keys)
    spelled = base64.b32encode(heads).decode().lower()
    return ["cr_" + spelled[start : start + 16] for start in range(0, len(spelled), 16)]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a derived row was made. Rows of different recipes are never compared."""

    #: what made it: a model id with revision and dimensions, or the name of a rule
    model: str
    #: version of the code or prompt around the model
    version: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        return fingerprint({"model": self.model, "version": self.version, "options": dict(self.options)})
