"""Months of content and metrics leave, and come back."""

from collections.abc import Iterable

import pyarrow as pa
from sqlalchemy import select

from jobs.ingest_accounts.promotion import merge_snapshots
from store.accounts import rename_accounts
from store.bulk import FrameWriter
from store.months import Month, delete_month
from store.tables import METADATA, ContentItem, MetricSnapshot

_ALIASES = METADATA.tables["account_aliases"].c


def forget_month(frames: FrameWriter, month: Month) -> dict[str, int]:
    """Take the content and the metrics of a month out; returns table → rows. Raw bytes stay, and so does all else."""
    return delete_month(frames, month)


def take_month_back(frames: FrameWriter, *, items: Iterable[pa.Table], snapshots: Iterable[pa.Table]) -> dict[str, int]:
    """Add rows of a month that left, those that are not there; returns table → rows.

    An account that got its id since then has another key: its rows come under that one.
    """
    added = {
        "content_items": sum(frames.insert(ContentItem, rows) for rows in items),
        "metric_snapshots": sum(frames.insert(MetricSnapshot, rows) for rows in snapshots),
    }
    promotions = frames.read(select(_ALIASES.alias_key, _ALIASES.account_key))
    former = dict(zip(*(promotions[name].to_pylist() for name in ("alias_key", "account_key")), strict=True))
    rename_accounts(frames, former)
    merge_snapshots(frames, promotions)
    return added
