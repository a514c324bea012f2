"""Alembic's entry: it is always given a live connection by `store/migrate.py`."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from store.tables import METADATA, PlainText, UtcMicros
from store.triggers import create_triggers, drop_triggers
from store.views import create_views, drop_views

PLAIN_TEXT = 'sa.Text().with_variant(sa.Text(collation="C"), "postgresql")'


def _render_plain_types(kind: str, value: Any, _autogenerate: Any) -> str | Literal[False]:
    """Revisions name plain SQL types, so that they still run when our own types have changed."""
    if kind == "type" and isinstance(value, PlainText):
        return PLAIN_TEXT
    return "sa.BigInteger()" if kind == "type" and isinstance(value, UtcMicros) else False


def _same_type(_context: Any, _inspected: Any, _metadata: Any, inspected: Any, declared: Any) -> bool | None:
    plain = declared.impl if isinstance(declared, UtcMicros) else declared
    return None if not isinstance(plain, sa.BigInteger) else not isinstance(inspected, sa.BigInteger)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    render_item=_render_plain_types,
    compare_type=_same_type,
)
connection = context.config.attributes["connection"]
with context.begin_transaction():
    # Views follow the newest tables only, and would stand in the way of a change to an older one.
    drop_views(connection)
    drop_triggers(connection)  # which a table that is made anew in SQLite would lose
    context.run_migrations()
    if context.get_context().get_current_revision() == context.get_head_revision():
        create_views(connection)
        create_triggers(connection)
