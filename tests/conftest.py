"""Fixtures for every room: no network but loopback, a fresh store."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.session import Store
from store.tables import METADATA

_real_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> None:
    if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
        raise AssertionError(f"a test tried to reach {address[0]}")
    return _real_connect(self, address)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)


@pytest.fixture(scope="session")
def _empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    store = Store(f"sqlite:///{path}")
    METADATA.create_all(store.engine)
    store.close()
    return path


@pytest.fixture
def store(_empty_store: Path, tmp_path: Path) -> Iterator[Store]:
    """A store with the whole schema and no rows."""
    path = tmp_path / "home" / "store.db"
    path.parent.mkdir()
    shutil.copy(_empty_store, path)
    opened = Store(f"sqlite:///{path}")
    yield opened
    opened.close()
