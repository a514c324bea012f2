"""Checked records as the store keeps them: which fields merge, and what the store calls them."""

from ingest.merge import FieldOrder
from ingest.records import Kind

#: Append, never reorder: rows remember these fields by position.
ACCOUNT_FIELDS = FieldOrder((
    "handle", "display_name", "bio", "website", "email", "external_urls", "profile_image_url", "platform_topics",
    "country", "language", "followers", "following", "content_count", "total_views", "verified", "platform_created_at",
))  # fmt: skip
CONTENT_FIELDS = FieldOrder((
    "account_key", "content_type", "subtype", "title_or_caption", "description", "url", "language", "duration_seconds",
    "published_at", "views", "likes", "comments",
))  # fmt: skip
FIELD_ORDERS: dict[Kind, FieldOrder] = {"account": ACCOUNT_FIELDS, "content": CONTENT_FIELDS}
#: fields that the store calls by another name
STORED_NAMES = {"created_at": "platform_created_at"}
#: fields that hold a list, kept as JSON
LISTS = ("external_urls", "platform_topics")


def usual_content_type(platform: str) -> str:
    """What an item is taken for while no payload says."""
    return "video" if platform in {"youtube", "tiktok"} else "post"
