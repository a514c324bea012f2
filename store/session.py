"""Opening the store: one `Store` per database URL, small rows by session, frames by `store.bulk`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlmodel import Session

from base.errors import ConfigError
from store.bulk import FrameReader, FrameWriter, connect_frames

BUSY_TIMEOUT_SECONDS = 30


class Store:
    """A database and the four ways into it: `reading`, `writing` (small rows), `reading_frames`, `writing_frames`.

    Each is a context; the writing ones are one transaction, committed at the end and rolled back on an error.
    The job owns the transaction, queries never commit. Never hold a session and a frame connection open at once.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        if self.url.get_backend_name() != "sqlite":
            raise ConfigError(
                f"unsupported database {self.url.get_backend_name()!r}",
                hint="use a sqlite:///path/to/store.db address in CREATORDEX_DATABASE_URL",
            )
        self.engine = _sqlite_engine(self.url)

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(self.url.database or "")

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
        with connect_frames(self.url) as connection:
            yield FrameReader(connection, self.engine.dialect)

    @contextmanager
    def writing_frames(self) -> Iterator[FrameWriter]:
        with connect_frames(self.url) as connection:
            yield FrameWriter(connection, self.engine.dialect)
            connection.commit()

    def close(self) -> None:
        self.engine.dispose()


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
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    with engine.connect():
        pass  # creates the file in WAL mode, which ADBC connections cannot switch to by themselves
    return engine
