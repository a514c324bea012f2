"""Fixtures for every room: no network but loopback, and a fresh store on each of the two databases."""

import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

from store.session import Store
from tests.postgres import PostgresServer, postgres_server
from tests.stores import Fill, Stores, nothing, stores_on_postgres, stores_on_sqlite

_real_connect = socket.socket.connect

# The same examples in every run, and no clock: a loaded machine must not fail a law.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


#: whole nights: they take minutes
LONGEST = ("journeys", "test_incremental_nights.py", "test_reviewed_nights.py", "test_export_tables.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, so that no worker is left alone with them at the end."""
    items.sort(key=lambda item: not any(name in item.path.parts for name in LONGEST))


def _loopback_only(self: socket.socket, address: object) -> None:
    # The address of a Unix socket is a string: it never leaves the machine.
    if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
        raise AssertionError(f"a test tried to reach {address[0]}")
    return _real_connect(self, address)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """One server per test run, whatever the number of test processes."""
    process = getattr(request.config, "workerinput", {"testrunuid": uuid.uuid4().hex, "workerid": "main"})
    with postgres_server(process["testrunuid"], process["workerid"]) as server:
        yield server


@pytest.fixture(scope="session")
def _on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with stores_on_sqlite(tmp_path_factory.mktemp("sqlite")) as stores:
        yield stores


@pytest.fixture(scope="session")
def _on_postgres(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with stores_on_postgres(postgres, tmp_path_factory.mktemp("postgres")) as stores:
        yield stores


@pytest.fixture(params=["sqlite", "postgres"])
def bare_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a schema: on one database, then the other."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'store.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database(template="template0") as address:
        yield address


class NewStore(Protocol):
    """Makes a store with the whole schema and what `fill` puts in; that is put in once and then copied."""

    def __call__(self, fill: Fill = nothing) -> Store: ...


@contextmanager
def _making_stores(request: pytest.FixtureRequest, folder: Path) -> Iterator[NewStore]:
    stores: Stores = request.getfixturevalue(f"_on_{request.param}")
    homes = (folder / (f"home-{number}" if number else "home") for number in count())
    with ExitStack() as opened:
        yield lambda fill=nothing: opened.enter_context(stores.opened(next(homes), fill))


@pytest.fixture(params=["sqlite", "postgres"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStore]:
    """Makes stores, each with a home of its own; on one database, then the other."""
    with _making_stores(request, tmp_path) as make:
        yield make


@pytest.fixture(params=["sqlite", "postgres"], scope="module")
def shared_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for the tests of a module that only read what a fixture of theirs put there."""
    with _making_stores(request, tmp_path_factory.mktemp("shared")) as make:
        yield make()


@pytest.fixture
def store(new_store: NewStore) -> Store:
    """A store with the whole schema and no rows."""
    return new_store()
