"""Keys: shown once, kept as a hash, scoped, and over when they expire or are revoked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from base.errors import ConfigError
from tenants.database import TenantDatabase
from tenants.keys import key_id_of, make_key, opens

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> TenantDatabase:
    return TenantDatabase(tmp_path / "tenants.db")


def test_a_key_opens_its_own_record_and_no_other():
    key, record = make_key("acme", ["search"], now=NOW)
    other, _ = make_key("acme", ["search"], now=NOW)
    assert key_id_of(key) == record.key_id
    assert opens(key, record, now=NOW)
    assert not opens(other, record, now=NOW)


def test_the_file_does_not_hold_the_key(database: TenantDatabase):
    """SEC-10."""
    key, record = make_key("acme", ["search"], now=NOW)
    database.save_key(record)
    kept = b"".join(path.read_bytes() for path in database.path.parent.iterdir())
    assert key.encode() not in kept
    assert key.rpartition("_")[2].encode() not in kept
    assert record.sha256.encode() in kept


def test_an_expired_key_and_a_revoked_one_open_nothing(database: TenantDatabase):
    key, record = make_key("acme", ["search"], now=NOW, expires_at=NOW + timedelta(days=1))
    database.save_key(record)
    assert opens(key, record, now=NOW + timedelta(hours=23))
    assert not opens(key, record, now=NOW + timedelta(days=1))
    database.revoke_key(record.key_id, now=NOW)
    kept = database.load_key(record.key_id)
    assert kept is not None
    assert not opens(key, kept, now=NOW)


def test_a_record_reads_back(database: TenantDatabase):
    _, record = make_key("acme", ["embed", "search"], now=NOW, expires_at=NOW + timedelta(days=1))
    database.save_key(record)
    assert TenantDatabase(database.path).load_keys() == [record]
    assert record.scopes == ("search", "embed")


@pytest.mark.parametrize(
    ("tenant", "scopes"), [("Acme!", ["search"]), ("", ["search"]), ("acme", []), ("acme", ["root"])]
)
def test_a_tenant_or_scope_that_cannot_be_is_refused(tenant: str, scopes: list[str]):
    with pytest.raises(ConfigError):
        make_key(tenant, scopes, now=NOW)


def test_revoking_what_is_not_there_names_the_next_step(database: TenantDatabase):
    with pytest.raises(ConfigError, match="no key 123"):
        database.revoke_key("123", now=NOW)
