"""Find the content and the metrics of a month by the instants that say it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_content_items_published_at"), "content_items", ["published_at"])
    op.create_index(op.f("ix_metric_snapshots_as_of"), "metric_snapshots", ["as_of"])
