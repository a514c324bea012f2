"""What the plan of labelling remembers from night to night."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "enrichment_states",
        sa.Column("creator_id", TEXT, nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("input_fingerprint", TEXT, nullable=True),
        sa.Column("drift_input", TEXT, nullable=True),
        sa.Column("drift", sa.Float(), nullable=True),
        sa.Column("new_items", sa.BigInteger(), nullable=True),
        sa.Column("streak", sa.BigInteger(), nullable=False),
        sa.Column("deferred_since", sa.BigInteger(), nullable=True),
        sa.Column("reference_recipe", TEXT, nullable=True),
        sa.Column("reference_until", sa.BigInteger(), nullable=True),
        sa.Column("reference_posts", sa.BigInteger(), nullable=True),
        sa.Column("reference_mean", sa.LargeBinary(), nullable=True),
        sa.Column("reference_squares", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("creator_id", name=op.f("pk_enrichment_states")),
    )
