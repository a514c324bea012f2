"""What changed since the embed stage last looked at it, as triggers note it; and under what it looked at the rest."""

from typing import Any

import pyarrow as pa
from sqlalchemy import Delete, Select, Text, delete, insert, literal, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from store.bulk import FrameReader, FrameWriter
from store.tables import ContentItem, ContentVector, CreatorAccount, EmbeddingBasis, EmbeddingNews


def holds_basis(frames: FrameReader, basis: str) -> bool:
    """Whether everything but the news was embedded under just this basis."""
    return bool(frames.read(select(col(EmbeddingBasis.basis)).where(col(EmbeddingBasis.basis) == basis)).num_rows)


def begin_anew(frames: FrameWriter, basis: str) -> None:
    """Make every account news, to be worked off under this basis."""
    frames.execute(delete(EmbeddingBasis))
    frames.execute(delete(EmbeddingNews))
    every = select(literal("account", Text), col(CreatorAccount.account_key))
    frames.execute(insert(EmbeddingNews).from_select(["entity_kind", "entity_key"], every))
    frames.load(EmbeddingBasis, pa.table({"basis": [basis]}))


def accounts_with_news() -> Select[Any]:
    """One `entity_key` per account to look at, in order; it may be gone."""
    return _keys("account").order_by(col(EmbeddingNews.entity_key))


def has_news(account_key: Any) -> ColumnElement[bool]:
    """A condition on the key of an account."""
    return account_key.in_(_keys("account"))  # type: ignore[no-any-return]


def forget_accounts(first: str, last: str) -> Delete:
    """The accounts of a range have been looked at."""
    of_range = col(EmbeddingNews.entity_key).between(first, last)
    return delete(EmbeddingNews).where(col(EmbeddingNews.entity_kind) == "account", of_range)


def strays_with_news(recipe: str) -> Delete:
    """Vectors of a recipe whose item left since the last look."""
    item = select(col(ContentItem.content_key)).where(col(ContentItem.content_key) == col(ContentVector.content_key))
    left = col(ContentVector.content_key).in_(_keys("content"))
    return delete(ContentVector).where(left, col(ContentVector.recipe_fingerprint) == recipe, ~item.exists())


def forget_items() -> Delete:
    """The items that left have been looked at."""
    return delete(EmbeddingNews).where(col(EmbeddingNews.entity_kind) == "content")


def _keys(kind: str) -> Select[Any]:
    statement: Select[Any] = select(col(EmbeddingNews.entity_key))
    return statement.where(col(EmbeddingNews.entity_kind) == kind)
