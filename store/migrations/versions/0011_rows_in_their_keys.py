"""Key the metrics by time first, and keep narrow rows in the tree of their key, in SQLite."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEYS = {
    "metric_snapshots": ("as_of", "entity_kind", "entity_key", "metric"),
    "raw_entities": ("entity_key", "entity_kind", "sha256", "line", "pointer"),
    "handle_history": ("account_key", "handle"),
    "account_activity": ("account_key",),
}


def upgrade() -> None:
    op.drop_index(op.f("ix_account_activity_bucket"), "account_activity")
    op.drop_index(op.f("ix_metric_snapshots_as_of"), "metric_snapshots")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_metric_snapshots", "metric_snapshots")
        op.create_primary_key("pk_metric_snapshots", "metric_snapshots", list(KEYS["metric_snapshots"]))
        return
    op.drop_index(op.f("ix_account_activity_next_due_at"), "account_activity")
    for table, key in KEYS.items():
        _rebuild(table, key)
    op.create_index(op.f("ix_account_activity_next_due_at"), "account_activity", ["next_due_at"])


def _rebuild(table: str, key: tuple[str, ...]) -> None:
    columns = [
        sa.Column(column["name"], column["type"], nullable=column["nullable"])
        for column in sa.inspect(op.get_bind()).get_columns(table)
    ]
    op.rename_table(table, "former")
    op.create_table(table, *columns, sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")), sqlite_with_rowid=False)
    # In the order of the key, each page is written once.
    names = ", ".join(column.name for column in columns)
    op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM former ORDER BY {', '.join(key)}")  # noqa: S608
    op.drop_table("former")
