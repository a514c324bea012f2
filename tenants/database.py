"""The tenants' store: one SQLite file, apart from the store of the night; every table names its tenant."""

import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from base.clock import from_micros, to_micros
from base.errors import ConfigError, StoreError
from tenants.keys import KeyRecord, checked_scopes

SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0

# Ids of creators are not checked against an index: an id stands for ever, whichever snapshot is in force.
_SCHEMA = """
CREATE TABLE api_keys (
    key_id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, sha256 TEXT NOT NULL, scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER
) STRICT;
CREATE TABLE notes (
    tenant_id TEXT NOT NULL, creator_id TEXT NOT NULL, text TEXT NOT NULL, updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, creator_id)
) STRICT;
CREATE TABLE list_entries (
    tenant_id TEXT NOT NULL, list TEXT NOT NULL, creator_id TEXT NOT NULL, added_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, list, creator_id)
) STRICT;
CREATE TABLE hidden_creators (
    tenant_id TEXT NOT NULL, creator_id TEXT NOT NULL, hidden_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, creator_id)
) STRICT;
"""


class TenantDatabase:
    """Transactions are short: any number of threads and processes may use the file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        #: open connections that nobody uses now: opening one takes longer than any question here
        self._idle: list[sqlite3.Connection] = []
        weakref.finalize(self, _close_all, self._idle)
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            self._ensure_schema(connection)

    def read(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._connected() as connection:
            return connection.execute(statement, values).fetchall()

    def write(self, statement: str, values: Sequence[Any]) -> int:
        """Run one statement in a transaction of its own; returns how many rows it touched."""
        with self._connected() as connection, connection:
            return connection.execute(statement, values).rowcount

    def save_key(self, record: KeyRecord) -> None:
        self.write(
            "INSERT INTO api_keys (key_id, tenant_id, sha256, scopes, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                record.key_id, record.tenant_id, record.sha256, " ".join(record.scopes), to_micros(record.created_at),
                None if record.expires_at is None else to_micros(record.expires_at),
            ),
        )  # fmt: skip

    def load_key(self, key_id: str) -> KeyRecord | None:
        found = self.read(f"{_KEYS} WHERE key_id = ?", (key_id,))
        return _key(found[0]) if found else None

    def load_keys(self) -> list[KeyRecord]:
        """Every key ever made, oldest first."""
        return [_key(row) for row in self.read(f"{_KEYS} ORDER BY created_at, key_id", ())]

    def revoke_key(self, key_id: str, *, now: datetime) -> None:
        """Raises ConfigError when there is no such key; revoking twice keeps the first instant."""
        statement = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE key_id = ?"
        if not self.write(statement, (to_micros(now), key_id)):
            raise ConfigError(f"no key {key_id}", hint="creatordex keys list")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_SECONDS, check_same_thread=False)  # one user at a time

    def _ensure_schema(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > SCHEMA_VERSION:
            raise StoreError(f"{self.path.name} has schema {found}, this version knows {SCHEMA_VERSION}")
        if found < SCHEMA_VERSION:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.commit()


def _close_all(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()


_KEYS = "SELECT key_id, tenant_id, sha256, scopes, created_at, expires_at, revoked_at FROM api_keys"


def _key(row: tuple[Any, ...]) -> KeyRecord:
    key_id, tenant_id, sha256, scopes, *instants = row
    created_at, expires_at, revoked_at = (None if one is None else from_micros(one) for one in instants)
    assert created_at is not None  # NOT NULL
    return KeyRecord(key_id, tenant_id, sha256, checked_scopes(scopes.split()), created_at, expires_at, revoked_at)
