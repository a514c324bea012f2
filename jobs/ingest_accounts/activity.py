"""How often each account is due, from the time of its last content."""

from collections import Counter
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlmodel import col

from base.clock import to_micros
from ingest.cadence import MISSING, activities
from jobs.context import Context
from jobs.ingest_accounts.intake import STAGE
from store.bulk import arrow_schema
from store.content import load_last_content
from store.tables import AccountActivity, CreatorAccount

_ACTIVITY_SQL = f"""
    SELECT a.account_key, a.last_seen, c.last_content_at, coalesce(c.last_content_at, {MISSING}) AS known_content_at,
           b.bucket AS former_bucket, b.since AS former_since
    FROM accounts a
    LEFT JOIN content c ON c.account_key = a.account_key
    LEFT JOIN former b ON b.account_key = a.account_key
    ORDER BY a.account_key
"""  # noqa: S608
_STALE_SQL = "SELECT account_key FROM former ANTI JOIN accounts USING (account_key) ORDER BY account_key"


def update_activity(context: Context) -> dict[str, int]:
    """Put every account in its bucket; returns accounts per bucket. Only rows that change are written."""
    with context.reading_frames() as frames, context.engine() as engine:
        accounts = frames.read(_columns(CreatorAccount.account_key, CreatorAccount.last_seen))
        former = frames.read(_columns(AccountActivity.account_key, AccountActivity.bucket, AccountActivity.since))
        table = engine.sql(
            _ACTIVITY_SQL,
            accounts=accounts,
            content=load_last_content(frames, context.as_of),
            former=former,
        )
        stale = engine.sql(_STALE_SQL, former=former, accounts=accounts)
    as_of = to_micros(context.as_of)
    found = activities(
        table["known_content_at"].to_numpy(), table["last_seen"].to_numpy(), as_of, context.settings.cadence
    )
    since = [
        former_since if bucket == former_bucket else as_of
        for bucket, former_bucket, former_since in zip(
            found.buckets, table["former_bucket"].to_pylist(), table["former_since"].to_pylist(), strict=True
        )
    ]
    rows = {
        "account_key": table["account_key"], "bucket": found.buckets, "reason": found.reasons,
        "last_content_at": table["last_content_at"], "next_due_at": found.next_due_at, "since": since,
    }  # fmt: skip
    with context.writing_frames() as frames:
        frames.delete(AccountActivity, stale)
        frames.upsert(AccountActivity, pa.table(rows, schema=arrow_schema(AccountActivity)))
    context.crashpoint(STAGE)
    return dict(sorted(Counter(found.buckets).items()))


def _columns(*columns: Any) -> Any:
    return select(*(col(column) for column in columns))
