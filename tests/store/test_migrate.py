"""The schema that migrations build is the schema that the tables declare."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from base.errors import StoreError
from store.migrate import current_revision, latest_revision, upgrade
from store.session import Store
from store.tables import METADATA


@pytest.fixture
def bare(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'bare.db'}")


def _shape(store: Store) -> dict[str, object]:
    inspector = inspect(store.engine)
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)],
            inspector.get_pk_constraint(table),
            sorted(index["name"] or "" for index in inspector.get_indexes(table)),
            sorted(unique["name"] or "" for unique in inspector.get_unique_constraints(table)),
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_a_migrated_store_has_the_schema_of_the_tables(bare: Store, store: Store):
    """NRM-02, NRM-03, NRM-04, STO-01, STO-02, STO-03, STO-04: the tables are what they are declared to be."""
    upgrade(bare)
    assert _shape(bare) == _shape(store)


def test_nothing_is_left_to_migrate_at_the_latest_revision(bare: Store):
    upgrade(bare)
    with bare.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert differences == []


def test_upgrading_twice_changes_nothing(bare: Store):
    assert upgrade(bare) == latest_revision()
    assert upgrade(bare) == current_revision(bare) == latest_revision()


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
