"""Provisional accounts whose id has become known join the account that has it."""

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from ingest.known import merge_accounts, stored_account_claims
from jobs.context import Context
from jobs.ingest_accounts.batch import ACCOUNT_UPDATES, save_spans
from jobs.ingest_accounts.intake import STAGE
from store.accounts import load_promotions, rename_accounts
from store.bulk import FrameWriter, arrow_schema
from store.metrics import save_snapshots
from store.tables import AccountAlias, CreatorAccount, HandleSpan, MetricSnapshot


def promote(context: Context) -> None:
    """Merge each provisional account into the one live account with an id that carries its handle."""
    with context.reading_frames() as frames:
        promotions = load_promotions(frames)
    if promotions.num_rows == 0:
        return
    with context.writing_frames() as frames:
        _merge_accounts(frames, promotions)
        _merge_spans(frames, promotions)
        merge_snapshots(frames, promotions)
        rename_accounts(
            frames, dict(zip(promotions["alias_key"].to_pylist(), promotions["account_key"].to_pylist(), strict=True))
        )
        as_of = pa.array([to_micros(context.as_of)] * promotions.num_rows, pa.int64())
        frames.insert(AccountAlias, promotions.append_column("created_at", as_of))
    context.crashpoint(STAGE)


def _merge_accounts(frames: FrameWriter, promotions: pa.Table) -> None:
    former = promotions.select(["alias_key"]).rename_columns(["account_key"])
    kept = pa.table({"account_key": promotions["account_key"].unique()})
    stored = pa.concat_tables([frames.matching(CreatorAccount, keys) for keys in (kept, former)])  # in this order:
    claims = stored_account_claims(stored)  # of one stamp, what the former account holds stands
    merged = merge_accounts(claims.set_column(0, "key", _renamed(claims["key"], promotions)))
    frames.delete(CreatorAccount, former)
    schema = arrow_schema(CreatorAccount)
    frames.upsert(CreatorAccount, merged.select(schema.names).cast(schema), update=ACCOUNT_UPDATES)


def _merge_spans(frames: FrameWriter, promotions: pa.Table) -> None:
    keys = promotions.select(["alias_key"]).rename_columns(["account_key"])
    spans = frames.matching(HandleSpan, keys)
    frames.delete(HandleSpan, keys)
    save_spans(frames, spans.set_column(0, "account_key", _renamed(spans["account_key"], promotions)))


def merge_snapshots(frames: FrameWriter, promotions: pa.Table) -> None:
    """Put the metrics of former keys (alias_key) under the keys that stand for them (account_key)."""
    kinds = pa.repeat(pa.scalar("account"), promotions.num_rows)
    keys = pa.table({"entity_key": promotions["alias_key"], "entity_kind": kinds})
    measured = frames.matching(MetricSnapshot, keys)
    frames.delete(MetricSnapshot, keys)
    place = measured.schema.get_field_index("entity_key")
    save_snapshots(frames, measured.set_column(place, "entity_key", _renamed(measured["entity_key"], promotions)))


def _renamed(keys: pa.ChunkedArray, promotions: pa.Table) -> pa.ChunkedArray:
    """The keys by which accounts go from now on."""
    rows = pc.index_in(keys, promotions["alias_key"].combine_chunks())
    return pc.coalesce(promotions["account_key"].take(rows), keys)
