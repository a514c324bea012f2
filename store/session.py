"""Opening the store: one `Store` per database URL, small rows by session, frames by `store.bulk`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session

from base.errors import ConfigError, StoreError, StoreLocked
from store.bulk import FrameReader, FrameWriter
from store.frame_drivers import POSTGRES_HINT, connect_frames, frame_driver

BUSY_TIMEOUT_SECONDS = 30
#: of a new SQLite file; with SQLite's own 4096 a load writes in more than three times as many calls
PAGE_BYTES = 16_384
#: names the run lock among the advisory locks of a Postgres database: "creators" in ASCII
RUN_LOCK = int.from_bytes(b"creators", "big")


class Store:
    """A database and the four ways into it: `reading`, `writing` (small rows), `reading_frames`, `writing_frames`.

    Each is a context; the writing ones are one transaction, committed at the end and rolled back on an error.
    The job owns the transaction, queries never commit. Never hold a session and a frame connection open at once.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = _checked(url)
        self._driver = frame_driver(self.url)
        self.engine = _sqlite_engine(self.url) if self.is_file else _postgres_engine(self.url)

    @property
    def is_file(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path:
        """The SQLite file."""
        assert self.is_file, "a store in Postgres has no path"
        return Path(self.url.database or "")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the database's run lock; a SQLite file has none, because it never leaves its home's.

        Raises StoreLocked at once when another process has it. The server gives it back when its holder dies.
        """
        if self.is_file:
            yield
            return
        # No transaction stays open over the night: it would keep the server from cleaning up behind us.
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": RUN_LOCK}).scalar_one():
                raise StoreLocked(
                    f"another run is working in {_place(self.url)}", hint="try again when it has finished"
                )
            yield

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def reading_frames(self) -> Iterator[FrameReader]:
        with connect_frames(self._driver, self.url) as connection:
            yield FrameReader(connection, self._driver)

    @contextmanager
    def writing_frames(self) -> Iterator[FrameWriter]:
        with connect_frames(self._driver, self.url) as connection:
            yield FrameWriter(connection, self._driver)
            connection.commit()

    @contextmanager
    def batches(self) -> Iterator["Transactions"]:
        """A connection kept open for many transactions: the later ones find in memory what the former ones touched."""
        with connect_frames(self._driver, self.url) as connection:
            yield Transactions(connection, FrameWriter(connection, self._driver))

    @contextmanager
    def journal(self) -> Iterator["Transactions"]:
        """A connection kept open for many small transactions, each on disk when it ends: for what was paid."""
        with connect_frames(self._driver, self.url) as connection:
            self._driver.make_durable(connection)
            yield Transactions(connection, FrameWriter(connection, self._driver))

    def close(self) -> None:
        self._driver.close()
        self.engine.dispose()


class Transactions:
    """Transactions one after another, from whichever thread; never two at once."""

    def __init__(self, connection: Any, frames: FrameWriter) -> None:
        self._connection, self._frames = connection, frames

    @contextmanager
    def writing_frames(self) -> Iterator[FrameWriter]:
        """One transaction: on disk when it ends, and undone by an error."""
        try:
            yield self._frames
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()


def _checked(given: str | URL) -> URL:
    """The address, with our driver named. No message repeats it: it may hold a password."""
    hint = "CREATORDEX_DATABASE_URL takes sqlite:///path/to/store.db or postgresql+psycopg://user:password@host/name"
    try:
        url = make_url(given)
    except ArgumentError:
        raise ConfigError("the database address cannot be read", hint=hint) from None
    match url.drivername:
        case "sqlite" | "postgresql+psycopg":
            return url
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigError(f"unsupported database {other!r}", hint=hint)


def _place(url: URL) -> str:
    """Where a Postgres database is, for people: neither user nor password."""
    return f"database {url.database} on {url.host or url.query.get('host', 'this machine')}"


def _sqlite_engine(url: URL) -> Engine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    # hide_parameters: an exception must not print bios and e-mails into a log.
    # NullPool: ADBC brings its own copy of SQLite, and file locks do not work between two copies in one process. When
    # a frame connection closes, it takes itself for the last one and deletes the write-ahead log; a session connection
    # kept open in a pool would go on writing into the deleted file, and its rows would be lost.
    engine = create_engine(
        url, hide_parameters=True, poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA page_size={PAGE_BYTES}")  # of a file that is yet to be made
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    with engine.connect():
        pass  # creates the file in WAL mode, which ADBC connections cannot switch to by themselves
    return engine


def _postgres_engine(url: URL) -> Engine:
    try:
        # pre_ping: a night may leave a connection alone for longer than a firewall keeps it.
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    except ImportError as error:
        raise ConfigError("the Postgres drivers are not installed", hint=POSTGRES_HINT) from error
    try:
        with engine.connect():
            return engine
    except DBAPIError as error:
        engine.dispose()
        reason = str(error.orig).strip().splitlines()[0]
        raise StoreError(f"cannot open {_place(url)}: {reason}", hint="check CREATORDEX_DATABASE_URL") from None
