"""Where the next page begins: after a score and an id, in one snapshot, for one question.

A cursor names what it belongs to, so that a page of another index or another question is refused, not mixed in.
"""

import base64
import binascii
import json
from dataclasses import dataclass

from base.errors import ConfigError, StaleCursor
from base.fingerprint import fingerprint
from search.query import Fusion, Query

NAME_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last hit of a page."""

    score: float
    creator_id: str


def write_cursor(last: Cursor, *, snapshot_id: str, question: str) -> str:
    """Opaque text, safe in an address; `question` as from `name_of`."""
    fields = [snapshot_id[:NAME_CHARACTERS], question, last.score.hex(), last.creator_id]
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def read_cursor(text: str, *, snapshot_id: str, question: str) -> Cursor:
    """The cursor in `text`. Raises ConfigError when it is none, StaleCursor when the snapshot is another by now."""
    try:
        snapshot, asked, score, creator_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        last = Cursor(float.fromhex(score), str(creator_id))
    except (ValueError, TypeError, binascii.Error, OverflowError):
        raise ConfigError("not a cursor", hint="give back `next_cursor` as it came") from None
    if asked != question:
        raise ConfigError("this cursor belongs to another question", hint="leave the cursor out to ask a new one")
    if snapshot != snapshot_id[:NAME_CHARACTERS]:
        raise StaleCursor(hint="ask for the first page again, without a cursor")
    return last


def name_of(query: Query, fusion: Fusion) -> str:
    """Equal for two questions that have the same ranking."""
    parts = (query.text, query.terms, query.phrases, query.excluded, query.like, query.emerging, fusion)
    return fingerprint([*parts, query.filters.model_dump()])
