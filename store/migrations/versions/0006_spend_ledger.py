"""The spend ledger as it is kept from the first paid call on, and the creators that failed for good."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
IS_OPEN = sa.text("state = 'intent'")


def upgrade() -> None:
    op.drop_table("llm_calls")  # nothing was ever paid before this revision
    op.create_table(
        "llm_calls",
        *_texts("call_id", "run_id", "night", "purpose", "subject", "model"),
        *_texts("prompt_version", "reason", nullable=True),
        *_texts("request_hash"),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        *_texts("batch_key", nullable=True),
        *_texts("state"),
        *_texts("error_class", "request_id", nullable=True),
        sa.Column("reserved_nano_usd", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in _COUNTS),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_llm_calls")),
    )
    for column in ("run_id", "night", "subject"):
        op.create_index(op.f(f"ix_llm_calls_{column}"), "llm_calls", [column])
    op.create_index("ix_llm_calls_open", "llm_calls", ["call_id"], sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
    op.create_table(
        "enrichment_failures",
        *_texts("creator_id", "input_fingerprint", "recipe_fingerprint", "error_class", "detail", "run_id"),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "creator_id", "input_fingerprint", "recipe_fingerprint", name=op.f("pk_enrichment_failures")
        ),
    )


_COUNTS = (
    "cost_nano_usd", "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens"
)  # fmt: skip


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]
