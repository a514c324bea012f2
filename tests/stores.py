"""Stores for tests: what they begin with is put in once per process and database, and copied from then on."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import URL

from store.session import Store
from store.tables import METADATA
from store.triggers import create_triggers
from tests.factories import HOMES
from tests.postgres import PostgresServer

#: puts rows into a store that has none: a function of a module, for it is known again by what it is
Fill = Callable[[Store], object]
#: the address of a copy of a database, for a home that has been copied already
CopyDatabase = Callable[[URL, Path], AbstractContextManager[str]]


def nothing(_store: Store) -> None:
    """Leave a store as it is: the whole schema and no rows."""


class Original(NamedTuple):
    """A database that nobody is connected to, and its home."""

    database: URL
    home: Path


class Stores:
    """Makes stores on one of the two databases."""

    def __init__(self, empty: Original, copy_database: CopyDatabase, *, folder: Path, kept: ExitStack) -> None:
        self._originals: dict[Fill, Original] = {nothing: empty}
        self._copy_database, self._kept = copy_database, kept
        # A number for every attempt: a filling that fails must not hide why from the test after it.
        self._homes = (folder / f"filled-{number}" for number in count())

    @contextmanager
    def opened(self, home: Path, fill: Fill = nothing) -> Iterator[Store]:
        """A store of one's own with what `fill` puts in, and with all that it leaves in the home."""
        original = self._originals.get(fill) or self._filled(fill)
        shutil.copytree(original.home, home)
        with self._copy_database(original.database, home) as address:
            store = Store(address)
            HOMES[store.url] = home
            yield store
            store.close()

    def _filled(self, fill: Fill) -> Original:
        home = next(self._homes)
        store = self._kept.enter_context(self.opened(home))
        fill(store)
        store.close()
        self._originals[fill] = Original(store.url, home)
        return self._originals[fill]


@contextmanager
def stores_on_sqlite(folder: Path) -> Iterator[Stores]:
    """Stores in files: each lies in its home and is copied with it."""
    (folder / "empty").mkdir()
    store = Store(f"sqlite:///{_file_in(folder / 'empty')}")
    with store.engine.begin() as connection:
        METADATA.create_all(connection)
        create_triggers(connection)
    store.close()
    with ExitStack() as kept:
        yield Stores(Original(store.url, folder / "empty"), _file_copied, folder=folder, kept=kept)


@contextmanager
def _file_copied(_original: URL, home: Path) -> Iterator[str]:
    yield f"sqlite:///{_file_in(home)}"


def _file_in(home: Path) -> Path:
    return home / "store.db"


@contextmanager
def stores_on_postgres(server: PostgresServer, folder: Path) -> Iterator[Stores]:
    """Stores on a server, their homes beside it."""
    (folder / "empty").mkdir()

    def copy_database(original: URL, _home: Path) -> AbstractContextManager[str]:
        return server.database(template=original.database)

    with ExitStack() as kept:
        yield Stores(Original(server.template, folder / "empty"), copy_database, folder=folder, kept=kept)
