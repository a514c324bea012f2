"""One account through time: every raw payload that carries it, cut out again, and what changed between two of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from base.clock import from_micros, to_micros
from base.errors import SourceError
from ingest.contracts import SourceContract
from ingest.files import Payload
from ingest.records import AccountRecord, Entity
from jobs.context import Context
from store.creators import account_key_of
from store.raw import load_entity_places
from store.tables import RawEntity, RawPayload


@dataclass(frozen=True, slots=True)
class AccountVersion:
    """What one delivery said about an account, and where it said it."""

    sha256: str
    origin: str
    source: str
    line: int
    pointer: str
    fetched_at: datetime
    #: the fields that the delivery carried
    values: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: Any
    after: Any


def account_versions(context: Context, name: str) -> list[AccountVersion]:
    """Everything the raw payloads say about an account, oldest first.

    name: account key, former key, `platform:@handle` or a handle that stands once. Raises SourceError when unknown.
    """
    with context.reading() as session:
        key = account_key_of(session, name)
        places = load_entity_places(session, key)
        session.expunge_all()
    versions = [version for place, payload in places for version in _cut(context, place, payload)]
    if not versions:
        raise SourceError(f"no raw payload carries {key}", hint="creatordex ingest FILE… takes payloads in")
    return sorted(versions, key=lambda version: (version.fetched_at, version.sha256, version.line))


def changes(before: AccountVersion, after: AccountVersion) -> list[FieldChange]:
    """The fields both carry, and in which they differ."""
    shared = sorted(before.values.keys() & after.values.keys())
    return [
        FieldChange(name, before.values[name], after.values[name])
        for name in shared
        if before.values[name] != after.values[name]
    ]


def history(versions: list[AccountVersion]) -> Iterator[tuple[AccountVersion, list[FieldChange]]]:
    """Each version with what it changed against the one before; the first changed nothing."""
    yield versions[0], []
    yield from ((after, changes(before, after)) for before, after in pairwise(versions))


def _cut(context: Context, place: RawEntity, payload: RawPayload) -> Iterator[AccountVersion]:
    contract = SourceContract.model_validate_json(payload.contract) if payload.contract else None
    with context.blobs.open(payload.sha256) as stream:
        for found in Payload(stream, payload.origin, contract, to_micros(payload.fetched_at)):
            if found.line > place.line:
                return
            if isinstance(found, Entity) and (found.line, found.pointer) == (place.line, place.pointer):
                record = found.record
                if isinstance(record, AccountRecord):
                    yield AccountVersion(
                        payload.sha256, payload.origin, payload.source, found.line, found.pointer,
                        from_micros(found.fetched_at), record.model_dump(mode="json", exclude_unset=True),
                    )  # fmt: skip
