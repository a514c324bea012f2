"""Let the embed stage look at what changed only: what the triggers of store/triggers.py note, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "embedding_news",
        sa.Column("entity_kind", text, nullable=False),
        sa.Column("entity_key", text, nullable=False),
        sa.PrimaryKeyConstraint("entity_kind", "entity_key", name=op.f("pk_embedding_news")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "embedding_basis",
        sa.Column("basis", text, nullable=False),
        sa.PrimaryKeyConstraint("basis", name=op.f("pk_embedding_basis")),
    )
