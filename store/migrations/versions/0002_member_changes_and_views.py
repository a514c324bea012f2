"""Record where accounts move, from where they are now; views are made after every upgrade (store/views.py)."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "member_changes",
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("account_key", TEXT, nullable=False),
        sa.Column("creator_id", TEXT, nullable=False),
        sa.Column("former_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("as_of", "account_key", name=op.f("pk_member_changes")),
    )
    op.execute(
        "INSERT INTO member_changes (as_of, account_key, creator_id, former_id) "
        "SELECT since, account_key, creator_id, '' FROM members"
    )
