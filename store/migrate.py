"""Bringing a store to the schema of this version, one recorded revision at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from base.errors import StoreError
from store.session import Store

_MIGRATIONS = Path(__file__).parent / "migrations"


def current_revision(store: Store) -> str | None:
    """The revision the store is at; None for a store without a schema."""
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def latest_revision() -> str:
    """The revision this version of the engine expects."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def upgrade(store: Store) -> str:
    """Bring the store to the latest revision and return it; does nothing when it is there.

    Raises StoreError for a store made by a newer version.
    """
    found = current_revision(store)
    if found == latest_revision():
        return found
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"the store is at revision {found}, which this version does not know",
            hint="install the version of creatordex that made it, or a newer one",
        )
    with _connected(store) as config:
        command.upgrade(config, "head")
    return latest_revision()


@contextmanager
def _connected(store: Store) -> Iterator[Config]:
    with store.engine.begin() as connection:
        yield _config(connection)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
