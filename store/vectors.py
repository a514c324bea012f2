"""Queries for vectors: the texts they are made of, which stand already, and what they are averaged from.

Ranges are of keys, both ends included: a stage walks the accounts or creators range by range. Of a range only those
are read about which there is news (store/news.py).
"""

from typing import Any

from sqlalchemy import BigInteger, Delete, Select, Text, and_, case, cast, delete, func, literal, or_, select, true
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from store.news import has_news
from store.planning import unindexed
from store.tables import AccountVector, ContentItem, ContentVector, CreatorAccount, CreatorMember, CreatorVector
from store.triggers import Reader, Word

#: of a description is read: its start says what the item is about
DESCRIPTION_CHARACTERS = 1_000
#: a count above this is a broken one; sums of thousands of these still fit into 64 bits
MOST_COUNTED = 2**40


def account_keys() -> Select[Any]:
    """Every account."""
    return select(col(CreatorAccount.account_key))


def bios(first: str, last: str) -> Select[Any]:
    """The accounts with news that have a bio."""
    return (
        _select(
            col(CreatorAccount.account_key),
            col(CreatorAccount.platform),
            col(CreatorAccount.display_name),
            col(CreatorAccount.bio),
        )
        .where(_has_news(col(CreatorAccount.account_key), first, last), _has_text(col(CreatorAccount.bio)))
        .order_by(col(CreatorAccount.account_key))
    )


def recent_items(first: str, last: str, per_account: int) -> Select[Any]:
    """The newest items with a text of each account with news."""
    place = func.row_number().over(
        partition_by=col(ContentItem.account_key),
        order_by=(col(ContentItem.published_at).desc().nulls_last(), col(ContentItem.content_key)),
    )
    description = func.substr(col(ContentItem.description), 1, DESCRIPTION_CHARACTERS, type_=Text)
    ranked = (
        select(
            col(ContentItem.content_key),
            col(ContentItem.account_key),
            col(ContentItem.platform),
            col(ContentItem.title_or_caption),
            description.label("description"),
            _seen_at().label("seen_at"),
            _engagement().label("engagement"),
            place.label("place"),
        )
        .where(
            _has_news(col(ContentItem.account_key), first, last),
            or_(_has_text(col(ContentItem.title_or_caption)), _has_text(col(ContentItem.description))),
        )
        .subquery()
    )
    wanted = [column for column in ranked.c if column.name != "place"]
    return select(*wanted).where(ranked.c.place <= per_account).order_by(ranked.c.account_key, ranked.c.content_key)


def content_fingerprints(first: str, last: str, recipe: str) -> Select[Any]:
    """What the content vectors of accounts with news were made from."""
    return (
        _select(col(ContentVector.content_key), col(ContentItem.account_key), col(ContentVector.input_fingerprint))
        .join(ContentItem, col(ContentItem.content_key) == col(ContentVector.content_key))
        .where(
            _has_news(col(ContentItem.account_key), first, last),
            unindexed(col(ContentVector.recipe_fingerprint)) == recipe,
        )
        .order_by(col(ContentVector.content_key))
    )


def account_fingerprints(first: str, last: str, recipe: str) -> Select[Any]:
    """What the account vectors of accounts with news were made from."""
    return (
        _select(col(AccountVector.account_key), col(AccountVector.field), col(AccountVector.input_fingerprint))
        .where(
            _has_news(col(AccountVector.account_key), first, last),
            unindexed(col(AccountVector.recipe_fingerprint)) == recipe,
        )
        .order_by(col(AccountVector.account_key), col(AccountVector.field))
    )


def creator_ids() -> Select[Any]:
    """The creators that have members."""
    return select(col(CreatorMember.creator_id)).distinct()


def member_fingerprints(first: str, last: str, recipe: str) -> Select[Any]:
    """What the account vectors of the due creators of a range were made from."""
    return _member_vectors(first, last, recipe, col(AccountVector.input_fingerprint))


def member_vectors(first: str, last: str, recipe: str) -> Select[Any]:
    """The account vectors of the due creators of a range."""
    return _member_vectors(first, last, recipe, col(AccountVector.input_fingerprint), col(AccountVector.vector))


def content_activity(first: str, last: str, recipe: str) -> Select[Any]:
    """Of each account of due creators: when its newest embedded item is from, and what they all engaged."""
    engagement = cast(func.sum(_engagement()), BigInteger).label("engagement")
    members = select(col(CreatorMember.account_key)).where(_is_due(col(CreatorMember.creator_id), first, last))
    vector = select(col(ContentVector.content_key)).where(
        col(ContentVector.content_key) == col(ContentItem.content_key), col(ContentVector.recipe_fingerprint) == recipe
    )
    return (
        _select(col(ContentItem.account_key), func.max(_seen_at()).label("seen_at"), engagement)
        .where(col(ContentItem.account_key).in_(members), vector.exists())
        .group_by(col(ContentItem.account_key))
        .order_by(col(ContentItem.account_key))
    )


def creator_fingerprints(first: str, last: str, recipe: str) -> Select[Any]:
    """What the creator vectors of the due creators of a range were made from."""
    return (
        _select(col(CreatorVector.creator_id), col(CreatorVector.field), col(CreatorVector.input_fingerprint))
        .where(_is_due(col(CreatorVector.creator_id), first, last), col(CreatorVector.recipe_fingerprint) == recipe)
        .order_by(col(CreatorVector.creator_id), col(CreatorVector.field))
    )


def items_without_vector(recipe: str, per_account: int, *, of_news: bool) -> Select[Any]:
    """One `count`: how many of the newest items with a text were never embedded. of_news: where there is news."""
    made = and_(
        col(ContentVector.content_key) == col(ContentItem.content_key), col(ContentVector.recipe_fingerprint) == recipe
    )
    items, vectors = func.count(), func.count(col(ContentVector.content_key))
    wanted = case((items < per_account, items), else_=per_account)
    accounts = (
        select(case((wanted > vectors, wanted - vectors), else_=0).label("lacking"))
        .select_from(ContentItem)
        .outerjoin(ContentVector, made)
        .where(or_(_has_text(col(ContentItem.title_or_caption)), _has_text(col(ContentItem.description))))
        .where(_has_words(col(ContentItem.account_key)) if of_news else true())
        .group_by(col(ContentItem.account_key))
        .subquery()
    )
    return select(func.coalesce(func.sum(accounts.c.lacking), 0, type_=BigInteger).label("count"))


def bios_without_vector(recipe: str, *, of_news: bool) -> Select[Any]:
    """One `count`: how many bios were never embedded. of_news: where there is news."""
    made = select(col(AccountVector.account_key)).where(
        col(AccountVector.account_key) == col(CreatorAccount.account_key),
        col(AccountVector.field) == col(CreatorAccount.platform) + "_bio",
        col(AccountVector.recipe_fingerprint) == recipe,
    )
    return (
        select(func.count().label("count"))
        .select_from(CreatorAccount)
        .where(_has_text(col(CreatorAccount.bio)), ~made.exists())
        .where(_has_words(col(CreatorAccount.account_key)) if of_news else true())
    )


def strays(recipe: str, profile_recipe: str) -> list[Delete]:
    """Vectors of items and of account fields, each of its recipe, whose item or account is no longer there."""
    item = select(col(ContentItem.content_key)).where(col(ContentItem.content_key) == col(ContentVector.content_key))
    account = select(col(CreatorAccount.account_key)).where(
        col(CreatorAccount.account_key) == col(AccountVector.account_key)
    )
    return [
        delete(ContentVector).where(unindexed(col(ContentVector.recipe_fingerprint)) == recipe, ~item.exists()),
        delete(AccountVector).where(
            unindexed(col(AccountVector.recipe_fingerprint)) == profile_recipe, ~account.exists()
        ),
    ]


def strays_that_left(recipe: str) -> Delete:
    """Vectors of a recipe whose item left since the last look."""
    item = select(col(ContentItem.content_key)).where(col(ContentItem.content_key) == col(ContentVector.content_key))
    left = has_news(Reader.EMBED_ACCOUNTS, Word.CONTENT, col(ContentVector.content_key))
    return delete(ContentVector).where(left, col(ContentVector.recipe_fingerprint) == recipe, ~item.exists())


def strays_of_creators(recipe: str) -> Delete:
    """Vectors of creators that no account belongs to any more."""
    member = select(col(CreatorMember.account_key)).where(
        col(CreatorMember.creator_id) == col(CreatorVector.creator_id)
    )
    return delete(CreatorVector).where(col(CreatorVector.recipe_fingerprint) == recipe, ~member.exists())


def _member_vectors(first: str, last: str, recipe: str, *columns: Any) -> Select[Any]:
    return (
        select(col(CreatorMember.creator_id), col(AccountVector.field), col(AccountVector.account_key), *columns)
        .join(AccountVector, col(AccountVector.account_key) == col(CreatorMember.account_key))
        .where(
            _is_due(col(CreatorMember.creator_id), first, last),
            unindexed(col(AccountVector.recipe_fingerprint)) == recipe,
        )
        .order_by(col(CreatorMember.creator_id), col(AccountVector.field), col(AccountVector.account_key))
    )


def _seen_at() -> ColumnElement[Any]:
    """When an item is from; one that says it is from after it was fetched (a premiere) is from when it was fetched."""
    published, fetched = col(ContentItem.published_at), col(ContentItem.fetched_at)
    return case((published > fetched, fetched), else_=published)


def _engagement() -> ColumnElement[Any]:
    """Likes and comments; unknown when either is hidden."""
    likes, comments = (_capped(col(count)) for count in (ContentItem.likes, ContentItem.comments))
    return likes + comments


def _capped(count: Any) -> ColumnElement[Any]:
    return case((count > MOST_COUNTED, literal(MOST_COUNTED, BigInteger)), else_=count)


def _has_news(account_key: Any, first: str, last: str) -> ColumnElement[bool]:
    return and_(account_key.between(first, last), _has_words(account_key))


def _has_words(account_key: Any) -> ColumnElement[bool]:
    return has_news(Reader.EMBED_ACCOUNTS, Word.ACCOUNT, account_key)


def _is_due(creator_id: Any, first: str, last: str) -> ColumnElement[bool]:
    return and_(creator_id.between(first, last), has_news(Reader.EMBED_CREATORS, Word.DUE, creator_id))


def _has_text(column: Any) -> ColumnElement[bool]:
    return func.coalesce(column, "") != ""


def _select(*columns: Any) -> Select[Any]:
    statement: Select[Any] = select(*columns)
    return statement
