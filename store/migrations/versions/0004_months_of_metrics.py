"""Make each month of metrics a partition of its own, in Postgres; SQLite stays as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DAY = 86_400_000_000  # microseconds

# Whole days are exact, microseconds as an interval would pass through a float.
MONTHS_SQL = f"""
    SELECT to_char(month, 'YYYY_MM') AS name,
           (extract(epoch FROM month) * 1000000)::bigint AS start,
           (extract(epoch FROM month + interval '1 month') * 1000000)::bigint AS after
    FROM (
        SELECT DISTINCT date_trunc('month', timestamp 'epoch' + floor(as_of / {DAY}.0)::int * interval '1 day') AS month
        FROM former
    ) AS months
    ORDER BY month
"""  # noqa: S608


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _partition()


def _partition() -> None:
    op.rename_table("metric_snapshots", "former")
    op.drop_constraint("pk_metric_snapshots", "former")
    op.drop_index("ix_metric_snapshots_as_of", "former")
    op.create_table(
        "metric_snapshots",
        sa.Column("entity_kind", TEXT, nullable=False),
        sa.Column("entity_key", TEXT, nullable=False),
        sa.Column("metric", TEXT, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("definition_version", TEXT, nullable=False),
        sa.Column("precision", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entity_kind", "entity_key", "metric", "as_of", name=op.f("pk_metric_snapshots")),
        postgresql_partition_by="RANGE (as_of)",
    )
    for name, start, after in op.get_bind().execute(sa.text(MONTHS_SQL)).all():
        partition = f"metric_snapshots_{name}"
        op.execute(f"CREATE TABLE {partition} PARTITION OF metric_snapshots FOR VALUES FROM ({start}) TO ({after})")
    # The second index comes after the rows: sorted once, not kept sorted.
    columns = "entity_kind, entity_key, metric, as_of, value, source, definition_version, precision"
    op.execute(f"INSERT INTO metric_snapshots ({columns}) SELECT {columns} FROM former")  # noqa: S608
    op.create_index(op.f("ix_metric_snapshots_as_of"), "metric_snapshots", ["as_of"])
    op.drop_table("former")
