"""Alembic's entry: it is always given a live connection by `store/migrate.py`."""

from typing import Any

import sqlalchemy as sa
from alembic import context

from store.tables import METADATA, UtcMicros


def _render_plain_types(kind: str, value: Any, _autogenerate: Any) -> Any:
    """Revisions name plain SQL types, so that they still run when our own types have changed."""
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
with context.begin_transaction():
    context.run_migrations()
