"""Relations between accounts, what judgements rest on, and which of them want a second look."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "account_relations",
        *_texts("source", "kind", "target", "basis", "detail"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "target", name=op.f("pk_account_relations")),
    )
    op.create_index(op.f("ix_account_relations_target"), "account_relations", ["target"])
    op.create_table(
        "judgement_grounds",
        *_texts("left", "right"),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        *_texts("reviewer", "left_grounds", "right_grounds"),
        sa.PrimaryKeyConstraint("left", "right", "decided_at", "reviewer", name=op.f("pk_judgement_grounds")),
    )
    op.create_table(
        "judgement_flags",
        *_texts("left", "right", "reason", "detail"),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("left", "right", "reason", name=op.f("pk_judgement_flags")),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]
