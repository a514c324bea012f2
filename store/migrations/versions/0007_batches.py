"""Files of paid requests on their way through a vendor's batch service."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "llm_batches",
        *_texts("batch_key", "run_id", "model", "recipe_fingerprint"),
        *_texts("prompt_version", nullable=True),
        *_texts("sha256"),
        *_counts("requests", "input_tokens"),
        *_texts("state"),
        *_texts("status", "file_id", "batch_id", "fault", nullable=True),
        *_counts("answered", "returned", "created_at"),
        *_counts("sent_at", "finished_at", nullable=True),
        sa.PrimaryKeyConstraint("batch_key", name=op.f("pk_llm_batches")),
    )
    op.create_index(op.f("ix_llm_batches_state"), "llm_batches", ["state"])
    op.add_column("enrichment_failures", sa.Column("is_final", sa.Boolean(), nullable=False, server_default=sa.true()))


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]


def _counts(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]
