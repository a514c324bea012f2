"""What differs between databases when frames travel: connecting, typed reads, counting changed rows, partitions.

One driver per database, behind one protocol; `store/bulk.py` says what is read and written, and knows neither.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import adbc_driver_sqlite.dbapi
import pyarrow as pa
from sqlalchemy import Executable, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import URL, Dialect

from base.errors import ConfigError
from store.partitions import drop_partition, make_partitions, partition_column
from store.triggers import leaves_words

Parameters = tuple[Any, ...]

#: what installs the second database's drivers
POSTGRES_HINT = "pip install 'creatordex[postgres]'"
# One of each, for it remembers what it found out about every type: a new one makes a statement twice as dear.
_SQLITE = sqlite.dialect()
#: casts every parameter: the driver sends whole numbers as int8, and substr() wants an int4
_POSTGRES = psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
#: NORMAL as in `store/session.py`; the others keep what many batches change in memory (half a gigabyte) and in the
#: write-ahead log (a gigabyte of pages), so that a page which each of them touches is put in its place once
_SQLITE_PRAGMAS = (
    "busy_timeout=30000",
    "synchronous=NORMAL",
    "temp_store=MEMORY",
    "cache_size=-524288",
    "wal_autocheckpoint=65536",
)


class FrameDriver(Protocol):
    """How one database is spoken to through ADBC."""

    #: schema of temporary tables
    temporary: str
    #: rows that a typed read puts before the result, to be dropped
    leading_rows: int

    def connect(self, url: URL) -> Any:
        """A DB-API connection with one open transaction at a time; it rolls back what was not committed."""

    def make_durable(self, connection: Any) -> None:
        """See that what this connection commits outlives a power cut, not only the process; it holds no transaction."""

    def close(self) -> None:
        """Let go of what connections share, when none is open any more."""

    def compile(self, statement: Executable) -> tuple[str, Parameters]:
        """SQL and its positional parameters."""

    def typed(self, sql: str, schema: pa.Schema, *, is_limited: bool) -> str:
        """The same rows in the same order, typed as `schema` even where a column is empty or all NULL."""

    def ready_for_lookup(self, stage: str, names: Sequence[str]) -> str:
        """A statement to run before rows of a table are looked up among staged ones by these columns."""

    def change(self, cursor: Any, sql: str, parameters: Parameters) -> int:
        """Run a statement that inserts, updates or deletes. Returns how many rows it touched."""

    def insert(self, cursor: Any, table: str, rows: pa.Table, conflict: str) -> int:
        """Add rows; the clause says what becomes of those whose key is there. Returns how many rows it touched."""

    def make_room(self, cursor: Any, table: Table, frame: pa.Table) -> None:
        """Make the partitions in which the rows of a frame belong, where the table has partitions."""

    def drop_partition(self, cursor: Any, table: Table, start: int) -> int:
        """Remove the partition that begins at this instant. Returns the rows it held, 0 when there is none."""


class SqliteDriver:
    temporary = "temp"
    leading_rows = 1

    def connect(self, url: URL) -> Any:
        connection = adbc_driver_sqlite.dbapi.connect(f"file:{url.database}")
        connection.adbc_connection.set_autocommit(True)  # some of these are refused inside a transaction
        with connection.cursor() as cursor:
            for pragma in _SQLITE_PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
                cursor.fetchall()
        connection.adbc_connection.set_autocommit(False)
        return connection

    def make_durable(self, connection: Any) -> None:
        connection.adbc_connection.set_autocommit(True)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
        connection.adbc_connection.set_autocommit(False)

    def close(self) -> None:
        pass

    def compile(self, statement: Executable) -> tuple[str, Parameters]:
        return _compiled(statement, _SQLITE)

    def typed(self, sql: str, schema: pa.Schema, *, is_limited: bool) -> str:
        # The driver takes each column's type from its first thousand rows and fails when they are all NULL and a
        # later one is text. A first row of the right types settles it; LIMIT -1 keeps the order of what follows.
        samples = ", ".join(_sample(field.type) for field in schema)
        return f"SELECT {samples} UNION ALL SELECT * FROM ({sql}{'' if is_limited else ' LIMIT -1'})"

    def ready_for_lookup(self, stage: str, names: Sequence[str]) -> str:
        indexed = ", ".join(f'"{name}"' for name in names)
        return f'CREATE INDEX temp."{stage}_keys" ON "{stage}" ({indexed})'

    def change(self, cursor: Any, sql: str, parameters: Parameters) -> int:
        cursor.execute(sql, parameters or None)
        cursor.execute("SELECT changes()")
        return int(cursor.fetchone()[0])

    def insert(self, cursor: Any, table: str, rows: pa.Table, conflict: str) -> int:
        before = _total_changes(cursor, table)
        values = ", ".join("?" * rows.num_columns)
        cursor.executemany(f'INSERT INTO "{table}" ({_names(rows)}) VALUES ({values}) {conflict}', rows)
        return _total_changes(cursor, table) - before

    def make_room(self, cursor: Any, table: Table, frame: pa.Table) -> None:
        pass  # a table is one tree, whatever the months of its rows

    def drop_partition(self, cursor: Any, table: Table, start: int) -> int:
        return 0


class PostgresDriver:
    temporary = "pg_temp"
    leading_rows = 0

    def __init__(self) -> None:
        self._first: Any = None

    def connect(self, url: URL) -> Any:
        # The first connection reads the server's catalogue of types, as long as a thousand rows take; the others share
        # what it found. It does nothing else, and holds no transaction.
        if self._first is None:
            self._first = self._connect(url)
        return self._first.adbc_clone()

    def make_durable(self, connection: Any) -> None:
        pass  # a commit waits for the disk unless the server was told otherwise

    def close(self) -> None:
        if self._first is not None:
            self._first.close()
            self._first = None

    def _connect(self, url: URL) -> Any:
        try:
            import adbc_driver_postgresql.dbapi as driver
        except ImportError as error:
            raise ConfigError("the Postgres drivers are not installed", hint=POSTGRES_HINT) from error
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return driver.connect(address, autocommit=True)

    def compile(self, statement: Executable) -> tuple[str, Parameters]:
        return _compiled(statement, _POSTGRES)

    def typed(self, sql: str, schema: pa.Schema, *, is_limited: bool) -> str:
        return sql  # the server says the type of every column

    def ready_for_lookup(self, stage: str, names: Sequence[str]) -> str:
        return f'ANALYZE "{stage}"'  # a temporary table has no statistics, and is taken for a small one

    def change(self, cursor: Any, sql: str, parameters: Parameters) -> int:
        # The driver counts rows only of statements without parameters.
        cursor.execute(f"WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed", parameters or None)
        return int(cursor.fetchone()[0])

    def insert(self, cursor: Any, table: str, rows: pa.Table, conflict: str) -> int:
        # By way of another table: that is one COPY, where each row by itself would be a journey to the server.
        stage = f"_stage_{table}"
        cursor.adbc_ingest(stage, rows, mode="create", temporary=True)
        columns = _names(rows)
        sql = f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM "{stage}" {conflict}'
        changed = self.change(cursor, sql, ())
        cursor.execute(f'DROP TABLE {self.temporary}."{stage}"')
        return changed

    def make_room(self, cursor: Any, table: Table, frame: pa.Table) -> None:
        instant = partition_column(table)
        if instant is not None:
            make_partitions(cursor, table, frame[instant])

    def drop_partition(self, cursor: Any, table: Table, start: int) -> int:
        return drop_partition(cursor, table, start)


def frame_driver(url: URL) -> FrameDriver:
    return SqliteDriver() if url.get_backend_name() == "sqlite" else PostgresDriver()


@contextmanager
def connect_frames(driver: FrameDriver, url: URL) -> Iterator[Any]:
    """A connection; whatever was not committed is rolled back when it closes."""
    connection = driver.connect(url)
    try:
        yield connection
    finally:
        connection.close()


def _compiled(statement: Executable, dialect: Dialect) -> tuple[str, Parameters]:
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined]
    names = compiled.positiontup or ()
    processors = compiled._bind_processors
    return str(compiled), tuple(
        processors[name](compiled.params[name]) if name in processors else compiled.params[name] for name in names
    )


def _names(rows: pa.Table) -> str:
    return ", ".join(f'"{name}"' for name in rows.column_names)


def _sample(kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return "''"
    if pa.types.is_binary(kind):
        return "x''"
    return "0.0" if pa.types.is_floating(kind) else "0"


def _total_changes(cursor: Any, table: str) -> int:
    """Rows changed on this connection so far, without the words that changes of the table leave behind."""
    words = " - (SELECT count(*) FROM news)" if leaves_words(table) else ""
    cursor.execute(f"SELECT total_changes(){words}")
    return int(cursor.fetchone()[0])
