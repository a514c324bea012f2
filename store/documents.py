"""Queries for what a search document needs: creators, their live accounts, newest items, labels, vectors, changes.

of_news: only of the creators that are due (store/news.py).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from store.news import has_news
from store.tables import (
    AccountActivity,
    AccountAlias,
    ContentItem,
    Creator,
    CreatorAccount,
    CreatorAlias,
    CreatorChange,
    CreatorMember,
    CreatorVector,
    Enrichment,
    JudgementRow,
    MetricSnapshot,
)
from store.triggers import Reader, Word

Rows = Select[*tuple[Any, ...]]

FOUR_WEEKS = timedelta(weeks=4)


def creators(*, of_news: bool) -> Rows:
    return select(
        col(Creator.creator_id), col(Creator.name), col(Creator.handle), col(Creator.platforms),
        col(Creator.followers_total), col(Creator.followers_by_platform), col(Creator.country), col(Creator.language),
    ).where(_chosen(col(Creator.creator_id), of_news=of_news)).order_by(col(Creator.creator_id))  # fmt: skip


def live_accounts(*, of_news: bool) -> Rows:
    """Accounts that still stand, with their creator and activity bucket."""
    return (
        select(
            col(CreatorMember.creator_id), col(CreatorAccount.account_key), col(CreatorAccount.platform),
            col(CreatorAccount.handle), col(CreatorAccount.display_name), col(CreatorAccount.bio),
            col(CreatorAccount.followers), col(AccountActivity.bucket).label("activity"),
        )
        .join(CreatorMember, col(CreatorMember.account_key) == col(CreatorAccount.account_key))
        .outerjoin(AccountActivity, col(AccountActivity.account_key) == col(CreatorAccount.account_key))
        .where(col(CreatorAccount.state) == "live", _chosen(col(CreatorMember.creator_id), of_news=of_news))
        .order_by(col(CreatorAccount.account_key))
    )  # fmt: skip


def newest_items(per_account: int, *, of_news: bool) -> Rows:
    """The newest items of each account, with their title and reactions; of one account in no order."""
    place = func.row_number().over(
        partition_by=col(ContentItem.account_key),
        order_by=(col(ContentItem.published_at).desc().nulls_last(), col(ContentItem.content_key)),
    )
    ranked = select(
        col(ContentItem.account_key), col(ContentItem.content_key), col(ContentItem.title_or_caption).label("title"),
        col(ContentItem.views), col(ContentItem.likes), col(ContentItem.comments), col(ContentItem.published_at),
        place.label("place"),
    ).where(_owned(col(ContentItem.account_key)) if of_news else true()).subquery()  # fmt: skip
    shown = [column for column in ranked.c if column.name != "place"]
    # In the order in which they are found: nobody sees it, and millions of titles need not be sorted.
    return select(*shown).where(ranked.c.place <= per_account).order_by(ranked.c.account_key)


def follower_growth(as_of: datetime) -> Rows:
    """Accounts whose followers were measured in the last two weeks and four to eight weeks ago.

    account_key, followers, earlier_followers, as_of, earlier_as_of: the newest measurement of either span. A series
    never spans two definitions of the number.
    """
    newest = _newest_followers(as_of - FOUR_WEEKS / 2, as_of)
    earlier = _newest_followers(as_of - 2 * FOUR_WEEKS, as_of - FOUR_WEEKS)
    same_series = and_(earlier.c.account_key == newest.c.account_key, earlier.c.definition == newest.c.definition)
    return (
        select(
            newest.c.account_key, newest.c.value.label("followers"), earlier.c.value.label("earlier_followers"),
            newest.c.as_of.label("as_of"), earlier.c.as_of.label("earlier_as_of"),
        )
        .join(earlier, same_series)
        .where(newest.c.place == 1, earlier.c.place == 1)
        .order_by(newest.c.account_key)
    )  # fmt: skip


def _newest_followers(after: datetime, until: datetime) -> Any:
    """Measurements of followers of accounts in a span of time, numbered from the newest: place 1 is the one wanted."""
    newest_first = col(MetricSnapshot.as_of).desc()
    place = func.row_number().over(partition_by=col(MetricSnapshot.entity_key), order_by=newest_first)
    return (
        select(
            col(MetricSnapshot.entity_key).label("account_key"), col(MetricSnapshot.value), col(MetricSnapshot.as_of),
            col(MetricSnapshot.definition_version).label("definition"), place.label("place"),
        )
        .where(
            col(MetricSnapshot.entity_kind) == "account", col(MetricSnapshot.metric) == "followers",
            col(MetricSnapshot.value).is_not(None),
            col(MetricSnapshot.as_of) > after, col(MetricSnapshot.as_of) <= until,
        )
        .subquery()
    )  # fmt: skip


def labels_in_force(*, of_news: bool) -> Rows:
    return (
        select(
            col(Enrichment.creator_id), col(Enrichment.primary_niche), col(Enrichment.secondary_niches),
            col(Enrichment.content_style), col(Enrichment.account_kind), col(Enrichment.language),
            col(Enrichment.llm_summary), col(Enrichment.provenance), col(Enrichment.confidence),
            col(Enrichment.created_at),
        )
        .where(col(Enrichment.is_current), _chosen(col(Enrichment.creator_id), of_news=of_news))
        .order_by(col(Enrichment.creator_id))
    )  # fmt: skip


def labels_since(instant: datetime) -> Rows:
    """One `count`: labels in force that were made at this instant or later."""
    made = (col(Enrichment.is_current), col(Enrichment.created_at) >= instant)
    return select(func.count().label("count")).select_from(Enrichment).where(*made)


def creator_fields(recipe_fingerprint: str, *, of_news: bool) -> Rows:
    """The vector fields there are under one recipe."""
    field = col(CreatorVector.field)
    return select(field).where(_of_recipe(recipe_fingerprint, of_news=of_news)).distinct().order_by(field)


def creator_vectors(field: str, recipe_fingerprint: str, *, of_news: bool) -> Rows:
    return (
        select(col(CreatorVector.creator_id), col(CreatorVector.vector), col(CreatorVector.updated_at))
        .where(col(CreatorVector.field) == field, _of_recipe(recipe_fingerprint, of_news=of_news))
        .order_by(col(CreatorVector.creator_id))
    )


def aliases() -> Rows:
    return select(col(CreatorAlias.retired_id), col(CreatorAlias.creator_id)).order_by(col(CreatorAlias.retired_id))


def changes() -> Rows:
    """The change feed of creator ids, oldest first."""
    columns = (CreatorChange.as_of, CreatorChange.creator_id, CreatorChange.change, CreatorChange.other_id)
    return select(*map(col, columns)).order_by(*map(col, columns))


def cannot_link_violations() -> Rows:
    """Pairs whose newest judgement says "different" and that stand in one creator: left, right, creator_id."""
    place = func.row_number().over(
        partition_by=(col(JudgementRow.left), col(JudgementRow.right)),
        order_by=(col(JudgementRow.decided_at).desc(), col(JudgementRow.reviewer).desc()),
    )
    ranked = select(
        col(JudgementRow.left), col(JudgementRow.right), col(JudgementRow.verdict), place.label("place")
    ).subquery()
    left, right = aliased(CreatorMember), aliased(CreatorMember)
    left_alias, right_alias = aliased(AccountAlias), aliased(AccountAlias)
    return (
        select(ranked.c.left, ranked.c.right, col(left.creator_id))
        .outerjoin(left_alias, col(left_alias.alias_key) == ranked.c.left)
        .outerjoin(right_alias, col(right_alias.alias_key) == ranked.c.right)
        .join(left, _names(left, ranked.c.left, left_alias))
        .join(right, and_(_names(right, ranked.c.right, right_alias), col(right.creator_id) == col(left.creator_id)))
        .where(ranked.c.place == 1, ranked.c.verdict == "different")
        .order_by(ranked.c.left, ranked.c.right)
    )


def _chosen(creator_id: Any, *, of_news: bool) -> ColumnElement[bool]:
    return has_news(Reader.PUBLISH_INDEX, Word.DUE, creator_id) if of_news else true()


def _of_recipe(recipe_fingerprint: str, *, of_news: bool) -> ColumnElement[bool]:
    chosen = _chosen(col(CreatorVector.creator_id), of_news=of_news)
    return and_(col(CreatorVector.recipe_fingerprint) == recipe_fingerprint, chosen)


def _owned(account_key: Any) -> ColumnElement[bool]:
    """Accounts of creators that are due."""
    members = select(col(CreatorMember.account_key)).where(_chosen(col(CreatorMember.creator_id), of_news=True))
    return account_key.in_(members)  # type: ignore[no-any-return]


def _names(member: Any, key: Any, alias: Any) -> Any:
    """The member that a judged key names, now or by its former name."""
    return or_(
        col(member.account_key) == alias.account_key, and_(alias.account_key.is_(None), col(member.account_key) == key)
    )
