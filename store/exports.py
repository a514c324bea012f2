"""What leaves the store as tables: one select per export, in a stable order. Columns: docs/exports.md."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Integer, Select, Text, case, cast, exists, func, literal_column, union_all
from sqlalchemy import select as typed_select
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from store.tables import (
    AccountRelation,
    Creator,
    CreatorChange,
    CreatorMember,
    Enrichment,
    MemberChange,
    MetricSnapshot,
    UtcMicros,
)

#: JSON columns and what they hold
JSON_COLUMNS: dict[str, pa.DataType] = {
    "platforms": pa.list_(pa.string()),
    "followers_by_platform": pa.map_(pa.string(), pa.int64()),
    "secondary_niches": pa.list_(pa.string()),
    "evidence": pa.list_(pa.int64()),
    "flags": pa.list_(pa.string()),
}

THREE_DAYS, WEEK = 3 * 86_400_000_000, 7 * 86_400_000_000  # microseconds

_FEED = ("as_of", "change", "creator_id", "other_id", "account_key")
_NONE = literal_column("CAST(NULL AS TEXT)", Text())


def creators(since: datetime | None) -> Select[Any]:
    """Every creator, or those whose row is new or changed since, by id."""
    return _since(_columns(Creator), Creator.updated_at, since).order_by(col(Creator.creator_id))


def members(since: datetime | None) -> Select[Any]:
    """Which account belongs to which creator, or those that came under theirs since, by account."""
    return _since(_columns(CreatorMember), CreatorMember.since, since).order_by(col(CreatorMember.account_key))


def enrichments(since: datetime | None) -> Select[Any]:
    """The answers in force, or those that came into force since, by creator."""
    in_force = _columns(Enrichment, but=("is_current",)).where(col(Enrichment.is_current))
    return _since(in_force, Enrichment.in_force_since, since).order_by(col(Enrichment.creator_id))


def relations(since: datetime | None) -> Select[Any]:
    """What accounts are to each other, with the creators on both sides; or what is new or changed since; by source."""
    whose, target = aliased(CreatorMember), aliased(CreatorMember)
    relation = _select(
        col(whose.creator_id).label("source_creator_id"), col(AccountRelation.source).label("source_account_key"),
        col(AccountRelation.kind),
        col(target.creator_id).label("target_creator_id"), col(AccountRelation.target).label("target_account_key"),
        col(AccountRelation.basis), col(AccountRelation.detail), col(AccountRelation.since),
    )  # fmt: skip
    joined = relation.outerjoin(whose, col(whose.account_key) == col(AccountRelation.source)).outerjoin(
        target, col(target.account_key) == col(AccountRelation.target)
    )
    key = (col(AccountRelation.source), col(AccountRelation.kind), col(AccountRelation.target))
    return _since(joined, AccountRelation.since, since).order_by(*key)


def changes(since: datetime | None) -> Select[Any]:
    """What happened to creators and members since, oldest first: as_of, change, creator_id, other_id, account_key.

    Within an instant: creator ids, then members, then creators whose row is to be read again.
    """
    feed = union_all(_id_changes(since), _member_changes(since), _row_changes(since)).subquery().c
    return _select(*(feed[name] for name in _FEED)).order_by(
        feed.as_of, feed.step, feed.account_key, feed.creator_id, feed.change, feed.other_id
    )


def weekly(since: datetime | None) -> Select[Any]:
    """Each metric by ISO week: its first, last, least and greatest known number, and how many there were.

    A week in which the definition changed is two rows: no window spans two definitions. `since`: whole weeks in which
    something was measured since.
    """
    measured = _weeks_of_metrics().subquery().c
    key = [measured[name] for name in ("entity_kind", "entity_key", "metric", "week", "definition_version")]
    value = measured.value
    statement = _select(
        *key,
        func.min(measured.first).label("first"), func.min(measured.last).label("last"),
        func.min(value).label("min"), func.max(value).label("max"), func.count(value).label("count"),
    ).group_by(*key).order_by(*key)  # fmt: skip
    return statement if since is None else statement.having(func.max(measured.as_of) > since)


def _weeks_of_metrics() -> Select[Any]:
    """Each snapshot with the Monday of its week, and the first and last number of its window."""
    # The calendar began on a Thursday: counted from three days earlier, weeks begin on Mondays.
    week = cast((col(MetricSnapshot.as_of) + THREE_DAYS) // WEEK * WEEK - THREE_DAYS, UtcMicros)
    of_a_metric = (MetricSnapshot.entity_kind, MetricSnapshot.entity_key, MetricSnapshot.metric)
    window = (*of_a_metric, week, MetricSnapshot.definition_version)
    hidden, instant = col(MetricSnapshot.value).is_(None), col(MetricSnapshot.as_of)
    nearest = func.first_value(MetricSnapshot.value, type_=BigInteger())
    return _select(
        *_columns(MetricSnapshot, but=("source", "precision")).selected_columns,
        week.label("week"),
        nearest.over(partition_by=window, order_by=(hidden, instant)).label("first"),
        nearest.over(partition_by=window, order_by=(hidden, instant.desc())).label("last"),
    )


EXPORTS: dict[str, Callable[[datetime | None], Select[Any]]] = {
    "creators": creators,
    "members": members,
    "enrichments": enrichments,
    "relations": relations,
    "changes": changes,
    "weekly": weekly,
}


def instants_of(statement: Select[Any]) -> set[str]:
    """The columns that are instants: they come back as microseconds since 1970 UTC."""
    return {column.name for column in statement.selected_columns if isinstance(column.type, UtcMicros)}


def _id_changes(since: datetime | None) -> Select[Any]:
    other = func.nullif(CreatorChange.other_id, "", type_=Text())
    entry = _entry(0, CreatorChange.as_of, CreatorChange.change, CreatorChange.creator_id, other, _NONE)
    return _since(entry, CreatorChange.as_of, since)


def _member_changes(since: datetime | None) -> Select[Any]:
    former, now = col(MemberChange.former_id), col(MemberChange.creator_id)
    came, left = former == "", now == ""
    change = case((came, "join"), (left, "leave"), else_="move")
    creator_id, other = case((left, former), else_=now), case((came | left, _NONE), else_=former)
    entry = _entry(1, MemberChange.as_of, change, creator_id, other, col(MemberChange.account_key))
    return _since(entry, MemberChange.as_of, since).where(now != former)


def _row_changes(since: datetime | None) -> Select[Any]:
    """Creators whose row is not what it was, those aside that a change of ids made."""
    made = exists().where(
        col(CreatorChange.creator_id) == Creator.creator_id,
        col(CreatorChange.as_of) == Creator.updated_at,
        col(CreatorChange.change).in_(["mint", "split"]),
    )
    update = literal_column("'update'", Text())
    entry = _entry(2, Creator.updated_at, update, Creator.creator_id, _NONE, _NONE)
    return _since(entry, Creator.updated_at, since).where(~made)


def _entry(step: int, *values: Any) -> Select[Any]:
    """One part of the feed: `step` orders the parts within an instant."""
    columns: list[Any] = [value.label(name) for name, value in zip(_FEED, values, strict=True)]
    return _select(literal_column(str(step), Integer()).label("step"), *columns)


def _columns(table: type[SQLModel], but: tuple[str, ...] = ()) -> Select[Any]:
    return _select(*(col(getattr(table, name)) for name in table.model_fields if name not in but))


def _since(statement: Select[Any], stamp: Any, since: datetime | None) -> Select[Any]:
    return statement if since is None else statement.where(col(stamp) > since)


def _select(*columns: Any) -> Select[Any]:
    statement: Select[Any] = typed_select(*columns)
    return statement
