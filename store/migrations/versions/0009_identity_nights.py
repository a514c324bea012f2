"""A name for what is stored of identity, so that a night over news need not read it all."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "identity_nights",
        sa.Column("night", text, nullable=False),
        sa.PrimaryKeyConstraint("night", name=op.f("pk_identity_nights")),
    )
