"""The whole schema on one page. Tables hold trusted rows: `ingest/records.py` validates at the border.

Conventions: keys are text; instants are `_at` columns (and `first_seen`, `last_seen`, `since`, `as_of`) stored as
microseconds since 1970 UTC; vectors are little-endian float16, unit norm; JSON is canonical text; NULL means
"unknown", never zero. Every table has exactly one writer, named in WRITERS and held by a test.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, PrimaryKeyConstraint, Text, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from base.clock import from_micros, to_micros

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING_CONVENTION
METADATA: MetaData = SQLModel.metadata


class UtcMicros(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as a 64-bit count of microseconds: one format, sortable, the same everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        return to_micros(value) if isinstance(value, datetime) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


class PlainText(Text):
    """Text in the order of its bytes, as SQLite and our own code sort; a Postgres database may have another order."""


@compiles(PlainText, "postgresql")
def _in_byte_order(_type: PlainText, _compiler: Any, **_options: Any) -> str:
    # Not Text(collation="C"): parameters would be cast with it too, which BETWEEN cannot take.
    return 'TEXT COLLATE "C"'


def _key(**options: Any) -> Any:
    return Field(primary_key=True, sa_type=PlainText, **options)


def _text(**options: Any) -> Any:
    return Field(sa_type=PlainText, **options)


def _count(**options: Any) -> Any:
    return Field(sa_type=BigInteger, **options)


def _instant(**options: Any) -> Any:
    return Field(sa_type=UtcMicros, **options)


#: SQLite keeps such rows in the tree of their key, not in one of their own beside it: worth it where rows are narrow
_STORED_BY_KEY = {"sqlite_with_rowid": False}


# --- what arrived -----------------------------------------------------------------------------------------------


class RawPayload(SQLModel, table=True):
    """Bytes as delivered, kept under their sha256 in the raw store before anything is parsed."""

    __tablename__ = "raw_payloads"
    sha256: str = _key()
    #: capture (API responses, one per line) · response (one API response) · rows (CSV, JSONL or Parquet file)
    media: str = _text()
    source: str = _text()
    #: file name as given, without its folder
    origin: str = _text()
    #: the source contract (JSON) by which rows were read; NULL for API payloads
    contract: str | None = _text(default=None)
    mode: str = _text(default="delta")
    byte_length: int = _count()
    #: `as_of` of the run it was delivered to; stands in where the payload does not say when it was fetched
    fetched_at: datetime = _instant()


class RawEntity(SQLModel, table=True):
    """Where one account or content item stands inside a raw payload, so that it can be cut out later."""

    __tablename__ = "raw_entities"
    __table_args__ = _STORED_BY_KEY
    entity_key: str = _key()
    entity_kind: str = _key()
    sha256: str = _key()
    #: 1-based line or row; 1 for a single response
    line: int = Field(primary_key=True, sa_type=BigInteger)
    #: JSON pointer inside that line, "" for a row
    pointer: str = _key(default="")


class RejectedPayloadRow(SQLModel, table=True):
    """A row that could not be taken, with what a person needs to mend it."""

    __tablename__ = "rejected_rows"
    sha256: str = _key()
    line: int = Field(primary_key=True, sa_type=BigInteger)
    pointer: str = _key(default="")
    field: str = _key(default="")
    origin: str = _text()
    reason: str = _text()
    hint: str = _text(default="")


class CreatorAccount(SQLModel, table=True):
    """One profile on one platform, as last delivered."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("platform", "platform_user_id"),
        Index(None, "platform", "handle"),
    )
    #: `platform:platform_user_id`, or provisionally `platform:@handle`
    account_key: str = _key()
    platform: str = _text()
    platform_user_id: str | None = _text(default=None)
    #: case-folded, without "@"
    handle: str | None = _text(default=None)
    display_name: str | None = _text(default=None)
    bio: str | None = _text(default=None)
    website: str | None = _text(default=None)
    email: str | None = _text(default=None)
    #: JSON list
    external_urls: str = _text(default="[]")
    profile_image_url: str | None = _text(default=None)
    #: JSON list of the platform's own topic names
    platform_topics: str = _text(default="[]")
    country: str | None = _text(default=None)
    language: str | None = _text(default=None)
    followers: int | None = _count(default=None)
    following: int | None = _count(default=None)
    content_count: int | None = _count(default=None)
    total_views: int | None = _count(default=None)
    verified: bool | None = None
    platform_created_at: datetime | None = _instant(default=None)
    #: stored once: it anchors the creator id
    first_seen: datetime = _instant()
    #: when the newest payload about it was fetched
    last_seen: datetime = _instant()
    source: str = _text()
    #: live · gone
    state: str = _text(default="live")
    #: the newest raw payload about it; "" while it is only known as the owner of content
    raw_sha256: str = _text()
    #: which payload last carried which field, so that the order of delivery does not matter: JSON object
    #: "fetched_at:sha256" → bit mask, "" for the newest payload (ingest/merge.py)
    carried: str | None = _text(default=None)


class AccountAlias(SQLModel, table=True):
    """A key that once named an account (its provisional handle key) and the key that names it now."""

    __tablename__ = "account_aliases"
    alias_key: str = _key()
    account_key: str = Field(sa_type=PlainText, index=True)
    created_at: datetime = _instant()


class HandleSpan(SQLModel, table=True):
    """A handle an account was seen with, from the first to the last sighting."""

    __tablename__ = "handle_history"
    __table_args__ = _STORED_BY_KEY
    account_key: str = _key()
    handle: str = _key()
    first_seen: datetime = _instant()
    last_seen: datetime = _instant()


class AccountActivity(SQLModel, table=True):
    """How often an account is due, and why."""

    __tablename__ = "account_activity"
    __table_args__ = _STORED_BY_KEY
    account_key: str = _key()
    #: active · semi_active · long_tail
    bucket: str = _text()
    reason: str = _text()
    last_content_at: datetime | None = _instant(default=None)
    next_due_at: datetime = Field(sa_type=UtcMicros, index=True)
    #: when the bucket last changed
    since: datetime = _instant()


class ContentItem(SQLModel, table=True):
    """One video, short or post."""

    __tablename__ = "content_items"
    __table_args__ = (Index(None, "account_key", "published_at"), Index(None, "published_at"))
    #: `platform:platform_content_id`
    content_key: str = _key()
    account_key: str = _text()
    platform: str = _text()
    platform_content_id: str = _text()
    #: video · short · post
    content_type: str = _text()
    #: the platform's finer word: reel, carousel, live, story, …
    subtype: str | None = _text(default=None)
    title_or_caption: str | None = _text(default=None)
    description: str | None = _text(default=None)
    url: str | None = _text(default=None)
    language: str | None = _text(default=None)
    duration_seconds: int | None = _count(default=None)
    published_at: datetime | None = _instant(default=None)
    views: int | None = _count(default=None)
    likes: int | None = _count(default=None)
    comments: int | None = _count(default=None)
    fetched_at: datetime = _instant()
    raw_sha256: str = _text()
    #: which payload last carried which field, so that the order of delivery does not matter: JSON object
    #: "fetched_at:sha256" → bit mask, "" for the newest payload (ingest/merge.py)
    carried: str | None = _text(default=None)


class MetricSnapshot(SQLModel, table=True):
    """One measured number at one instant. Append-only; NULL means the platform hides it."""

    __tablename__ = "metric_snapshots"
    # By time: a night is appended, and a month is one stretch. In Postgres each month is a partition besides, made
    # before its first row is loaded (store/partitions.py).
    __table_args__ = (
        PrimaryKeyConstraint("as_of", "entity_kind", "entity_key", "metric"),
        _STORED_BY_KEY | {"postgresql_partition_by": "RANGE (as_of)"},
    )
    #: account · content
    entity_kind: str = _key()
    entity_key: str = _key()
    metric: str = _key()
    as_of: datetime = Field(primary_key=True, sa_type=UtcMicros)
    value: int | None = _count(default=None)
    source: str = _text()
    #: a platform redefines its counts; a series never spans two versions silently
    definition_version: str = _text()
    #: exact · rounded_3sf · hidden
    precision: str = _text()


# --- vectors ----------------------------------------------------------------------------------------------------


class ContentVector(SQLModel, table=True):
    __tablename__ = "content_vectors"
    __table_args__ = (Index(None, "recipe_fingerprint", "input_fingerprint"),)
    content_key: str = _key()
    recipe_fingerprint: str = _key()
    #: sha256 of the embedded text
    input_fingerprint: str = _text()
    vector: bytes = Field(sa_type=LargeBinary)
    updated_at: datetime = _instant()


class AccountVector(SQLModel, table=True):
    __tablename__ = "account_vectors"
    __table_args__ = (Index(None, "recipe_fingerprint", "input_fingerprint"),)
    account_key: str = _key()
    #: `platform_bio` or `platform_content`
    field: str = _key()
    recipe_fingerprint: str = _key()
    input_fingerprint: str = _text()
    vector: bytes = Field(sa_type=LargeBinary)
    updated_at: datetime = _instant()


class CreatorVector(SQLModel, table=True):
    __tablename__ = "creator_vectors"
    creator_id: str = _key()
    field: str = _key()
    recipe_fingerprint: str = _key()
    input_fingerprint: str = _text()
    vector: bytes = Field(sa_type=LargeBinary)
    updated_at: datetime = _instant()


class News(SQLModel, table=True):
    """A word for a stage that looks at news only; noted by triggers (store/triggers.py)."""

    __tablename__ = "news"
    __table_args__ = _STORED_BY_KEY
    #: the stage
    reader: str = _key()
    #: account · content · creator · due
    entity_kind: str = _key()
    entity_key: str = _key()


class NewsBasis(SQLModel, table=True):
    """What all that is no news to a stage was looked at under: settings, code. Without it nothing is noted for it."""

    __tablename__ = "news_basis"
    __table_args__ = _STORED_BY_KEY
    reader: str = _key()
    basis: str = _text()


# --- who is who -------------------------------------------------------------------------------------------------


class Creator(SQLModel, table=True):
    """A person or brand behind accounts."""

    __tablename__ = "creators"
    creator_id: str = _key()
    name: str = _text()
    handle: str | None = _text(default=None)
    profile_image_url: str | None = _text(default=None)
    anchor_account_key: str = _text()
    #: JSON list, sorted
    platforms: str = _text()
    account_count: int = _count()
    #: derived: the sum over platforms; NULL when every count is hidden
    followers_total: int | None = Field(default=None, sa_type=BigInteger, index=True)
    #: JSON object platform → followers
    followers_by_platform: str = _text()
    country: str | None = _text(default=None)
    language: str | None = _text(default=None)
    first_seen: datetime = _instant()
    #: probability of the weakest link that holds it together; NULL for a single account
    weakest_link_probability: float | None = None
    updated_at: datetime = _instant()


class CreatorAlias(SQLModel, table=True):
    """A retired creator id and the id that answers for it now, for ever."""

    __tablename__ = "creator_aliases"
    retired_id: str = _key()
    creator_id: str = Field(sa_type=PlainText, index=True)
    retired_at: datetime = _instant()


class CreatorMember(SQLModel, table=True):
    __tablename__ = "members"
    account_key: str = _key()
    creator_id: str = Field(sa_type=PlainText, index=True)
    since: datetime = _instant()


class CreatorChange(SQLModel, table=True):
    """The change feed: what happened to creator ids. An id that merely survived writes no row."""

    __tablename__ = "creator_changes"
    as_of: datetime = Field(primary_key=True, sa_type=UtcMicros)
    creator_id: str = _key()
    #: mint · merge · split · retire
    change: str = _key()
    #: the id it merged with, split from, or is answered by; "" when there is none
    other_id: str = _key(default="")


class MemberChange(SQLModel, table=True):
    """The other half of the change feed: an account that came under a creator, moved to another one, or left.

    One row per account and `as_of`: where it was before, and where it is since. A key that gave way to another (a
    provisional one, when the id arrives) left, and the other came.
    """

    __tablename__ = "member_changes"
    as_of: datetime = Field(primary_key=True, sa_type=UtcMicros)
    account_key: str = _key()
    #: "" when it left
    creator_id: str = _text()
    #: "" when it came
    former_id: str = _text()


class CandidatePair(SQLModel, table=True):
    """Two accounts that were compared, and what the comparison said."""

    __tablename__ = "candidate_pairs"
    __table_args__ = (Index(None, "triage", "match_weight_bits"), Index(None, "right"))
    #: account keys, left < right
    left: str = _key()
    right: str = _key()
    #: bit mask of the blocking rules that proposed it
    rules: int = _count()
    #: one character per comparison of the model, in its order: the level reached
    levels: str = _text()
    match_weight_bits: float
    match_probability: float
    #: link · review · separate
    triage: str = _text()
    model_fingerprint: str = _text()


class ValueCount(SQLModel, table=True):
    """How many people seem to carry a value (an e-mail, a site, a handle stem): rarity, as exact stored integers.

    Counted on the platform where it is most common, so that a person's accounts elsewhere do not count twice.
    """

    __tablename__ = "value_counts"
    kind: str = _key()
    value: str = _key()
    count: int = _count()


class IdentityNight(SQLModel, table=True):
    """One row: a name for what is stored of creators, members, pairs, counts and relations, new with every change.

    Who remembers the outcome of a night by its name knows what is stored without reading it.
    """

    __tablename__ = "identity_nights"
    night: str = _key()


class JudgementRow(SQLModel, table=True):
    """A human decision about two accounts. Append-only; the newest per pair wins."""

    __tablename__ = "judgements"
    left: str = _key()
    right: str = _key()
    decided_at: datetime = Field(primary_key=True, sa_type=UtcMicros)
    reviewer: str = _key()
    #: same · different · unsure
    verdict: str = _text()
    note: str = _text(default="")


class JudgementGrounds(SQLModel, table=True):
    """What the two accounts of a judgement said of themselves and of each other when it was made. Append-only."""

    __tablename__ = "judgement_grounds"
    left: str = _key()
    right: str = _key()
    decided_at: datetime = Field(primary_key=True, sa_type=UtcMicros)
    reviewer: str = _key()
    #: JSON objects of `identity/grounds.py`
    left_grounds: str = _text()
    right_grounds: str = _text()


class JudgementFlag(SQLModel, table=True):
    """A judgement whose grounds are no longer what they were: worth a second look, never reversed by the machine."""

    __tablename__ = "judgement_flags"
    #: account keys as they are now, left < right
    left: str = _key()
    right: str = _key()
    #: handle_handed_over · renamed · claim_appeared · claim_vanished · email_changed_owner · site_changed_owner
    reason: str = _key()
    #: a sentence for the reviewer
    detail: str = _text()
    #: the judgement it is about: a newer one clears it
    decided_at: datetime = _instant()
    #: the run that saw it first
    as_of: datetime = _instant()


class AccountRelation(SQLModel, table=True):
    """What an account is to another one without being the same creator's."""

    __tablename__ = "account_relations"
    __table_args__ = (Index(None, "target"),)
    #: account keys: the source is a fan of, impersonates, is managed by, or is the regional page of the target
    source: str = _key()
    #: fan_of · impersonates · managed_by · regional_of
    kind: str = _key()
    target: str = _key()
    #: the rule of `identity/relations.py` that found it
    basis: str = _text()
    #: a sentence for the reviewer, with the words it rests on
    detail: str = _text()
    since: datetime = _instant()


# --- what a creator is about --------------------------------------------------------------------------------------


class Enrichment(SQLModel, table=True):
    """One answer about one creator. Former answers stay as history; `is_current` marks the one in force."""

    __tablename__ = "enrichments"
    creator_id: str = _key()
    input_fingerprint: str = _key()
    recipe_fingerprint: str = _key()
    is_current: bool = Field(index=True)
    #: offline · llm · cascade
    provenance: str = _text()
    #: new · recipe_changed · input_changed · identity_changed · aged · drifted · relabelled
    reason: str = _text()
    #: taxonomy id, or `other` when it abstains
    primary_niche: str = Field(sa_type=PlainText, index=True)
    #: JSON list of at most three ids
    secondary_niches: str = _text()
    content_style: str | None = _text(default=None)
    llm_summary: str = _text()
    account_kind: str = _text()
    language: str | None = _text(default=None)
    #: low · medium · high
    confidence: str = _text()
    #: JSON list of the dossier items that speak for the answer
    evidence: str = _text()
    #: JSON list, e.g. summary_outside_target
    flags: str = _text()
    model: str = _text()
    prompt_version: str | None = _text(default=None)
    taxonomy_version: str = _text()
    cost_usd: float = 0.0
    #: when it was given
    created_at: datetime = _instant()
    #: when it last came into force: later than it was given where it came back, or got other ids for retired ones
    in_force_since: datetime = _instant()


class EnrichmentState(SQLModel, table=True):
    """What the plan remembers of a creator from night to night. Derived: without it, the plan only looks more often."""

    __tablename__ = "enrichment_states"
    creator_id: str = _key()
    #: the instant of the answer that the row is about; a row about another answer than the one in force is void
    answered_at: datetime | None = _instant(default=None)
    #: of everything a labeller may look at, when the answer was known to stand for it
    input_fingerprint: str | None = _text(default=None)
    #: the same, when drift was measured last, and what was found
    drift_input: str | None = _text(default=None)
    drift: float | None = None
    new_items: int | None = _count(default=None)
    #: evaluations in a row that found at least the soft shift
    streak: int = _count(default=0)
    #: the first of the nights, in a row, in which it was due and did not get its turn
    deferred_since: datetime | None = _instant(default=None)
    #: embedding recipe of the reference: the posts that were there when a model answered last
    reference_recipe: str | None = _text(default=None)
    #: posts published later are new
    reference_until: datetime | None = _instant(default=None)
    reference_posts: int | None = _count(default=None)
    reference_mean: bytes | None = Field(default=None, sa_type=LargeBinary)
    #: sum of the posts' squared norms
    reference_squares: float | None = None


class LlmCall(SQLModel, table=True):
    """The spend ledger: one row per paid request, written before it leaves. Money: whole billionths of a dollar."""

    __tablename__ = "llm_calls"
    __table_args__ = (
        Index(
            "ix_llm_calls_open",
            "call_id",
            sqlite_where=text("state = 'intent'"),
            postgresql_where=text("state = 'intent'"),
        ),
    )
    call_id: str = _key()
    run_id: str = Field(sa_type=PlainText, index=True)
    #: the UTC date of the run's `as_of`: what a budget per night adds up over
    night: str = Field(sa_type=PlainText, index=True)
    #: enrichment · embedding
    purpose: str = _text()
    #: creator id; of an embedding: the hash of its texts
    subject: str = Field(sa_type=PlainText, index=True)
    #: with the effort it was asked for
    model: str = _text()
    prompt_version: str | None = _text(default=None)
    #: why the subject was due, e.g. new, drifted
    reason: str | None = _text(default=None)
    request_hash: str = _text()
    #: from 1: how often this run asked about the subject
    attempt: int = _count()
    #: the batch it went out with; NULL: on its own
    batch_key: str | None = _text(default=None)
    #: intent · settled (answered) · failed (with whatever it cost) · unknown (counts in full) · released (never ran)
    state: str = _text()
    #: RATE, QUOTA, SERVER, …; of a settled call INVALID: an answer that was paid for and of no use
    error_class: str | None = _text(default=None)
    #: the vendor's name for the request
    request_id: str | None = _text(default=None)
    #: the most it can cost
    reserved_nano_usd: int = _count()
    cost_nano_usd: int | None = _count(default=None)
    input_tokens: int | None = _count(default=None)
    cached_tokens: int | None = _count(default=None)
    cache_write_tokens: int | None = _count(default=None)
    output_tokens: int | None = _count(default=None)
    reasoning_tokens: int | None = _count(default=None)
    created_at: datetime = _instant()
    settled_at: datetime | None = _instant(default=None)


class EnrichmentFailure(SQLModel, table=True):
    """A creator that got no labels from this input under this recipe: asking again would pay for the same failure."""

    __tablename__ = "enrichment_failures"
    creator_id: str = _key()
    input_fingerprint: str = _key()
    recipe_fingerprint: str = _key()
    error_class: str = _text()
    #: what was wrong, in our own words
    detail: str = _text()
    run_id: str = _text()
    failed_at: datetime = _instant()
    #: False: the one repair is still to be asked for, with the next batch
    is_final: bool = True


class LlmBatch(SQLModel, table=True):
    """A file of paid requests on its way through a vendor's batch service; each state is written before what it allows.

    prepared (the file is on the disk, its calls are in the ledger) → uploaded → submitting (the request to run it may
    have left) → submitted → harvested; failed: the vendor took none of it; lost: the vendor knows it no more.
    """

    __tablename__ = "llm_batches"
    #: run id and number; the vendor keeps it with the batch, so that it is found again
    batch_key: str = _key()
    run_id: str = _text()
    model: str = _text()
    recipe_fingerprint: str = _text()
    prompt_version: str | None = _text(default=None)
    #: of the file
    sha256: str = _text()
    requests: int = _count()
    #: as the vendor's queue counts them: an estimate, rather too high
    input_tokens: int = _count()
    state: str = Field(sa_type=PlainText, index=True)
    #: the vendor's own word for how far it is
    status: str | None = _text(default=None)
    file_id: str | None = _text(default=None)
    batch_id: str | None = _text(default=None)
    #: the vendor's word for why it took none of it, e.g. token_limit_exceeded
    fault: str | None = _text(default=None)
    #: requests that came back with an answer, good or bad, and requests that never ran and are asked again
    answered: int = _count(default=0)
    returned: int = _count(default=0)
    created_at: datetime = _instant()
    #: when the request to run it left
    sent_at: datetime | None = _instant(default=None)
    finished_at: datetime | None = _instant(default=None)


# --- runs -------------------------------------------------------------------------------------------------------


class Run(SQLModel, table=True):
    """One command that worked on the store, and its manifest."""

    __tablename__ = "runs"
    run_id: str = _key()
    command: str = _text()
    as_of: datetime = _instant()
    #: running · done · failed
    state: str = _text()
    exit_code: int | None = None
    #: JSON: what it was asked to do
    inputs: str = _text()
    #: JSON: the deterministic part of the manifest
    content: str = _text(default="{}")
    #: JSON: times, machine, cost
    execution: str = _text(default="{}")
    error: str | None = _text(default=None)
    started_at: datetime = _instant()
    finished_at: datetime | None = _instant(default=None)


#: table → the one module that writes it
WRITERS: dict[str, str] = {
    "raw_payloads": "jobs.ingest_accounts",
    "raw_entities": "jobs.ingest_accounts",
    "rejected_rows": "jobs.ingest_accounts",
    "accounts": "jobs.ingest_accounts",
    "account_aliases": "jobs.ingest_accounts",
    "handle_history": "jobs.ingest_accounts",
    "account_activity": "jobs.ingest_accounts",
    "content_items": "jobs.ingest_accounts",
    "metric_snapshots": "jobs.ingest_accounts",
    "content_vectors": "jobs.embed_accounts",
    "account_vectors": "jobs.embed_accounts",
    "news": "jobs.news",
    "news_basis": "jobs.news",
    "creators": "jobs.resolve_creators",
    "creator_aliases": "jobs.resolve_creators",
    "members": "jobs.resolve_creators",
    "creator_changes": "jobs.resolve_creators",
    "member_changes": "jobs.resolve_creators",
    "candidate_pairs": "jobs.resolve_creators",
    "value_counts": "jobs.resolve_creators",
    "account_relations": "jobs.resolve_creators",
    "identity_nights": "jobs.resolve_creators",
    "judgement_flags": "jobs.flag_judgements",
    "enrichments": "jobs.enrich_creators",
    "enrichment_states": "jobs.remember_plan",
    "enrichment_failures": "jobs.enrich_creators",
    "llm_calls": "jobs.spend_ledger",
    "llm_batches": "jobs.batches",
    "creator_vectors": "jobs.embed_creators",
    "judgements": "review.decide",
    "judgement_grounds": "review.decide",
    "runs": "jobs.runner",
}
