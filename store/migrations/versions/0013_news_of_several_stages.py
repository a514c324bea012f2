"""Let several stages look at what changed only: each has its own words and its own basis."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    # What was noted goes: without a basis the next embed stage looks at everything, as after any change of its code.
    op.drop_table("embedding_news")
    op.drop_table("embedding_basis")
    op.create_table(
        "news",
        sa.Column("reader", text, nullable=False),
        sa.Column("entity_kind", text, nullable=False),
        sa.Column("entity_key", text, nullable=False),
        sa.PrimaryKeyConstraint("reader", "entity_kind", "entity_key", name=op.f("pk_news")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "news_basis",
        sa.Column("reader", text, nullable=False),
        sa.Column("basis", text, nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_news_basis")),
        sqlite_with_rowid=False,
    )
