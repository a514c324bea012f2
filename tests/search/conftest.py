"""One snapshot of random creators for the whole room."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from base.clock import FixedClock
from index.snapshot import Snapshot
from index.versions import Versions
from providers.hashing import HashingEmbedder
from search.live import Live
from search.searcher import Searcher
from search.service import Service
from search.web import create_app
from tenants.database import TenantDatabase
from tests.index.generated import some_creators
from tests.index.snapshots import input_of, write_snapshot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot folder with one version in force."""
    root = tmp_path_factory.mktemp("snapshots")
    write_snapshot(root / "versions" / "v00000001", input_of(some_creators(300)))
    Versions(root).promote(1)
    assert json.loads((root / "CURRENT.json").read_text())["version"] == 1
    return root


@pytest.fixture(scope="session")
def snapshot(published: Path) -> Snapshot:
    return Snapshot(Versions(published).current_path())


@pytest.fixture(scope="session")
def searcher(snapshot: Snapshot) -> Searcher:
    return Searcher(snapshot, HashingEmbedder())


@pytest.fixture
def service(published: Path, tmp_path: Path) -> Service:
    """The service over that snapshot, with a tenants' store of its own."""
    return Service(Live(published, HashingEmbedder()), TenantDatabase(tmp_path / "tenants.db"), clock=FixedClock(NOW))


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service), base_url="http://127.0.0.1") as opened:
        yield opened
