"""One batch of a payload becomes rows, in one transaction and without an object per row.

What is stored about the accounts and items of the batch is read as a frame, merged with what the batch says (newest
wins, field by field), and written back.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import SQLModel

from base.clock import to_micros
from base.text import sanitise
from ingest.files import Batch
from ingest.known import (
    account_claims,
    item_claims,
    merge_accounts,
    merge_items,
    stored_account_claims,
    stored_item_claims,
)
from ingest.measured import snapshots
from ingest.records import RejectedRow
from jobs.ingest_accounts.account_keys import name_accounts
from store.bulk import FrameWriter, arrow_schema
from store.metrics import save_snapshots
from store.tables import (
    ContentItem,
    CreatorAccount,
    HandleSpan,
    MetricSnapshot,
    RawEntity,
    RawPayload,
    RejectedPayloadRow,
)

#: what a delivery may change in an account that is known
ACCOUNT_UPDATES = [
    name
    for name in arrow_schema(CreatorAccount).names
    if name not in {"account_key", "platform", "platform_user_id", "state"}
]


#: of a payload, written together
PLACES_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a batch comes from."""

    sha256: str
    #: file name
    name: str
    source: str
    #: microseconds since 1970 UTC
    as_of: int
    #: sha256 → payloads taken in before
    delivered: Mapping[str, RawPayload]


class Places:
    """Where the records of a payload stand, held back until there are many.

    Their table is in the order of keys that come in none: the more rows at once, the fewer pages are written twice.
    Nothing reads the places of a payload before all of it is taken in.
    """

    def __init__(self) -> None:
        self._waiting = arrow_schema(RawEntity).empty_table()

    def add(self, frames: FrameWriter, places: pa.Table) -> None:
        self._waiting = pa.concat_tables([self._waiting, places])
        if self._waiting.num_rows >= PLACES_AT_ONCE:
            self.write(frames)

    def write(self, frames: FrameWriter) -> None:
        frames.insert(RawEntity, self._waiting)
        self._waiting = self._waiting.schema.empty_table()


def write_batch(frames: FrameWriter, batch: Batch, origin: Origin, places: Places) -> dict[str, int]:
    """Write what a batch says. Returns how many rows of accounts, content and metrics were added or changed."""
    accounts, content = name_accounts(frames, batch, origin.as_of)
    written = {
        "accounts_written": _write_accounts(frames, accounts, content, origin),
        "content_written": _write_items(frames, content, origin),
        "metrics_written": save_snapshots(frames, _snapshots(accounts, content, origin)),
    }
    save_spans(frames, _spans(accounts, content))
    places.add(frames, _places(accounts, content, origin.sha256))
    frames.upsert(RejectedPayloadRow, _rejected(batch.rejected, origin))
    return written


def _write_accounts(frames: FrameWriter, accounts: pa.Table, content: pa.Table, origin: Origin) -> int:
    if accounts.num_rows + content.num_rows == 0:
        return 0
    claims = account_claims(accounts, content, origin.sha256, origin.source)
    stored = frames.matching(CreatorAccount, pa.table({"account_key": claims["key"].unique()}))
    merged = merge_accounts(pa.concat_tables([stored_account_claims(stored), claims]))
    merged = _keeping_first_seen(frames, merged, origin)
    return _save(frames, CreatorAccount, merged, pc.is_valid(merged["stored_first_seen"]), ACCOUNT_UPDATES)


def _write_items(frames: FrameWriter, content: pa.Table, origin: Origin) -> int:
    if content.num_rows == 0:
        return 0
    claims = item_claims(content, origin.sha256, origin.source)
    stored = frames.matching(ContentItem, pa.table({"content_key": claims["key"].unique()}))
    merged = merge_items(pa.concat_tables([stored_item_claims(stored), claims]))
    return _save(frames, ContentItem, merged, pc.is_in(merged["content_key"], stored["content_key"].combine_chunks()))


def _save(
    frames: FrameWriter,
    model: type[SQLModel],
    rows: pa.Table,
    is_stored: pa.Array,
    update: Sequence[str] | None = None,
) -> int:
    schema = arrow_schema(model)
    rows = rows.select(schema.names).cast(schema)
    new, known = rows.filter(pc.invert(is_stored)), rows.filter(is_stored)
    return frames.load(model, new) + frames.upsert(model, known, update=update)


def _keeping_first_seen(frames: FrameWriter, merged: pa.Table, origin: Origin) -> pa.Table:
    """`first_seen` is the earliest sighting of the night an account appeared, and stays."""
    earlier = merged["account_key"].filter(pc.less(merged["first_seen"], merged["stored_first_seen"]))
    if len(earlier) == 0:
        return merged
    kinds = pa.repeat(pa.scalar("account"), len(earlier))
    places = frames.matching(RawEntity, pa.table({"entity_key": earlier, "entity_kind": kinds}))
    former = [
        sha256
        for sha256 in places["sha256"].unique().to_pylist()
        if sha256 in origin.delivered and to_micros(origin.delivered[sha256].fetched_at) != origin.as_of
    ]
    settled = places["entity_key"].filter(pc.is_in(places["sha256"], pa.array(former, pa.string()))).unique()
    kept = pc.if_else(
        pc.is_in(merged["account_key"], settled),
        merged["stored_first_seen"],
        merged["first_seen"],
    )
    return merged.set_column(merged.schema.get_field_index("first_seen"), "first_seen", kept)


def _snapshots(accounts: pa.Table, content: pa.Table, origin: Origin) -> pa.Table:
    schema = arrow_schema(MetricSnapshot)
    found = [snapshots("account", accounts, origin.source), snapshots("content", content, origin.source)]
    return pa.concat_tables([table.select(schema.names).cast(schema) for table in found])


# --- where things stand, and under which handle


def _spans(accounts: pa.Table, content: pa.Table) -> pa.Table:
    named = pa.concat_tables([frame.select(["account_key", "handle", "fetched_at"]) for frame in (accounts, content)])
    named = named.filter(pc.is_valid(named["handle"]))
    return named.append_column("last_seen", named["fetched_at"]).rename_columns(arrow_schema(HandleSpan).names)


def save_spans(frames: FrameWriter, spans: pa.Table) -> None:
    """Widen the stored spans of these accounts and handles; a pair may stand in several rows."""
    found = _widest(spans)
    stored = frames.matching(HandleSpan, found.select(["account_key", "handle"]))
    frames.upsert(HandleSpan, _widest(pa.concat_tables([stored, found])))


def _widest(spans: pa.Table) -> pa.Table:
    groups = spans.group_by(["account_key", "handle"], use_threads=False)
    found = groups.aggregate([("first_seen", "min"), ("last_seen", "max")])
    return found.rename_columns(arrow_schema(HandleSpan).names)


def _places(accounts: pa.Table, content: pa.Table, sha256: str) -> pa.Table:
    """Where the records stand in their payload. An item also shows its account; once per line says it."""
    owners = content.take(_owning(accounts, content))
    shown = [
        (accounts, "account_key", "account"),
        (content, "content_key", "content"),
        (owners, "account_key", "account"),
    ]
    return pa.concat_tables([_place(frame, key, kind, sha256) for frame, key, kind in shown])


def _place(frame: pa.Table, key: str, kind: str, sha256: str) -> pa.Table:
    constants = (pa.repeat(pa.scalar(value), frame.num_rows) for value in (kind, sha256))
    columns = (frame[key], *constants, frame["line"], frame["pointer"])
    return pa.table(dict(zip(arrow_schema(RawEntity).names, columns, strict=True)))


def _owning(accounts: pa.Table, content: pa.Table) -> pa.Array:
    """The items that are the first of their line to show their account."""
    shown = pa.concat_tables([frame.select(["account_key", "line", "seat"]) for frame in (accounts, content)])
    account = shown["account_key"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    line = shown["line"].to_numpy()
    order = np.lexsort((shown["seat"].to_numpy(), line, account))
    is_first = np.append(True, (account[order][1:] != account[order][:-1]) | (line[order][1:] != line[order][:-1]))
    first = np.sort(order[is_first[: len(order)]])
    return pa.array(first[first >= accounts.num_rows] - accounts.num_rows)


def _rejected(rejected: Sequence[RejectedRow], origin: Origin) -> pa.Table:
    """One row per place and field; of several reasons the first is enough to start mending."""
    first = {(row.line, row.pointer, row.field): row for row in reversed(rejected)}
    rows = [
        dataclasses.asdict(row) | {"sha256": origin.sha256, "origin": sanitise(origin.name)} for row in first.values()
    ]
    return pa.Table.from_pylist(rows, arrow_schema(RejectedPayloadRow))
