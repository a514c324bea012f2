"""The schema that migrations build is the schema that the tables declare, and what a store held stays in it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from base.errors import StoreError
from store.migrate import MIGRATIONS, current_revision, latest_revision, upgrade
from store.session import Store
from store.tables import METADATA
from store.views import drop_views
from tests.factories import a_snapshot, put_snapshots

EARLIER = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][:0:-1]

#: tables that were made anew by a revision before which nothing could write them
NEVER_WRITTEN = {"llm_calls"}
#: tables that a later revision dropped
GIVEN_UP = {"embedding_news", "embedding_basis"}

NEXT_REVISION = '''
"""A revision that is yet to come."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{latest}", None, None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("pronouns", sa.Text(), nullable=False, server_default="unknown"))
        accounts.create_index("ix_accounts_pronouns", ["pronouns"])
    {then}
'''


@pytest.fixture
def bare(bare_address: str) -> Iterator[Store]:
    """A database without a schema."""
    store = Store(bare_address)
    yield store
    store.close()


def migrations_with(then: str, folder: Path) -> Path:
    """Our migrations and one more, which ends with a line of its own."""
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    revision = NEXT_REVISION.format(latest=latest_revision(), then=then).lstrip()
    (folder / "versions" / "9999_next.py").write_text(revision)
    return folder


def shape(store: Store) -> dict[str, object]:
    """Columns, keys, indexes and constraints of every table."""
    inspector = inspect(store.engine)
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)],
            inspector.get_pk_constraint(table),
            sorted(index["name"] or "" for index in inspector.get_indexes(table)),
            sorted(unique["name"] or "" for unique in inspector.get_unique_constraints(table)),
            table in kept_by_key(store),
        )
        for table in inspector.get_table_names()
        if table not in {"alembic_version", *partitions(store)}
    }


def kept_by_key(store: Store) -> set[str]:
    """Tables whose rows stand in the tree of their key, in SQLite."""
    if not store.is_file:
        return set()
    with store.engine.connect() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID'"))
        return {*tables.scalars()}


def fill(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Put two rows into every table there is, whatever its columns; returns them."""
    there = _reflected(store)
    rows: dict[str, list[dict[str, Any]]] = {
        table.name: [{column.name: _value(column, number) for column in table.columns} for number in (1, 2)]
        for table in there.sorted_tables
    }
    with store.engine.begin() as connection:
        if current_revision(store) >= "0004":  # from there on the metrics stand in partitions
            make_room(connection)
        for table in there.sorted_tables:
            connection.execute(table.insert(), rows[table.name])
    return rows


def make_room(connection: sa.Connection) -> None:
    """A partition for the rows that `fill` makes."""
    if connection.dialect.name == "postgresql":
        month = "FOR VALUES FROM (1772323200000000) TO (1775001600000000)"
        connection.execute(text(f"CREATE TABLE metric_snapshots_2026_03 PARTITION OF metric_snapshots {month}"))


def _value(column: sa.Column[Any], number: int) -> Any:
    match column.type:
        case sa.Boolean():
            return number == 1
        case sa.Integer():
            return number if column.name != "as_of" else 1_772_330_400_000_000 + number
        case sa.Float():
            return number / 4
        case sa.LargeBinary():
            return bytes([number, 0])
        case _:
            return f"{column.name} {number} é"


def _reflected(store: Store) -> sa.MetaData:
    there = sa.MetaData()
    there.reflect(store.engine)
    there.remove(there.tables["alembic_version"])
    for partition in partitions(store):
        there.remove(there.tables[partition])
    return there


def partitions(store: Store) -> set[str]:
    if store.is_file:
        return set()
    with store.engine.connect() as connection:
        return {
            *connection.execute(
                text(
                    "SELECT inhrelid::regclass::text FROM pg_inherits i JOIN pg_class c ON "
                    "c.oid = inhrelid WHERE c.relkind = 'r'"
                )
            ).scalars()
        }


def held(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    with store.engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(table.select().order_by(*table.columns)).mappings()]
            for table in _reflected(store).sorted_tables
        }


def test_a_migrated_store_has_the_schema_of_the_tables(bare: Store):
    """NRM-02, NRM-03, NRM-04, STO-01, STO-02, STO-03, STO-04: the tables are what they are declared to be."""
    upgrade(bare)
    migrated = shape(bare)
    with bare.engine.begin() as connection:
        drop_views(connection)
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    assert migrated == shape(bare)


def test_nothing_is_left_to_migrate_at_the_latest_revision(bare: Store):
    upgrade(bare)
    with bare.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert differences == []


def test_text_has_the_order_of_its_bytes(bare: Store):
    """The same order on both databases, and in our own code: ids sort."""
    words = ["_", "B", "a", "É", "z", "é", "A"]
    upgrade(bare)
    with bare.engine.begin() as connection:
        counts = METADATA.tables["value_counts"]
        connection.execute(counts.insert(), [{"kind": "word", "value": word, "count": 1} for word in words])
        found = connection.execute(sa.select(counts.c.value).order_by(counts.c.value)).scalars().all()
    assert found == sorted(words)
    if not bare.is_file:
        inspector = inspect(bare.engine)
        columns = [column for table in METADATA.tables for column in inspector.get_columns(table)]
        texts = [column["type"] for column in columns if isinstance(column["type"], sa.Text)]
        assert {kind.collation for kind in texts} == {"C"}


def test_upgrading_twice_changes_nothing(bare: Store):
    assert upgrade(bare) == latest_revision()
    assert upgrade(bare) == current_revision(bare) == latest_revision()
    if bare.is_file:
        assert not list(bare.path.parent.glob("*.bak")), "an empty database needs no copy"


@pytest.mark.parametrize("earlier", EARLIER)
def test_a_filled_store_of_an_earlier_revision_keeps_its_rows(bare: Store, earlier: str):
    """STO-06."""
    upgrade(bare, to=earlier)
    rows = fill(bare)
    upgrade(bare)
    now = held(bare)
    for table in rows.keys() - NEVER_WRITTEN - GIVEN_UP:
        before = rows[table]
        assert [{name: row[name] for name in before[0]} for row in now[table]] == before, table


def test_metrics_of_every_month_are_there_after_the_upgrade_and_each_in_its_own(bare: Store):
    """STO-07: from the first revision, over the edges of months, before 1970, and no month that held none."""
    instants = [
        *(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC) + timedelta(microseconds=step) for step in (0, 1)),
        *(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=step) for step in (-1, 0, 1)),
        datetime(2028, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ]
    upgrade(bare, to="0001")
    rows = [a_snapshot(at, value=number) for number, at in enumerate(instants)]
    with bare.engine.begin() as connection:
        connection.execute(_reflected(bare).tables["metric_snapshots"].insert(), rows)
    upgrade(bare)
    assert sorted(held(bare)["metric_snapshots"], key=itemgetter("as_of")) == rows
    put_snapshots(bare, *rows, a_snapshot(datetime(2028, 3, 1, tzinfo=UTC)))
    if not bare.is_file:
        months = {f"metric_snapshots_{at:%Y_%m}" for at in instants}
        assert partitions(bare) == months | {"metric_snapshots_2028_03"}


def test_a_filled_store_is_copied_and_keeps_its_rows(bare: Store, tmp_path: Path):
    """STO-06, with a revision that adds a column and an index to the busiest table."""
    upgrade(bare)
    rows = fill(bare)
    before = shape(bare)
    assert upgrade(bare, migrations_with("", tmp_path / "migrations")) == "9999"
    rows["accounts"] = [row | {"pronouns": "unknown"} for row in rows["accounts"]]
    assert held(bare) == rows
    assert shape(bare).keys() == before.keys()
    if bare.is_file:
        kept = Store(f"sqlite:///{bare.path}.{latest_revision()}.bak")
        assert current_revision(kept) == latest_revision()
        assert shape(kept) == before
        assert {table: len(found) for table, found in held(kept).items()} == dict.fromkeys(before, 2)
        kept.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(bare: Store, tmp_path: Path):
    upgrade(bare)
    rows, before = fill(bare), shape(bare)
    broken = migrations_with("raise RuntimeError('half way')", tmp_path / "migrations")
    with pytest.raises(RuntimeError, match="half way"):
        upgrade(bare, broken)
    assert (current_revision(bare), shape(bare)) == (latest_revision(), before)
    assert held(bare) == rows


def test_a_store_of_a_newer_version_is_refused(bare: Store):
    upgrade(bare)
    with bare.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="9999"):
        upgrade(bare)


def test_every_constraint_and_index_has_a_name():
    for table in METADATA.sorted_tables:
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"
        for index in table.indexes:
            assert index.name, table.name


def test_an_instant_is_stored_as_microseconds_on_both(store: Store):
    """ADR 2: one format, one order."""
    moment = datetime(2026, 3, 1, 2, 0, 0, 123456, tzinfo=UTC)
    with store.engine.begin() as connection:
        aliases = METADATA.tables["account_aliases"]
        connection.execute(aliases.insert(), {"alias_key": "a", "account_key": "b", "created_at": moment})
        assert connection.execute(text("SELECT created_at FROM account_aliases")).scalar_one() == 1_772_330_400_123_456
