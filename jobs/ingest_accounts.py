"""Raw bytes first, then accounts, content and metrics; and the same again from the raw bytes alone.

The store after a night does not depend on the order in which files were delivered: each field is the newest that was
seen. Bytes that were taken in whole are not read twice.
"""

import dataclasses
import gc
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlmodel import SQLModel, col

from base.clock import to_micros
from base.errors import SourceError
from base.text import sanitise
from ingest.cadence import MISSING, activities
from ingest.contracts import SourceContract
from ingest.coverage import Coverage
from ingest.files import Delivery, Payload
from ingest.known import KnownAccounts, KnownItems
from ingest.merge import Stamp
from ingest.records import AccountRecord, ContentRecord, Entity, RejectedRow
from ingest.stored import metrics_of
from jobs.context import Context
from jobs.report import JobReport
from store.accounts import load_aliases, load_holders, load_promotions, rename_accounts
from store.bulk import FrameWriter, arrow_schema
from store.content import load_last_content
from store.metrics import Measured, SnapshotKey, read_snapshots, save_snapshots
from store.months import Month, delete_month
from store.raw import forget_rejections, load_payloads, mark_absent_gone, mark_delivered_live
from store.session import Store
from store.tables import (
    METADATA,
    AccountActivity,
    AccountAlias,
    ContentItem,
    CreatorAccount,
    HandleSpan,
    MetricSnapshot,
    RawEntity,
    RawPayload,
    RejectedPayloadRow,
)

STAGE = "ingest_accounts"
BATCH_ENTITIES = 20_000  # one transaction: a kill loses at most this much parsing
COPY_ROWS = 50_000
UNCOLLECTED_OBJECTS = 1_000_000  # a batch holds some half a million, all freed without the collector


def ingest_accounts(context: Context, deliveries: Sequence[Delivery]) -> JobReport:
    """Take in files: keep their bytes, write what they say, and work out how often each account is due.

    A file that cannot be read is listed in `details["unreadable"]` while the others go in; SourceError when none can
    be. A row that cannot be taken is counted in `rejected` and kept in `rejected_rows`.
    """
    intake = _Intake(context, JobReport(STAGE), _delivered_before(context))
    with _rare_collections():
        for position, delivery in enumerate(deliveries):
            context.progress(STAGE, position, len(deliveries))
            intake.take(delivery)
    if deliveries and len(intake.unreadable) == len(deliveries):
        first = intake.unreadable[0]
        raise SourceError(f"nothing could be read: {first['reason']}", hint=first["hint"])
    unreadable = {row["source"] for row in intake.unreadable}  # what is missing may stand in there
    _mark_states(context, intake, {delivery.source for delivery in deliveries if delivery.mode == "full"} - unreadable)
    _promote(context)
    intake.report.details["activity"] = _update_activity(context)
    return intake.finished_report()


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
    context.crashpoint(STAGE)
    report.details["activity"] = _update_activity(context)
    return report


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
    aliases = frames.read(_columns(AccountAlias.alias_key, AccountAlias.account_key))
    former = dict(zip(*(aliases[name].to_pylist() for name in aliases.column_names), strict=True))
    rename_accounts(frames, former)
    _merge_snapshots(frames, former)
    return added


# --- taking files in --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Batch:
    """What is written in one transaction."""

    entities: list[Entity] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)


@dataclass(slots=True)
class _Intake:
    """One call of the job: what it has seen, and what it says in the end."""

    context: Context
    report: JobReport
    #: sha256 → payloads that were taken in whole, tonight's included
    delivered: dict[str, RawPayload]
    coverage: Coverage = field(default_factory=Coverage)
    unreadable: list[dict[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    ignored: dict[str, list[str]] = field(default_factory=dict)
    #: source → sha256 of all of its files, known or new
    by_source: dict[str, set[str]] = field(default_factory=dict)

    def take(self, delivery: Delivery) -> None:
        """Keep the bytes of one file and write what it says; bytes taken in before are skipped."""
        self.report.count(files=1, skipped_files=0, rows_read=0, rejected=0)
        try:
            sha256 = self.context.blobs.put(delivery.path)
            if self._is_known(sha256, delivery.contract):
                self.report.count(skipped_files=1)
            else:
                self._take_payload(sha256, delivery)
            self.by_source.setdefault(delivery.source, set()).add(sha256)
        except OSError as error:
            self._give_up(
                delivery, f"{delivery.path.name}: {error.strerror or error}", "check the path and its permissions"
            )
        except SourceError as error:
            self._give_up(delivery, error.message, error.hint or "")

    def take_again(self, payload: RawPayload) -> None:
        """Write what bytes say that were delivered once before."""
        self.report.count(files=1)
        contract = SourceContract.model_validate_json(payload.contract) if payload.contract else None
        mode: Any = payload.mode
        self._take_payload(payload.sha256, Delivery(Path(payload.origin), payload.source, contract, mode))
        self.by_source.setdefault(payload.source, set()).add(payload.sha256)

    def finished_report(self) -> JobReport:
        """Counts of all zero are counts too; details in a fixed order."""
        self.report.count(accounts_written=0, content_written=0, metrics_written=0)
        self.report.details |= {
            "coverage": self.coverage.table(),
            "rejected_by_reason": dict(sorted(self.reasons.items())),
            "unreadable": sorted(self.unreadable, key=lambda row: (row["file"], row["source"])),
            "ignored_columns": dict(sorted(self.ignored.items())),
        }
        return self.report

    def _is_known(self, sha256: str, contract: SourceContract | None) -> bool:
        known = self.delivered.get(sha256)
        return known is not None and known.contract == _contract_json(contract)

    def _take_payload(self, sha256: str, delivery: Delivery) -> None:
        as_of = to_micros(self.context.as_of)
        with self.context.blobs.open(sha256) as stream:
            payload = Payload(stream, delivery.path.name, delivery.contract, as_of)
            for number, batch in enumerate(_batches(payload)):
                self._count(delivery, batch)
                with self.context.writing_frames() as frames:
                    if number == 0:
                        forget_rejections(frames, sha256)
                    self._write(frames, batch, sha256, delivery)
                self.context.crashpoint(STAGE)
        if payload.ignored:
            self.ignored[delivery.path.name] = payload.ignored
        self._remember(sha256, delivery, payload.media)

    def _remember(self, sha256: str, delivery: Delivery, media: str) -> None:
        """The last word about a payload: from now on it counts as taken in."""
        row = RawPayload(
            sha256=sha256, media=media, source=delivery.source, origin=delivery.path.name,
            contract=_contract_json(delivery.contract), mode=delivery.mode, fetched_at=self.context.as_of,
            byte_length=self.context.blobs.byte_length(sha256),
        )  # fmt: skip
        known = self.delivered.get(sha256)
        if known is not None:
            row.fetched_at = known.fetched_at
        frame = pa.Table.from_pylist(
            [row.model_dump() | {"fetched_at": to_micros(row.fetched_at)}], arrow_schema(RawPayload)
        )
        with self.context.writing_frames() as frames:
            frames.upsert(RawPayload, frame)
        self.context.crashpoint(STAGE)
        self.delivered[sha256] = row

    def _count(self, delivery: Delivery, batch: _Batch) -> None:
        bad_rows = {(row.line, row.pointer) for row in batch.rejected}
        self.report.count(rows_read=len(batch.entities) + len(bad_rows), rejected=len(bad_rows))
        self.reasons.update(
            f"{row.field}: {_reason_kind(row)}" if row.field else _reason_kind(row) for row in batch.rejected
        )
        self.coverage.add(delivery.source, batch.entities)

    def _give_up(self, delivery: Delivery, reason: str, hint: str) -> None:
        self.unreadable.append({"file": delivery.path.name, "source": delivery.source, "reason": reason, "hint": hint})

    # --- one batch

    def _write(self, frames: FrameWriter, batch: _Batch, sha256: str, delivery: Delivery) -> None:
        keys = self._account_keys(frames, batch.entities)
        accounts = KnownAccounts(frames.matching(CreatorAccount, _keys("account_key", keys)))
        items = KnownItems(frames.matching(ContentItem, _keys("content_key", _content_keys(batch))))
        measured: dict[SnapshotKey, Measured] = {}
        spans: dict[tuple[str, str], tuple[int, int]] = {}
        places = _Places(sha256)
        for entity, key in zip(batch.entities, keys, strict=True):
            stamp: Stamp = (entity.fetched_at, sha256)
            record = entity.record
            if isinstance(record, AccountRecord):
                accounts.absorb(key, record, stamp, delivery.source)
                places.add(key, "account", entity)
                _measure(measured, entity, key, delivery.source)
            else:
                accounts.sight(key, record, stamp, delivery.source)
                items.absorb(key, record, stamp)
                places.add(record.content_key, "content", entity)
                places.add_owner(key, entity)
                _measure(measured, entity, record.content_key, delivery.source)
            if record.handle:
                _widen(spans, (key, record.handle), entity.fetched_at, entity.fetched_at)
        self._keep_first_seen(frames, accounts)
        written = {
            "accounts_written": frames.upsert(
                CreatorAccount, accounts.frame(arrow_schema(CreatorAccount)), update=_ACCOUNT_UPDATES
            ),
            "content_written": frames.upsert(ContentItem, items.frame(arrow_schema(ContentItem))),
            "metrics_written": save_snapshots(frames, measured),
        }
        _save_spans(frames, spans)
        frames.insert(RawEntity, places.frame())
        frames.upsert(RejectedPayloadRow, _rejected_frame(batch.rejected, sha256, delivery.path.name))
        self.report.count(**written)

    def _account_keys(self, frames: FrameWriter, entities: Sequence[Entity]) -> list[str]:
        """The key of each entity's account. A bare handle means the one account that carries it, else itself."""
        bare = {
            (entity.record.platform, entity.record.handle): entity.record.account_key
            for entity in entities
            if entity.record.platform_user_id is None and entity.record.handle
        }
        if not bare:
            return [entity.record.account_key for entity in entities]
        held = {bare[name]: key for name, key in load_holders(frames, bare).items()}
        as_of = to_micros(self.context.as_of)
        aliases = [{"alias_key": alias, "account_key": key, "created_at": as_of} for alias, key in sorted(held.items())]
        frames.insert(AccountAlias, pa.Table.from_pylist(aliases, arrow_schema(AccountAlias)))
        resolved = load_aliases(frames, bare.values()) | held
        return [resolved.get(entity.record.account_key, entity.record.account_key) for entity in entities]

    def _keep_first_seen(self, frames: FrameWriter, accounts: KnownAccounts) -> None:
        """`first_seen` is the earliest sighting of the night an account appeared, and stays."""
        earlier = accounts.seen_earlier_than_stored()
        keys = _keys("entity_key", earlier)
        places = frames.matching(
            RawEntity, keys.append_column("entity_kind", pa.array(["account"] * len(earlier), pa.string()))
        )
        for key, sha256 in zip(places["entity_key"].to_pylist(), places["sha256"].to_pylist(), strict=True):
            payload = self.delivered.get(sha256)
            if payload is not None and payload.fetched_at != self.context.as_of:
                accounts.keep_first_seen(key)


_ACCOUNT_UPDATES = [
    name
    for name in arrow_schema(CreatorAccount).names
    if name not in {"account_key", "platform", "platform_user_id", "state"}
]


def _delivered_before(context: Context) -> dict[str, RawPayload]:
    with context.reading() as session:
        payloads = load_payloads(session)
        session.expunge_all()
    return {payload.sha256: payload for payload in payloads}


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Spare the cyclic collector from walking a batch again and again: its objects form no cycles."""
    before = gc.get_threshold()
    gc.set_threshold(UNCOLLECTED_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _contract_json(contract: SourceContract | None) -> str | None:
    return contract.model_dump_json() if contract else None


def _reason_kind(row: RejectedRow) -> str:
    """The reason without the value that was refused, so that reasons can be counted."""
    return row.reason.split("' ", 1)[-1].split(": ", 1)[0]


def _batches(payload: Iterable[Entity | RejectedRow]) -> Iterator[_Batch]:
    found = iter(payload)
    while part := list(islice(found, BATCH_ENTITIES)):
        batch = _Batch()
        for each in part:
            if isinstance(each, Entity):
                batch.entities.append(each)
            else:
                batch.rejected.append(each)
        yield batch


def _content_keys(batch: _Batch) -> set[str]:
    return {entity.record.content_key for entity in batch.entities if isinstance(entity.record, ContentRecord)}


def _keys(column: str, keys: Iterable[str]) -> pa.Table:
    return pa.table({column: pa.array(sorted(set(keys)), pa.string())})


class _Places:
    """Where the entities of a batch stand in their payload."""

    def __init__(self, sha256: str) -> None:
        self._sha256 = sha256
        self._rows: dict[tuple[str, str, int, str], None] = {}
        self._account_lines: set[tuple[str, int]] = set()

    def add(self, entity_key: str, kind: str, entity: Entity) -> None:
        self._rows[(entity_key, kind, entity.line, entity.pointer)] = None
        if kind == "account":
            self._account_lines.add((entity_key, entity.line))

    def add_owner(self, account_key: str, item: Entity) -> None:
        """An item also shows its account; once per line says it."""
        if (account_key, item.line) not in self._account_lines:
            self.add(account_key, "account", item)

    def frame(self) -> pa.Table:
        columns = list(zip(*self._rows, strict=True)) or [()] * 4
        names = ("entity_key", "entity_kind", "line", "pointer")
        rows = {name: list(values) for name, values in zip(names, columns, strict=True)}
        return pa.table(rows | {"sha256": [self._sha256] * len(self._rows)}).select(arrow_schema(RawEntity).names)


def _measure(measured: dict[SnapshotKey, Measured], entity: Entity, entity_key: str, source: str) -> None:
    kind = "account" if isinstance(entity.record, AccountRecord) else "content"
    for name, value, version, precision in metrics_of(entity):
        key = SnapshotKey(kind, entity_key, name, entity.fetched_at)
        found = Measured(value is not None, value or 0, source, version, precision)
        before = measured.get(key)
        measured[key] = found if before is None or found > before else before


_Spans = dict[tuple[str, str], tuple[int, int]]


def _widen(spans: _Spans, name: tuple[str, str], first: int, last: int) -> None:
    before = spans.get(name, (first, last))
    spans[name] = (min(first, before[0]), max(last, before[1]))


def _save_spans(frames: FrameWriter, spans: _Spans) -> None:
    """Widen the stored spans of these accounts and handles."""
    _add_spans(
        spans, frames.matching(HandleSpan, _keys("account_key", (key for key, _handle in spans))), only=set(spans)
    )
    rows = [
        {"account_key": key, "handle": handle, "first_seen": first, "last_seen": last}
        for (key, handle), (first, last) in spans.items()
    ]
    frames.upsert(HandleSpan, pa.Table.from_pylist(rows, arrow_schema(HandleSpan)))


def _add_spans(spans: _Spans, stored: pa.Table, *, only: set[tuple[str, str]]) -> None:
    for row in stored.to_pylist():
        name = (row["account_key"], row["handle"])
        if name in only:
            _widen(spans, name, row["first_seen"], row["last_seen"])


def _rejected_frame(rejected: Sequence[RejectedRow], sha256: str, origin: str) -> pa.Table:
    """One row per place and field; of several reasons the first is enough to start mending."""
    first = {(row.line, row.pointer, row.field): row for row in reversed(rejected)}
    rows = [dataclasses.asdict(row) | {"sha256": sha256, "origin": sanitise(origin)} for row in first.values()]
    return pa.Table.from_pylist(rows, arrow_schema(RejectedPayloadRow))


# --- after the last file ------------------------------------------------------------------------------------------


def _mark_states(context: Context, intake: _Intake, full: set[str]) -> None:
    """What was delivered is live; what a source that was delivered in full does not hold any more is gone."""
    delivered = set().union(*intake.by_source.values())
    with context.writing_frames() as frames:
        mark_delivered_live(frames, delivered)
        for source in sorted(full):
            mark_absent_gone(frames, source, delivered)
    context.crashpoint(STAGE)


def _promote(context: Context) -> None:
    """Provisional accounts whose id has become known join the account that has it."""
    with context.reading_frames() as frames:
        promotions = load_promotions(frames)
    if promotions.num_rows == 0:
        return
    former = dict(zip(promotions["alias_key"].to_pylist(), promotions["account_key"].to_pylist(), strict=True))
    with context.writing_frames() as frames:
        _merge_accounts(frames, former)
        _merge_spans(frames, former)
        _merge_snapshots(frames, former)
        rename_accounts(frames, former)
        as_of = pa.array([to_micros(context.as_of)] * len(former), pa.int64())
        frames.insert(AccountAlias, promotions.append_column("created_at", as_of))
    context.crashpoint(STAGE)


def _merge_accounts(frames: FrameWriter, former: dict[str, str]) -> None:
    accounts = KnownAccounts(frames.matching(CreatorAccount, _keys("account_key", {*former, *former.values()})))
    for old, new in sorted(former.items()):
        accounts.merge(old, new)
    frames.delete(CreatorAccount, _keys("account_key", former))
    frames.upsert(CreatorAccount, accounts.frame(arrow_schema(CreatorAccount)), update=_ACCOUNT_UPDATES)


def _merge_spans(frames: FrameWriter, former: dict[str, str]) -> None:
    keys = _keys("account_key", former)
    spans: _Spans = {}
    for row in frames.matching(HandleSpan, keys).to_pylist():
        _widen(spans, (former[row["account_key"]], row["handle"]), row["first_seen"], row["last_seen"])
    frames.delete(HandleSpan, keys)
    _save_spans(frames, spans)


def _merge_snapshots(frames: FrameWriter, former: dict[str, str]) -> None:
    keys = _keys("entity_key", former).append_column("entity_kind", pa.array(["account"] * len(former), pa.string()))
    measured: dict[SnapshotKey, Measured] = {}
    for key, found in read_snapshots(frames.matching(MetricSnapshot, keys)).items():
        renamed = key._replace(entity_key=former[key.entity_key])
        measured[renamed] = max(found, measured.get(renamed, found))
    frames.delete(MetricSnapshot, keys)
    save_snapshots(frames, measured)


_ACTIVITY_SQL = f"""
    SELECT a.account_key, a.last_seen, c.last_content_at, coalesce(c.last_content_at, {MISSING}) AS known_content_at,
           b.bucket AS former_bucket, b.since AS former_since
    FROM accounts a
    LEFT JOIN content c ON c.account_key = a.account_key
    LEFT JOIN former b ON b.account_key = a.account_key
    ORDER BY a.account_key
"""  # noqa: S608
_STALE_SQL = "SELECT account_key FROM former ANTI JOIN accounts USING (account_key) ORDER BY account_key"


def _update_activity(context: Context) -> dict[str, int]:
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


# --- from raw bytes alone -----------------------------------------------------------------------------------------


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
    intake = _Intake(scratch, report, _delivered_before(scratch))
    with _rare_collections():
        for payload in payloads:
            intake.take_again(payload)
    _mark_states(scratch, intake, {payload.source for payload in payloads if payload.mode == "full"})
    _promote(scratch)


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
