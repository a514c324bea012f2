"""Embedding what the database noted comes to what embedding everything afresh comes to, whoever changed what."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlmodel import SQLModel, col, delete, select

from jobs.context import Context
from jobs.embed_accounts import embed_accounts, expected_texts
from jobs.embed_creators import embed_creators
from providers.hashing import HashingEmbedder
from store.accounts import rename_accounts
from store.session import Store
from store.tables import (
    METADATA,
    AccountVector,
    ContentItem,
    ContentVector,
    CreatorAccount,
    CreatorMember,
    CreatorVector,
    News,
    NewsBasis,
)
from store.takedowns import delete_accounts
from tests.factories import AS_OF, a_context, an_account, an_item

#: how many are lived through on each database; the battery tries more
HISTORIES = int(os.environ.get("CREATORDEX_TEST_HISTORIES", "20"))
PEOPLE = [f"youtube:id-{name}" for name in ("ann", "bo", "cy", "di")]
TEXTS = [None, "", "Rye loaf", "Baguette", "Endgames", "Chess puzzles", "https://example.org"]

Change = Callable[[Store, Random], None]


def vectors(store: Store) -> list[list[dict[str, Any]]]:
    """Every vector, without when it was made."""
    with store.reading() as session:
        return [
            [
                row.model_dump(exclude={"updated_at"})
                for row in session.scalars(
                    select(table).order_by(*METADATA.tables[str(table.__tablename__)].primary_key)
                )
            ]
            for table in (ContentVector, AccountVector, CreatorVector)
        ]


def afresh(store: Store, night: Context) -> list[list[dict[str, Any]]]:
    """What one night makes of a store that was never embedded."""
    with store.writing() as session:
        for table in (ContentVector, AccountVector, CreatorVector, NewsBasis, News):
            session.exec(delete(table))
    embed_accounts(night)
    embed_creators(night)
    return vectors(store)


def put(store: Store, row: SQLModel) -> None:
    with store.writing() as session:
        session.merge(row)


def stand_in(store: Store, account_key: str) -> None:
    """See that there is such an account, as there is for every item."""
    with store.writing() as session:
        if session.get(CreatorAccount, account_key) is None:
            session.add(an_account(account_key.removeprefix("youtube:id-"), bio=None))


def deliver_account(store: Store, dice: Random) -> None:
    name = dice.choice(PEOPLE).removeprefix("youtube:id-")
    put(store, an_account(name, bio=dice.choice(TEXTS), display_name=dice.choice([None, name])))


def deliver_item(store: Store, dice: Random) -> None:
    owner = dice.choice(PEOPLE)
    stand_in(store, owner)
    published = dice.choice([None, *(AS_OF - timedelta(days=day) for day in (-1, 0, 1, 2))])
    put(
        store,
        an_item(
            owner, f"v{dice.randrange(9)}",
            title_or_caption=dice.choice(TEXTS), description=dice.choice(TEXTS), likes=dice.randrange(9),
            published_at=published, fetched_at=AS_OF + timedelta(days=dice.randrange(3)),
        ),
    )  # fmt: skip


def change_one_thing(store: Store, dice: Random) -> None:
    """Of whatever there is of one table: what is noted shows only where nothing else changed."""
    days = [AS_OF + timedelta(days=day) for day in (-1, 0, 1, 2)]
    table, name, values = dice.choice(
        [
            (CreatorAccount, "bio", TEXTS), (CreatorAccount, "display_name", TEXTS),
            (ContentItem, "title_or_caption", TEXTS), (ContentItem, "description", TEXTS),
            (ContentItem, "published_at", [None, *days]), (ContentItem, "fetched_at", days),
            (ContentItem, "likes", range(9)),
        ]
    )  # fmt: skip
    with store.writing() as session:
        rows = list(session.scalars(select(table).order_by(*METADATA.tables[str(table.__tablename__)].primary_key)))
        if rows:
            setattr(dice.choice(rows), name, dice.choice(list(values)))


def lose_item(store: Store, dice: Random) -> None:
    with store.writing() as session:
        session.exec(delete(ContentItem).where(col(ContentItem.content_key) == f"youtube:v{dice.randrange(9)}"))


def rename(store: Store, dice: Random) -> None:
    former, now = dice.sample(PEOPLE, 2)
    stand_in(store, now)
    with store.writing() as session:
        session.exec(delete(CreatorAccount).where(col(CreatorAccount.account_key) == former))
    with store.writing_frames() as frames:
        rename_accounts(frames, {former: now})


def take_down(store: Store, dice: Random) -> None:
    with store.writing_frames() as frames:
        delete_accounts(frames, [dice.choice(PEOPLE)])


def regroup(store: Store, dice: Random) -> None:
    """Put an account under some creator, or under none."""
    key = dice.choice(PEOPLE)
    with store.writing() as session:
        if dice.random() < 0.3:
            session.exec(delete(CreatorMember).where(col(CreatorMember.account_key) == key))
        else:
            session.merge(CreatorMember(account_key=key, creator_id=dice.choice(["cr_1", "cr_2"]), since=AS_OF))


CHANGES: list[Change] = [
    deliver_account, deliver_account, deliver_item, deliver_item, deliver_item,
    lose_item, rename, take_down, regroup, regroup,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_nights_over_news_end_where_one_over_everything_ends(store: Store, seed: int) -> None:
    dice = Random(seed)
    way = dice.choice(["mean", "mean", "recency", "engagement"])
    for night in range(4):
        for change in dice.choices(CHANGES, k=20) if night == 0 else dice.choices([*CHANGES, change_one_thing], k=3):
            change(store, dice)
        for _ in range(3):
            change_one_thing(store, dice)
        tonight = a_context(store, embeddings={"aggregation": way, "items_per_account": dice.choice([2, 20, 20])})
        tonight = replace(tonight, as_of=AS_OF + timedelta(days=night))
        tonight.embedder = HashingEmbedder(16)
        embed_accounts(tonight)
        embed_creators(tonight)
    assert vectors(store) == afresh(store, tonight), f"history {seed}"


def a_night(store: Store) -> Context:
    context = a_context(store)
    context.embedder = HashingEmbedder(16)
    return context


def noted(store: Store) -> set[tuple[str, str]]:
    with store.reading() as session:
        return {(row.entity_kind, row.entity_key) for row in session.scalars(select(News))}


def ann_and_bo(store: Store) -> None:
    for name in ("ann", "bo"):
        put(store, an_account(name, bio="Sourdough for beginners"))
        put(store, an_item(f"youtube:id-{name}", f"{name}-1", title_or_caption="Rye loaf"))


def test_nothing_is_noted_before_the_first_look_and_nothing_is_left_after_any(store: Store) -> None:
    ann_and_bo(store)
    assert noted(store) == set()
    assert expected_texts(a_night(store)) == 4
    embed_accounts(a_night(store))
    assert noted(store) == set()


def test_only_who_changed_is_noted_and_looked_at(store: Store) -> None:
    ann_and_bo(store)
    embed_accounts(a_night(store))
    put(store, an_account("ann", bio="Sourdough for beginners", followers=9))
    put(store, an_item("youtube:id-ann", "ann-1", title_or_caption="Rye loaf", likes=9))
    assert noted(store) == set()
    put(store, an_item("youtube:id-bo", "bo-2", title_or_caption="Baguette"))
    assert noted(store) == {("account", "youtube:id-bo")}
    assert expected_texts(a_night(store)) == 1
    assert embed_accounts(a_night(store)).counts == {
        "embedded": 1, "reused": 0, "skipped": 2, "removed": 0, "averaged": 1
    }  # fmt: skip


def test_rows_are_counted_without_the_words_they_leave(store: Store) -> None:
    ann_and_bo(store)
    embed_accounts(a_night(store))
    with store.writing_frames() as frames:
        rows = frames.read(select(*METADATA.tables["accounts"].columns))
        changed = rows.set_column(rows.schema.get_field_index("bio"), "bio", [["Chess", "Bread"]])
        assert frames.upsert(CreatorAccount, changed) == 2
        assert frames.delete(CreatorAccount, changed.select(["account_key"])) == 2


def test_who_is_taken_down_is_in_no_word(store: Store) -> None:
    ann_and_bo(store)
    embed_accounts(a_night(store))
    with store.writing_frames() as frames:
        delete_accounts(frames, ["youtube:id-ann"])
    assert noted(store) == set()


@pytest.mark.parametrize(
    ("table", "name", "value"),
    [
        (CreatorAccount, "bio", None), (CreatorAccount, "display_name", "Bo"), (CreatorAccount, "platform", "zz"),
        (ContentItem, "title_or_caption", None), (ContentItem, "description", "slow"), (ContentItem, "platform", "zz"),
        (ContentItem, "published_at", None), (ContentItem, "published_at", AS_OF + timedelta(days=1)),
    ],
)  # fmt: skip
def test_each_thing_that_vectors_are_made_of_is_noted(
    store: Store, table: type[SQLModel], name: str, value: object
) -> None:
    ann_and_bo(store)
    embed_accounts(a_night(store))
    key = "youtube:id-ann" if table is CreatorAccount else "youtube:ann-1"
    with store.writing() as session:
        setattr(session.get(table, key), name, value)
    assert noted(store) == {("account", "youtube:id-ann")}
