"""A snapshot made of the last one and of what was noted is the snapshot that a look at everything would make."""

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from sqlmodel import SQLModel, col, delete, select

from base.fingerprint import creator_id_for
from embeddings.vectors import to_column
from index.manifest import Manifest
from index.snapshot import Snapshot
from index.versions import Versions
from jobs.publish_index import publish_index
from jobs.report import JobReport
from providers.hashing import HashingEmbedder
from store.session import Store
from store.tables import (
    METADATA,
    AccountActivity,
    ContentItem,
    Creator,
    CreatorAccount,
    CreatorMember,
    CreatorVector,
    Enrichment,
    News,
    NewsBasis,
)
from store.takedowns import delete_accounts, delete_creators
from tests.factories import AS_OF, a_snapshot, an_account, an_item, home_of, put_snapshots
from tests.jobs.publishing import add_creator, fill, publishing_context

#: how many are lived through on each database; the battery tries more
HISTORIES = int(os.environ.get("CREATORDEX_TEST_HISTORIES", "12"))
NAMES = ("ann", "bob", "cy", "di", "ed", "fi")
TEXTS = [None, "Rye loaf", "Chess puzzles", "Trail running in the rain"]

Change = Callable[[Store, Random], None]
#: table, column, values it may take: all that documents are made of
COLUMNS: list[tuple[type[SQLModel], str, Sequence[Any]]] = [
    (CreatorAccount, "handle", ["ann", "bo"]), (CreatorAccount, "display_name", TEXTS), (CreatorAccount, "bio", TEXTS),
    (CreatorAccount, "followers", [None, 10, 9_000_000]), (CreatorAccount, "state", ["live", "dead"]),
    (CreatorAccount, "platform", ["youtube", "tiktok"]),
    (ContentItem, "title_or_caption", TEXTS), (ContentItem, "views", [None, 10]), (ContentItem, "likes", [None, 9]),
    (ContentItem, "comments", [None, 3]), (ContentItem, "published_at", [None, AS_OF, AS_OF - timedelta(9)]),
    (AccountActivity, "bucket", ["active", "long_tail"]),
    (Creator, "name", TEXTS[1:]), (Creator, "handle", TEXTS), (Creator, "platforms", ["[]", '["tiktok"]']),
    (Creator, "followers_total", [None, 5]), (Creator, "followers_by_platform", ["{}", '{"tiktok": 5}']),
    (Creator, "country", [None, "DE"]), (Creator, "language", [None, "de"]),
    (Enrichment, "is_current", [True, False]), (Enrichment, "primary_niche", ["fitness", "food"]),
    (Enrichment, "llm_summary", ["One.", "Two."]),
]  # fmt: skip


def rows_of(session: Any, table: type[SQLModel]) -> list[Any]:
    keys = METADATA.tables[str(table.__tablename__)].primary_key
    return list(session.scalars(select(table).order_by(*keys)))


def change_one_thing(store: Store, dice: Random) -> None:
    table, name, values = dice.choice(COLUMNS)
    with store.writing() as session:
        if rows := rows_of(session, table):
            setattr(dice.choice(rows), name, dice.choice(list(values)))


def add_somebody(store: Store, dice: Random) -> None:
    name = dice.choice(NAMES)
    with store.reading() as session:
        if session.get(CreatorAccount, f"youtube:id-{name}") is not None:
            return
        if session.get(Creator, creator_id_for(f"youtube:id-{name}")) is not None:
            return
    add_creator(store, [an_account(name, bio=dice.choice(TEXTS[1:]), followers=dice.randrange(9_000))])


def add_item(store: Store, dice: Random) -> None:
    with store.writing() as session:
        if owners := rows_of(session, CreatorAccount):
            session.merge(an_item(dice.choice(owners).account_key, f"v{dice.randrange(9)}", likes=dice.randrange(9)))


def lose_item(store: Store, dice: Random) -> None:
    with store.writing() as session:
        if items := rows_of(session, ContentItem):
            session.delete(dice.choice(items))


def move(store: Store, dice: Random) -> None:
    with store.writing() as session:
        members, creators = rows_of(session, CreatorMember), rows_of(session, Creator)
        if members and creators:
            dice.choice(members).creator_id = dice.choice(creators).creator_id


def embed(store: Store, dice: Random) -> None:
    """A vector of one field of one creator is another, new, or gone."""
    context = publishing_context(store)
    with store.reading() as session:
        creators = rows_of(session, Creator)
    if not creators:
        return
    key = dice.choice(creators).creator_id, dice.choice(["youtube_bio", "tiktok_bio"])
    recipe = context.profile_recipe.fingerprint
    with store.writing() as session:
        if dice.random() < 0.3:
            session.exec(
                delete(CreatorVector).where(col(CreatorVector.creator_id) == key[0], col(CreatorVector.field) == key[1])
            )
            return
        vector = to_column(np.eye(HashingEmbedder().dim, dtype=np.float32)[dice.randrange(9)][None])[0].as_py()
        session.merge(
            CreatorVector(
                creator_id=key[0], field=key[1], recipe_fingerprint=recipe, input_fingerprint=str(dice.random()),
                vector=vector, updated_at=AS_OF,
            )
        )  # fmt: skip


def take_down(store: Store, dice: Random) -> None:
    with store.writing_frames() as frames:
        key = f"youtube:id-{dice.choice(NAMES)}"
        delete_accounts(frames, [key])
        delete_creators(frames, [creator_id_for(key)])


def measure(store: Store, dice: Random) -> None:
    key = f"youtube:id-{dice.choice(NAMES)}"
    put_snapshots(
        store,
        *(a_snapshot(AS_OF - timedelta(days=days), entity_key=key, value=dice.randrange(1, 99)) for days in (1, 30)),
    )


CHANGES: list[Change] = [add_somebody, add_item, lose_item, move, embed, embed, take_down, measure]


def publish(store: Store, night: int) -> JobReport:
    context = publishing_context(store)
    context.as_of = AS_OF + timedelta(days=night)
    return publish_index(context, force="few and odd")


def in_force(store: Store) -> Manifest:
    return Snapshot(Versions(home_of(store) / "snapshots").current_path()).manifest


def written(manifest: Manifest) -> dict[str, Any]:
    return {"content": manifest.content, "files": {k: v for k, v in manifest.files.items() if k != "changes.parquet"}}


def afresh(store: Store, night: int) -> Manifest:
    shutil.rmtree(home_of(store) / "snapshots")
    with store.writing() as session:
        session.exec(delete(News))
        session.exec(delete(NewsBasis))
    publish(store, night)
    return in_force(store)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_snapshots_of_news_end_where_one_of_everything_ends(store: Store, seed: int) -> None:
    dice = Random(seed)
    fill(store)
    for night in range(4):
        for change in [*dice.choices(CHANGES, k=2), *[change_one_thing] * 2] if night else []:
            change(store, dice)
        publish(store, night)
    assert written(in_force(store)) == written(afresh(store, night)), f"history {seed}"


def due(store: Store) -> set[tuple[str, str]]:
    with store.reading() as session:
        return {(row.entity_kind, row.entity_key) for row in rows_of(session, News) if row.reader == "publish_index"}


@pytest.mark.parametrize(("table", "name", "values"), COLUMNS)
def test_each_thing_that_documents_are_made_of_is_noted(
    store: Store, table: type[SQLModel], name: str, values: Sequence[Any]
) -> None:
    fill(store)
    publish(store, 0)
    with store.writing() as session:
        row = rows_of(session, table)[0]
        setattr(row, name, next(value for value in values if value != getattr(row, name)))
    assert len(due(store)) == 1
    publish(store, 1)
    assert due(store) == set()


def test_a_refused_snapshot_leaves_what_is_due(store: Store) -> None:
    fill(store)
    publish(store, 0)
    with store.writing() as session:
        session.exec(delete(Enrichment))
    with pytest.raises(Exception, match="labels"):
        publish_index(publishing_context(store))
    assert len(due(store)) == 3
    publish(store, 1)
    assert written(in_force(store)) == written(afresh(store, 1))
