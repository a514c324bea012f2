"""When an answer came into force, which is not always when it was given."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrichments", sa.Column("in_force_since", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE enrichments SET in_force_since = created_at")
