"""Valid rows by default: a test names only what matters to it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy.engine import URL

from base.clock import to_micros
from jobs.context import Context
from jobs.settings import read_settings
from store.bulk import arrow_schema
from store.session import Store
from store.tables import ContentItem, CreatorAccount, MetricSnapshot

AS_OF = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
#: database → the home its test keeps beside it
HOMES: dict[URL, Path] = {}


def an_account(handle: str = "ann", platform: str = "youtube", **values: Any) -> CreatorAccount:
    user_id = values.pop("platform_user_id", f"id-{handle}")
    defaults: dict[str, Any] = {
        "account_key": f"{platform}:{user_id}",
        "platform": platform,
        "platform_user_id": user_id,
        "handle": handle,
        "display_name": handle.title(),
        "first_seen": AS_OF,
        "last_seen": AS_OF,
        "source": "test",
        "raw_sha256": "0" * 64,
    }
    return CreatorAccount(**(defaults | values))


def an_item(account_key: str, content_id: str, **values: Any) -> ContentItem:
    platform = account_key.split(":")[0]
    defaults: dict[str, Any] = {
        "content_key": f"{platform}:{content_id}",
        "account_key": account_key,
        "platform": platform,
        "platform_content_id": content_id,
        "content_type": "video" if platform == "youtube" else "post",
        "title_or_caption": f"Item {content_id}",
        "published_at": AS_OF,
        "fetched_at": AS_OF,
        "raw_sha256": "0" * 64,
    }
    return ContentItem(**(defaults | values))


def a_snapshot(as_of: datetime = AS_OF, **values: Any) -> dict[str, Any]:
    """A row for `put_snapshots`."""
    defaults: dict[str, Any] = {
        "entity_kind": "account",
        "entity_key": "youtube:1",
        "metric": "followers",
        "as_of": to_micros(as_of),
        "value": None,
        "source": "test",
        "definition_version": "v1",
        "precision": "hidden",
    }
    return defaults | values


def put_snapshots(store: Store, *rows: dict[str, Any]) -> None:
    """Snapshots go in as frames: that makes the partitions of their months."""
    with store.writing_frames() as frames:
        frames.insert(MetricSnapshot, pa.Table.from_pylist(list(rows), arrow_schema(MetricSnapshot)))


def a_context(store: Store, **overrides: Any) -> Context:
    """A context over `store` with default settings, in its home."""
    settings = read_settings(home=home_of(store), **overrides)
    return Context(settings=settings, store=store, run_id="run-test", as_of=AS_OF)


def home_of(store: Store) -> Path:
    """The folder of the test that opened this store."""
    return HOMES[store.url]


def address_of(store: Store) -> str:
    """The address for another process to open."""
    return store.url.render_as_string(hide_password=False)


def open_store(address: str, home: str) -> Store:
    """What another process does with `address_of` and `home_of` a store."""
    store = Store(address)
    HOMES[store.url] = Path(home)
    return store
