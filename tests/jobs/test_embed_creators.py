"""Creator vectors: the mean of the members' vectors per field, rewritten only where the members changed."""

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlmodel import col, delete, select, update

from base.clock import to_micros
from embeddings.vectors import from_column, stamped, to_column
from jobs.context import Context
from jobs.embed_creators import embed_creators
from providers.hashing import HashingEmbedder
from store.session import Store
from store.tables import AccountVector, ContentVector, CreatorMember, CreatorVector
from tests.factories import AS_OF, a_context, an_item

EAST, NORTH = np.eye(64, dtype=np.float32)[:2]


def a_night(store: Store, dim: int = 64, **settings: Any) -> Context:
    context = a_context(store, **settings)
    context.embedder = HashingEmbedder(dim)
    return context


def give_vector(store: Store, account_key: str, field: str, vector: np.ndarray, dim: int = 64, **settings: Any) -> None:
    rows = pa.table({"account_key": [account_key], "field": [field], "input_fingerprint": [str(vector)]})
    rows = rows.append_column("vector", to_column(vector[None, :dim]))
    with store.writing_frames() as frames:
        frames.upsert(
            AccountVector, stamped(rows, a_night(store, dim, **settings).profile_recipe.fingerprint, to_micros(AS_OF))
        )


def join(store: Store, **creator_of: str) -> None:
    with store.writing() as session:
        session.exec(delete(CreatorMember))
        session.add_all(
            CreatorMember(account_key=key, creator_id=creator, since=AS_OF) for key, creator in creator_of.items()
        )


def creators(store: Store) -> dict[tuple[str, str], list[float]]:
    statement = select(col(CreatorVector.creator_id), col(CreatorVector.field), col(CreatorVector.vector))
    with store.reading_frames() as frames:
        rows = frames.read(statement)
    keys = zip(rows["creator_id"].to_pylist(), rows["field"].to_pylist(), strict=True)
    return dict(zip(keys, from_column(rows["vector"], 64)[:, :2].tolist(), strict=True))


def two_creators(store: Store) -> None:
    give_vector(store, "a1", "youtube_bio", EAST)
    give_vector(store, "a2", "youtube_bio", NORTH)
    give_vector(store, "a2", "instagram_bio", NORTH)
    give_vector(store, "b1", "youtube_bio", EAST)
    join(store, a1="cr_a", a2="cr_a", b1="cr_b")


def test_a_creator_vector_is_the_unit_mean_of_its_members_field_by_field(store: Store):
    """EMB-01, EMB-06: creator-level vectors, one per creator and field, with recipe and instant."""
    two_creators(store)
    embed_creators(a_night(store))
    assert creators(store) == {
        ("cr_a", "youtube_bio"): pytest.approx([0.5**0.5] * 2, abs=1e-3),
        ("cr_a", "instagram_bio"): [0.0, 1.0],
        ("cr_b", "youtube_bio"): [1.0, 0.0],
    }


def test_a_second_run_writes_nothing(store: Store):
    two_creators(store)
    embed_creators(a_night(store))
    tomorrow = a_night(store)
    tomorrow.as_of = AS_OF + timedelta(days=1)
    assert embed_creators(tomorrow).counts == {"written": 0, "skipped": 0, "removed": 0}


def test_a_member_that_moves_changes_the_fields_it_takes_along_and_no_other(store: Store):
    two_creators(store)
    embed_creators(a_night(store))
    give_vector(store, "b1", "x_bio", NORTH)
    with store.writing() as session:
        session.exec(update(CreatorMember).where(col(CreatorMember.account_key) == "a2").values(creator_id="cr_b"))
    tomorrow = a_night(store)
    tomorrow.as_of = AS_OF + timedelta(days=1)
    report = embed_creators(tomorrow)
    assert creators(store) == {
        ("cr_a", "youtube_bio"): [1.0, 0.0],
        ("cr_b", "youtube_bio"): pytest.approx([0.5**0.5] * 2, abs=1e-3),
        ("cr_b", "instagram_bio"): [0.0, 1.0],
        ("cr_b", "x_bio"): [0.0, 1.0],
    }
    assert report.counts == {"written": 4, "skipped": 0, "removed": 1}


def test_an_unchanged_field_of_a_changed_creator_keeps_its_row(store: Store):
    two_creators(store)
    embed_creators(a_night(store))
    give_vector(store, "b1", "x_bio", NORTH)
    tomorrow = a_night(store)
    tomorrow.as_of = AS_OF + timedelta(days=1)
    assert embed_creators(tomorrow).counts == {"written": 1, "skipped": 1, "removed": 0}


def test_a_creator_without_members_has_no_vector(store: Store):
    two_creators(store)
    embed_creators(a_night(store))
    join(store, a1="cr_a", a2="cr_a")
    assert embed_creators(a_night(store)).counts["removed"] == 1
    assert {creator for creator, _ in creators(store)} == {"cr_a"}


def test_members_embedded_by_another_recipe_do_not_count(store: Store):
    """EMB-08: vectors of two models are never mixed into one mean."""
    two_creators(store)
    give_vector(store, "b1", "x_bio", NORTH, dim=32)
    embed_creators(a_night(store))
    assert ("cr_b", "x_bio") not in creators(store)


@pytest.mark.parametrize("aggregation", ["recency", "engagement"])
def test_a_creators_content_leans_to_the_account_that_is_newer_or_engages_more(store: Store, aggregation: str):
    """EMB-05: bios weigh what they always did."""
    way: dict[str, Any] = {"embeddings": {"aggregation": aggregation}}
    night = a_night(store, **way)
    for key, vector, likes, days in (("a1", EAST, 1, 400), ("a2", NORTH, 1_000_000, 0)):
        give_vector(store, key, "youtube_bio", vector, **way)
        give_vector(store, key, "youtube_content", vector, **way)
        an_embedded_item(store, night, key, likes=likes, published_at=AS_OF - timedelta(days=days))
    join(store, a1="cr_a", a2="cr_a")
    embed_creators(night)
    found = creators(store)
    east, north = found["cr_a", "youtube_content"]
    assert 0 < east < 0.2 < north
    assert found["cr_a", "youtube_bio"] == pytest.approx([0.5**0.5] * 2, abs=1e-3)
    later = a_night(store, **way)
    later.as_of = AS_OF + timedelta(days=99)
    assert embed_creators(later).counts == {"written": 0, "skipped": 2, "removed": 0}


def an_embedded_item(store: Store, night: Context, account_key: str, **values: Any) -> None:
    item = an_item(account_key, f"v-{account_key}", comments=0, **values)
    rows = pa.table({"content_key": [item.content_key], "input_fingerprint": ["text"], "vector": to_column(EAST[None])})
    with store.writing() as session:
        session.add(item)
    with store.writing_frames() as frames:
        frames.upsert(ContentVector, stamped(rows, night.embedding_recipe.fingerprint, to_micros(AS_OF)))
