"""Everything again from the raw bytes alone: in a scratch store first, then only the rows that differ."""

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel, col

from index.takedowns import read_takedowns
from jobs.context import Context
from jobs.forget_taken_down import forget
from jobs.ingest_accounts.activity import update_activity
from jobs.ingest_accounts.intake import STAGE, Intake, delivered_before, mark_states, rare_collections
from jobs.ingest_accounts.promotion import promote
from jobs.report import JobReport
from store.accounts import rename_accounts
from store.raw import load_payloads
from store.session import Store
from store.tables import (
    METADATA,
    AccountAlias,
    ContentItem,
    CreatorAccount,
    HandleSpan,
    MetricSnapshot,
    RawEntity,
    RawPayload,
    RejectedPayloadRow,
)

COPY_ROWS = 50_000


def renormalize(context: Context) -> JobReport:
    """Rebuild accounts, content, metrics, spans and places from the raw bytes, as if delivered again in their order.

    The rebuilding happens in a scratch store; only rows that differ are written, in one transaction. Kept as they are:
    `first_seen` (it names creators), `state` (a fact of deliveries, not of bytes) and aliases.
    """
    report = JobReport("renormalize")
    with context.reading() as session:
        payloads = load_payloads(session)
        session.expunge_all()
    with _scratch(context) as scratch:
        for as_of, group in groupby(payloads, key=lambda payload: payload.fetched_at):
            _replay(dataclasses.replace(scratch, as_of=as_of), list(group), report)
        _replace_by(context, scratch, report)
    forget(context, read_takedowns(context.snapshots))
    context.crashpoint(STAGE)
    report.details["activity"] = update_activity(context)
    return report


@contextmanager
def _scratch(context: Context) -> Iterator[Context]:
    """The same world with an empty store, thrown away at the end."""
    context.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=context.home, prefix="renormalize-") as folder:
        store = Store(f"sqlite:///{Path(folder) / 'store.db'}")
        try:
            METADATA.create_all(store.engine)
            yield dataclasses.replace(context, store=store)
        finally:
            store.close()


def _replay(scratch: Context, payloads: Sequence[RawPayload], report: JobReport) -> None:
    """What one run did with its files."""
    intake = Intake(scratch, report, delivered_before(scratch))
    with rare_collections():
        for payload in payloads:
            intake.take_again(payload)
    mark_states(scratch, intake, {payload.source for payload in payloads if payload.mode == "full"})
    promote(scratch)


def _replace_by(context: Context, scratch: Context, report: JobReport) -> None:
    """Make the store hold the scratch store's rows, touching only those that differ."""
    with scratch.reading_frames() as source, context.writing_frames() as frames, context.engine() as engine:
        aliases = source.read(_rows_of(AccountAlias))
        frames.insert(AccountAlias, aliases)
        rename_accounts(
            frames, dict(zip(*(aliases[name].to_pylist() for name in ("alias_key", "account_key")), strict=True))
        )
        kept = frames.read(_columns(CreatorAccount.account_key, CreatorAccount.first_seen, CreatorAccount.state))
        accounts = (
            engine.sql(_KEEPING_SQL, batch=batch, kept=kept).select(batch.column_names)
            for batch in source.batches(_rows_of(CreatorAccount), COPY_ROWS)
        )
        report.counts |= {
            "accounts_written": frames.replace(CreatorAccount, accounts),
            "content_written": frames.replace(ContentItem, source.batches(_rows_of(ContentItem), COPY_ROWS)),
            "metrics_written": frames.replace(MetricSnapshot, source.batches(_rows_of(MetricSnapshot), COPY_ROWS)),
        }
        for model in (HandleSpan, RawEntity, RejectedPayloadRow):
            frames.replace(model, source.batches(_rows_of(model), COPY_ROWS))


_KEEPING_SQL = """
    SELECT b.* REPLACE (coalesce(k.first_seen, b.first_seen) AS first_seen, coalesce(k.state, b.state) AS state)
    FROM batch b LEFT JOIN kept k ON k.account_key = b.account_key
"""


def _rows_of(model: type[SQLModel]) -> Any:
    """Every row of a table, in the order of its key."""
    table: Any = METADATA.tables[str(model.__tablename__)]
    return select(*table.columns).order_by(*table.primary_key)


def _columns(*columns: Any) -> Any:
    return select(*(col(column) for column in columns))
