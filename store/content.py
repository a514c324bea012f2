"""Content items: what the stage that takes them in asks of all of them."""

from datetime import datetime

import pyarrow as pa
from sqlalchemy import case, func, select
from sqlmodel import col

from store.bulk import FrameReader
from store.tables import ContentItem, UtcMicros


def load_last_content(frames: FrameReader, as_of: datetime) -> pa.Table:
    """account_key, last_content_at: the newest item until `as_of`, else the soonest that is dated later."""
    published = col(ContentItem.published_at)
    past = func.max(case((published <= as_of, published)))
    latest = func.coalesce(past, func.min(published), type_=UtcMicros()).label("last_content_at")
    columns = [col(ContentItem.account_key), latest]
    return frames.read(
        select(*columns)
        .where(published.is_not(None))
        .group_by(col(ContentItem.account_key))
        .order_by(col(ContentItem.account_key))
    )
