"""Checked records as the store keeps them: which fields merge, and the numbers that are worth a series."""

from typing import Any, NamedTuple

from base.fingerprint import canonical_json
from ingest import platforms
from ingest.merge import FieldOrder
from ingest.records import AccountRecord, ContentRecord, Entity, Kind

#: Append, never reorder: rows remember these fields by position.
ACCOUNT_FIELDS = FieldOrder((
    "handle", "display_name", "bio", "website", "email", "external_urls", "profile_image_url", "platform_topics",
    "country", "language", "followers", "following", "content_count", "total_views", "verified", "platform_created_at",
))  # fmt: skip
CONTENT_FIELDS = FieldOrder((
    "account_key", "content_type", "subtype", "title_or_caption", "description", "url", "language", "duration_seconds",
    "published_at", "views", "likes", "comments",
))  # fmt: skip
#: what a field is in the store while no payload has carried it
ACCOUNT_DEFAULTS: dict[str, Any] = dict.fromkeys(ACCOUNT_FIELDS.names) | {
    "external_urls": "[]",
    "platform_topics": "[]",
}
CONTENT_DEFAULTS: dict[str, Any] = dict.fromkeys(CONTENT_FIELDS.names)

_LISTS = ("external_urls", "platform_topics")
_NOT_FIELDS = frozenset({"platform", "platform_user_id", "platform_content_id", "handle", "first_seen", "created_at"})
#: record field → metric
_METRICS: dict[Kind, dict[str, str]] = {
    "account": {
        "followers": "followers",
        "following": "following",
        "content_count": "content_count",
        "total_views": "views",
    },
    "content": {"views": "views", "likes": "likes", "comments": "comments"},
}


class Metric(NamedTuple):
    """One measured number; None means that the platform hides it."""

    name: str
    value: int | None
    definition_version: str
    precision: str


def account_values(record: AccountRecord) -> dict[str, Any]:
    """The fields a payload carried about an account, as stored."""
    carried, values = record.model_fields_set, record.__dict__
    found = {name: values[name] for name in carried if name not in _NOT_FIELDS}
    for name in _LISTS:
        if name in found:
            found[name] = canonical_json(found[name]) if found[name] else "[]"
    if record.handle:  # without one the account keeps the handle it is known by
        found["handle"] = record.handle
    if "created_at" in carried:
        found["platform_created_at"] = record.created_at
    return found


def content_values(record: ContentRecord, account_key: str) -> dict[str, Any]:
    """The fields a payload carried about an item, as stored."""
    values = record.__dict__
    found = {name: values[name] for name in record.model_fields_set if name not in _NOT_FIELDS}
    found["account_key"] = account_key
    return found


def usual_content_type(platform: str) -> str:
    """What an item is taken for while no payload says."""
    return "video" if platform in {"youtube", "tiktok"} else "post"


def metrics_of(entity: Entity) -> list[Metric]:
    """The numbers a payload carried. An empty cell of a rows file is unknown, not hidden: it makes no snapshot."""
    record = entity.record
    kind: Kind = "account" if isinstance(record, AccountRecord) else "content"
    content_type = _content_type(record) if isinstance(record, ContentRecord) else None
    carried, values, names = record.__pydantic_fields_set__, record.__dict__, _METRICS[kind]
    meanings = platforms.meanings(record.platform, kind, tuple(names.values()), content_type, entity.fetched_at)
    return [
        Metric(metric, values[name], version, "hidden" if values[name] is None else precision)
        for (name, metric), (version, precision) in zip(names.items(), meanings, strict=True)
        if name in carried and (values[name] is not None or entity.pointer)
    ]


def _content_type(record: ContentRecord) -> str:
    return record.content_type if "content_type" in record.model_fields_set else usual_content_type(record.platform)
