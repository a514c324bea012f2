"""Frames in and out of the store, through ADBC: Arrow tables, never one object per row.

A select written with SQLAlchemy says what to read and of which types; a SQLModel table says where to write.
Writes are idempotent: a row that is already there as given is not touched.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Boolean, Executable, Float, Integer, LargeBinary, Select, Table
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from base.clock import to_micros
from store.frame_drivers import FrameDriver, Parameters
from store.tables import UtcMicros


def arrow_type(sql_type: TypeEngine[Any]) -> pa.DataType:
    """The Arrow type a column is read as and must be written as."""
    match sql_type:
        case UtcMicros() | BigInteger() | Integer():
            return pa.int64()
        case Boolean():
            return pa.bool_()
        case Float():
            return pa.float64()
        case LargeBinary():
            return pa.binary()
        case _:
            return pa.string()


def arrow_schema(model: type[SQLModel]) -> pa.Schema:
    """The Arrow schema of a whole table, in column order."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in _table(model).columns])


class FrameReader:
    """Reads selects as Arrow tables."""

    def __init__(self, connection: Any, driver: FrameDriver) -> None:
        self._connection = connection
        self._driver = driver

    def read(self, statement: Select[Any]) -> pa.Table:
        """All rows of `statement`, typed by its columns. Give it an ORDER BY where order can be seen."""
        schema = arrow_schema_of(statement)
        with self._connection.cursor() as cursor:
            cursor.execute(*self._typed(statement, schema))
            return _cast(cursor.fetch_arrow_table().slice(self._driver.leading_rows), schema)

    def batches(self, statement: Select[Any], rows: int) -> Iterator[pa.Table]:
        """The same rows in tables of at least `rows` rows (the last may be shorter), for results larger than memory."""
        schema = arrow_schema_of(statement)
        with self._connection.cursor() as cursor:
            cursor.execute(*self._typed(statement, schema))
            pending: list[pa.Table] = []
            skip = self._driver.leading_rows
            for batch in cursor.fetch_record_batch():
                pending.append(_cast(pa.Table.from_batches([batch]).slice(skip), schema))
                skip = 0
                if sum(table.num_rows for table in pending) >= rows:
                    yield pa.concat_tables(pending)
                    pending = []
            if sum(table.num_rows for table in pending):
                yield pa.concat_tables(pending)

    def _typed(self, statement: Select[Any], schema: pa.Schema) -> tuple[str, Parameters | None]:
        sql, parameters = self._driver.compile(statement)
        is_limited = statement._limit_clause is not None
        return self._driver.typed(sql, schema, is_limited=is_limited), parameters or None


class FrameWriter(FrameReader):
    """Writes Arrow tables into SQLModel tables; columns are matched by name, and a missing column keeps its default."""

    def load(self, model: type[SQLModel], frame: pa.Table) -> int:
        """Add rows that nothing stored is in the way of, without a staging table. Returns how many."""
        return self._append(_table(model), frame) if frame.num_rows else 0

    def insert(self, model: type[SQLModel], frame: pa.Table) -> int:
        """Add rows whose primary key is new; rows already there stay as they are. Returns how many were added."""
        return self._write(model, frame, update=())

    def upsert(self, model: type[SQLModel], frame: pa.Table, *, update: Sequence[str] | None = None) -> int:
        """Add new rows and change the `update` columns (all but the key, unless given) of rows that differ.

        Returns how many rows were added or changed. `frame` must hold each primary key once.
        """
        table = _table(model)
        if self._is_empty(table):
            return self._append(table, frame)
        keys = {column.name for column in table.primary_key}
        columns = [name for name in frame.column_names if name not in keys] if update is None else update
        return self._write(model, frame, update=columns)

    def amend(self, model: type[SQLModel], frame: pa.Table, *, only: Mapping[str, str]) -> int:
        """Change the given columns of rows that are there and hold the values `only`. Returns how many were changed."""
        if frame.num_rows == 0:
            return 0
        table = _table(model)
        keys = [column.name for column in table.primary_key]
        values = ", ".join(
            f'"{name}" = "_stage_{table.name}"."{name}"' for name in frame.column_names if name not in keys
        )
        held = {f'"{table.name}"."{name}" = \'{value}\'' for name, value in only.items()}
        same = {f'"_stage_{table.name}"."{name}" = "{table.name}"."{name}"' for name in keys}
        with self._staged(table, frame) as stage:
            where = " AND ".join(sorted(held | same))
            return self._change(f'UPDATE "{table.name}" SET {values} FROM "{stage}" WHERE {where}')

    def matching(self, model: type[SQLModel], keys: pa.Table) -> pa.Table:
        """The rows of a table that match `keys` in all of its columns, in no order.

        For lookups of thousands of keys at a time, which would not fit into the parameters of a select.
        """
        table = _table(model)
        schema = arrow_schema(model)
        if keys.num_rows == 0:
            return schema.empty_table()
        with self._staged(table, keys) as stage, self._connection.cursor() as cursor:
            columns = ", ".join(f'"{name}"' for name in schema.names)
            rows = f'SELECT {columns} FROM "{table.name}" WHERE {_is_among(keys.column_names, stage)}'
            cursor.execute(self._driver.typed(rows, schema, is_limited=True))
            return _cast(cursor.fetch_arrow_table().slice(self._driver.leading_rows), schema)

    def delete(self, model: type[SQLModel], keys: pa.Table) -> int:
        """Remove the rows that match `keys` in all of its columns. Returns how many went."""
        if keys.num_rows == 0:
            return 0
        table = _table(model)
        with self._staged(table, keys) as stage:
            self._ready(stage, keys.column_names)
            return self._change(f'DELETE FROM "{table.name}" WHERE {_is_among(keys.column_names, stage)}')

    def drop_partition(self, model: type[SQLModel], start: datetime) -> int:
        """Remove the month that begins here as a whole, where it is a partition of its own. Returns the rows it held.

        0 where the table has no partitions, which is every table in SQLite: its rows are still there.
        """
        with self._connection.cursor() as cursor:
            return self._driver.drop_partition(cursor, _table(model), to_micros(start))

    def rename(self, model: type[SQLModel], column: str, names: Mapping[str, str]) -> None:
        """Give the rows that carry a former name in a column its new name; a row whose new key is taken goes."""
        former = pa.table({column: pa.array(sorted(names), pa.string())})
        rows = self.matching(model, former).sort_by(column)
        self.delete(model, former)
        renamed = pa.array([names[name] for name in rows[column].to_pylist()], pa.string())
        self.insert(model, rows.set_column(rows.schema.get_field_index(column), column, renamed))

    def replace(self, model: type[SQLModel], batches: Iterable[pa.Table]) -> int:
        """Make a table hold exactly the rows of `batches`. Returns how many rows were added, changed or removed."""
        table = _table(model)
        keys = [column.name for column in table.primary_key]
        kept = [arrow_schema(model).empty_table().select(keys)]
        changed = 0
        for batch in batches:
            changed += self.upsert(model, batch)
            kept.append(batch.select(keys))
        with self._staged(table, pa.concat_tables(kept)) as stage:
            matches = " AND ".join(f'"{stage}"."{name}" = "{table.name}"."{name}"' for name in keys)
            self._ready(stage, keys)
            return changed + self._change(
                f'DELETE FROM "{table.name}" WHERE NOT EXISTS (SELECT 1 FROM "{stage}" WHERE {matches})'
            )

    def execute(self, statement: Executable) -> int:
        """Run an update or delete statement. Returns how many rows it changed."""
        return self._change(*self._driver.compile(statement))

    def _write(self, model: type[SQLModel], frame: pa.Table, *, update: Sequence[str]) -> int:
        if frame.num_rows == 0:
            return 0
        table = _table(model)
        self._make_room(table, frame)
        rows = _in_key_order(table, frame)
        with self._connection.cursor() as cursor:
            return self._driver.insert(
                cursor, table.name, _cast(rows, _write_schema(table, rows)), _on_conflict(table, update)
            )

    def _is_empty(self, table: Table) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute(f'SELECT 1 FROM "{table.name}" LIMIT 1')
            return cursor.fetchone() is None

    def _append(self, table: Table, frame: pa.Table) -> int:
        """Load rows that nothing can be in the way of; on Postgres this is a COPY."""
        self._make_room(table, frame)
        with self._connection.cursor() as cursor:
            rows = _in_key_order(table, frame)
            cursor.adbc_ingest(table.name, _cast(rows, _write_schema(table, rows)), mode="append")
        loaded: int = frame.num_rows
        return loaded

    def _make_room(self, table: Table, frame: pa.Table) -> None:
        with self._connection.cursor() as cursor:
            self._driver.make_room(cursor, table, frame)

    @contextmanager
    def _staged(self, table: Table, frame: pa.Table) -> Iterator[str]:
        stage = f"_stage_{table.name}"
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(stage, _cast(frame, _write_schema(table, frame)), mode="create", temporary=True)
        yield stage
        self._run(f'DROP TABLE {self._driver.temporary}."{stage}"')

    def _ready(self, stage: str, names: Sequence[str]) -> None:
        """Let a statement that looks each row of a table up among the staged ones find it at once."""
        self._run(self._driver.ready_for_lookup(stage, names))

    def _run(self, sql: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def _change(self, sql: str, parameters: Parameters = ()) -> int:
        with self._connection.cursor() as cursor:
            return self._driver.change(cursor, sql, parameters)


def _is_among(names: Sequence[str], stage: str) -> str:
    # Not a join: so SQLite looks each key up where an index begins with them, and else goes once through the table.
    columns = ", ".join(f'"{name}"' for name in names)
    return f'({columns}) IN (SELECT {columns} FROM "{stage}")'


def _on_conflict(table: Table, update: Sequence[str]) -> str:
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    if not update:
        return f"ON CONFLICT ({keys}) DO NOTHING"
    values = ", ".join(f'"{name}" = excluded."{name}"' for name in update)
    differs = " OR ".join(f'"{table.name}"."{name}" IS DISTINCT FROM excluded."{name}"' for name in update)
    return f"ON CONFLICT ({keys}) DO UPDATE SET {values} WHERE {differs}"


def _in_key_order(table: Table, frame: pa.Table) -> pa.Table:
    """The same rows by their key, equal ones as they came: the index of the key then grows page by page.

    Rows in no order put each one on another page: see benchmarks/bulk.py, whose keys are in none.
    """
    return frame.sort_by([(column.name, "ascending") for column in table.primary_key])


def _write_schema(table: Table, frame: pa.Table) -> pa.Schema:
    return pa.schema([(name, arrow_type(table.columns[name].type)) for name in frame.column_names])


def arrow_schema_of(statement: Select[Any]) -> pa.Schema:
    """The Arrow schema of what a select gives."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in statement.selected_columns])


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    # An empty or all-NULL column comes back from SQLite as int64, whatever the table says.
    columns = [
        pa.nulls(table.num_rows, field.type) if column.null_count == len(column) else column.cast(field.type)
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


def _table(model: type[SQLModel]) -> Table:
    return model.__table__  # type: ignore[attr-defined, no-any-return]
