"""Bringing a store to the schema of this version, one recorded revision at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from base.errors import StoreError
from store.session import Store

MIGRATIONS = Path(__file__).parent / "migrations"


def current_revision(store: Store) -> str | None:
    """The revision the store is at; None for a store without a schema."""
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def latest_revision(migrations: Path = MIGRATIONS) -> str:
    """The revision this version of the engine expects."""
    head = ScriptDirectory.from_config(_config(migrations)).get_current_head()
    assert head is not None
    return head


def upgrade(store: Store, migrations: Path = MIGRATIONS, *, to: str = "head") -> str:
    """Bring the store to the latest revision (or an earlier one) and return it; does nothing when it is there.

    All or nothing: a migration that fails leaves the store as it was. A SQLite store that already has a schema is
    copied to `store.db.<revision>.bak` first. Raises StoreError for a store made by a newer version.
    """
    scripts = ScriptDirectory.from_config(_config(migrations))
    found, wanted = current_revision(store), scripts.as_revision_number(to)
    assert isinstance(wanted, str)
    if found == wanted:
        return found
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"the store is at revision {found}, which this version does not know",
            hint="install the version of creatordex that made it, or a newer one",
        )
    if found is not None and store.is_file:
        _back_up(store, found)
    with store.engine.begin() as connection:
        if store.is_file:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # Python's driver would commit before each change of a table
        command.upgrade(_config(migrations, connection), wanted)
    return wanted


def _back_up(store: Store, revision: str) -> None:
    """Copy a SQLite store beside itself; the copy is whole, or not there under its name."""
    kept = store.path.with_name(f"{store.path.name}.{revision}.bak")
    aside = kept.with_name(f"{kept.name}.part")
    aside.unlink(missing_ok=True)
    with store.engine.connect() as connection:
        connection.execute(text("VACUUM INTO :path"), {"path": str(aside)})
    aside.replace(kept)


def _config(migrations: Path, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    return config
