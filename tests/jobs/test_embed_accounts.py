"""Content vectors and account vectors: made once, averaged right, the same in any order, and never mixed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlmodel import SQLModel, col, delete, select, update

from embeddings.vectors import from_column
from jobs.context import Context
from jobs.embed_accounts import embed_accounts
from providers.embedder import Kind
from providers.hashing import HashingEmbedder
from store.session import Store
from store.tables import AccountVector, ContentItem, ContentVector, CreatorAccount, NewsBasis
from tests.factories import AS_OF, a_context, an_account, an_item


class CountingEmbedder(HashingEmbedder):
    def __init__(self, dim: int = 64) -> None:
        super().__init__(dim)
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str], *, kind: Kind = "document") -> Any:
        self.texts.extend(texts)
        return super().embed(texts, kind=kind)


def a_night(store: Store, embedder: HashingEmbedder | None = None, **settings: Any) -> Context:
    context = a_context(store, **settings)
    context.embedder = embedder or CountingEmbedder()
    return context


def save(store: Store, *rows: SQLModel) -> None:
    with store.writing() as session:
        session.add_all(rows)


def ann_bakes(store: Store) -> None:
    save(
        store,
        an_account("ann", bio="Sourdough for beginners"),
        an_account("ann", "instagram", bio=None),
        an_item("youtube:id-ann", "v1", title_or_caption="Rye loaf", description="slow rise"),
        an_item("youtube:id-ann", "v2", title_or_caption="Baguette", published_at=AS_OF - timedelta(days=1)),
        an_item("instagram:id-ann", "p1", title_or_caption="Rye loaf"),
    )


def frame(store: Store, table: type[SQLModel]) -> pa.Table:
    columns = list(table.__table__.columns)  # type: ignore[attr-defined]
    with store.reading_frames() as frames:
        return frames.read(select(*columns).order_by(*(column for column in columns if column.primary_key)))


def fields(store: Store) -> dict[tuple[str, str], np.ndarray]:
    rows = frame(store, AccountVector)
    vectors = from_column(rows["vector"], 64)
    return dict(zip(zip(rows["account_key"].to_pylist(), rows["field"].to_pylist(), strict=True), vectors, strict=True))


def test_fields_are_platform_by_bio_and_content_and_exist_where_there_is_a_text(store: Store):
    """EMB-01, EMB-02: the field set is data, platform × {bio, content}."""
    ann_bakes(store)
    save(store, an_account("bo", "zz", bio="Chess puzzles"))
    report = embed_accounts(a_night(store))
    assert set(fields(store)) == {
        ("youtube:id-ann", "youtube_bio"), ("youtube:id-ann", "youtube_content"),
        ("instagram:id-ann", "instagram_content"), ("zz:id-bo", "zz_bio"),
    }  # fmt: skip
    assert report.details["fields"] == ["instagram_content", "youtube_bio", "youtube_content", "zz_bio"]


def test_a_content_field_is_the_unit_mean_of_its_items(store: Store):
    """EMB-04: items are embedded one by one, the account's field is their mean direction."""
    ann_bakes(store)
    embed_accounts(a_night(store))
    items = HashingEmbedder().embed(["Rye loaf slow rise", "Baguette"])
    mean = items.mean(axis=0) / np.linalg.norm(items.mean(axis=0))
    assert fields(store)["youtube:id-ann", "youtube_content"] == pytest.approx(mean, abs=1e-3)


def test_a_second_run_embeds_nothing_and_writes_nothing(store: Store):
    """EMB-04: cached by text and recipe, even on another day."""
    ann_bakes(store)
    embed_accounts(a_night(store))
    before = frame(store, ContentVector), frame(store, AccountVector)
    again = a_night(store)
    again.as_of = AS_OF + timedelta(days=1)
    report = embed_accounts(again)
    assert again.embedder.texts == []
    assert (frame(store, ContentVector), frame(store, AccountVector)) == before
    assert report.counts == {"embedded": 0, "reused": 0, "skipped": 0, "removed": 0}


def test_only_the_changed_text_is_embedded_again(store: Store):
    ann_bakes(store)
    embed_accounts(a_night(store))
    before = fields(store)
    with store.writing() as session:
        session.exec(
            update(ContentItem).where(col(ContentItem.content_key) == "youtube:v2").values(title_or_caption="Pizza")
        )
    again = a_night(store)
    embed_accounts(again)
    assert again.embedder.texts == ["Pizza"]
    changed = {key for key, vector in fields(store).items() if not np.array_equal(vector, before[key])}
    assert changed == {("youtube:id-ann", "youtube_content")}


def test_an_equal_text_is_embedded_once_whoever_wrote_it(store: Store):
    save(store, *(an_account(name, bio="Daily chess") for name in ("ann", "bo", "cy")))
    save(store, *(an_item(f"youtube:id-{name}", f"v-{name}", title_or_caption="Endgames") for name in ("ann", "bo")))
    night = a_night(store)
    embed_accounts(night)
    assert sorted(night.embedder.texts) == ["Ann. Daily chess", "Bo. Daily chess", "Cy. Daily chess", "Endgames"]
    save(store, an_item("youtube:id-cy", "v-cy", title_or_caption="Endgames"))
    later = a_night(store)
    assert embed_accounts(later).counts["reused"] == 1
    assert later.embedder.texts == []


def test_only_the_newest_items_count(store: Store):
    """EMB-03, CST-02: N is a setting."""
    save(store, an_account("ann"))
    for day in range(5):
        save(
            store,
            an_item(
                "youtube:id-ann", f"v{day}", title_or_caption=f"Day {day}", published_at=AS_OF - timedelta(days=day)
            ),
        )
    save(store, an_item("youtube:id-ann", "undated", published_at=None))
    embed_accounts(a_night(store, embeddings={"items_per_account": 2}))
    assert frame(store, ContentVector)["content_key"].to_pylist() == ["youtube:v0", "youtube:v1"]


def test_what_lost_its_text_loses_its_vector(store: Store):
    ann_bakes(store)
    embed_accounts(a_night(store))
    with store.writing() as session:
        session.exec(update(CreatorAccount).values(bio=None))
        session.exec(
            update(ContentItem)
            .where(col(ContentItem.content_key) == "youtube:v1")
            .values(title_or_caption=None, description=None)
        )
        session.exec(delete(ContentItem).where(col(ContentItem.content_key) == "instagram:p1"))
    embed_accounts(a_night(store))
    assert set(fields(store)) == {("youtube:id-ann", "youtube_content")}
    assert frame(store, ContentVector)["content_key"].to_pylist() == ["youtube:v2"]


def test_vectors_of_another_recipe_are_never_read_reused_or_removed(store: Store):
    """EMB-01, EMB-08: a new model embeds every text again, beside the old rows."""
    ann_bakes(store)
    embed_accounts(a_night(store, CountingEmbedder(64)))
    old = frame(store, AccountVector)
    other = a_night(store, CountingEmbedder(32))
    embed_accounts(other)
    rows = frame(store, AccountVector)
    assert len(other.embedder.texts) == 4
    assert rows.filter(pa.compute.equal(rows["recipe_fingerprint"], old["recipe_fingerprint"][0])) == old
    assert {len(vector) for vector in rows["vector"].to_pylist()} == {128, 64}


def test_the_order_of_arrival_does_not_show(store: Store, tmp_path):
    ann_bakes(store)
    embed_accounts(a_night(store))
    items = frame(store, ContentVector), frame(store, AccountVector)
    with store.writing() as session:
        for table in (ContentVector, AccountVector, ContentItem, CreatorAccount):
            session.exec(delete(table))
    save(store, an_item("youtube:id-ann", "v2", title_or_caption="Baguette", published_at=AS_OF - timedelta(days=1)))
    save(
        store, an_account("ann", "instagram", bio=None), an_item("instagram:id-ann", "p1", title_or_caption="Rye loaf")
    )
    save(store, an_account("ann", bio="Sourdough for beginners"))
    embed_accounts(a_night(store))
    save(store, an_item("youtube:id-ann", "v1", title_or_caption="Rye loaf", description="slow rise"))
    embed_accounts(a_night(store))
    assert (frame(store, ContentVector), frame(store, AccountVector)) == items


WAYS = pytest.mark.parametrize("aggregation", ["recency", "engagement"])


def a_loaf_and_a_baguette(store: Store) -> None:
    """The loaf is new and liked, the baguette old and not."""
    save(
        store, an_account("ann", bio="Sourdough for beginners"),
        an_item("youtube:id-ann", "v1", title_or_caption="Rye loaf", likes=2**63 - 1, comments=2**63 - 1),
        an_item("youtube:id-ann", "v2", title_or_caption="Baguette", likes=1, comments=0,
                published_at=AS_OF - timedelta(days=400)),
    )  # fmt: skip


@WAYS
def test_an_accounts_content_leans_as_the_settings_say(store: Store, aggregation: str):
    """EMB-05: one setting; counts beyond reason break nothing."""
    a_loaf_and_a_baguette(store)
    night = a_night(store, embeddings={"aggregation": aggregation})
    embed_accounts(night)
    loaf, baguette = HashingEmbedder().embed(["Rye loaf", "Baguette"])
    leaning = fields(store)["youtube:id-ann", "youtube_content"]
    assert leaning @ loaf > 0.9 > leaning @ baguette
    assert np.linalg.norm(leaning) == pytest.approx(1, abs=1e-3)


@WAYS
def test_a_leaning_is_not_compared_with_another_and_no_item_is_embedded_for_it(store: Store, aggregation: str):
    """EMB-05, EMB-08: the way is part of the recipe of account vectors, and not of the items'."""
    a_loaf_and_a_baguette(store)
    embed_accounts(a_night(store))
    mean = frame(store, AccountVector)
    night = a_night(store, embeddings={"aggregation": aggregation})
    embed_accounts(night)
    rows = frame(store, AccountVector)
    assert night.embedder.texts == ["Ann. Sourdough for beginners"]
    assert frame(store, ContentVector)["recipe_fingerprint"].unique().to_pylist() == [
        night.embedding_recipe.fingerprint
    ]
    assert rows.filter(pa.compute.equal(rows["recipe_fingerprint"], mean["recipe_fingerprint"][0])) == mean
    assert night.profile_recipe.fingerprint in rows["recipe_fingerprint"].to_pylist()


@WAYS
def test_a_leaning_stays_while_the_nights_pass(store: Store, aggregation: str):
    a_loaf_and_a_baguette(store)
    embed_accounts(a_night(store, embeddings={"aggregation": aggregation}))
    before = frame(store, AccountVector)
    with store.writing() as session:
        session.exec(
            update(ContentItem).where(col(ContentItem.content_key) == "youtube:v2").values(comments=0, views=9)
        )
    later = a_night(store, embeddings={"aggregation": aggregation})
    later.as_of = AS_OF + timedelta(days=300)
    assert embed_accounts(later).counts["removed"] == 0
    assert frame(store, AccountVector) == before


class KilledError(Exception):
    pass


@pytest.mark.parametrize("passing", [1, 2, 3, 4, 5])
def test_a_night_killed_after_any_step_ends_the_same(store: Store, monkeypatch: pytest.MonkeyPatch, passing: int):
    ann_bakes(store)
    embed_accounts(a_night(store))
    whole = frame(store, ContentVector), frame(store, AccountVector)
    with store.writing() as session:
        for table in (ContentVector, AccountVector, NewsBasis):
            session.exec(delete(table))
    passed = iter(range(1, 100))

    def crashpoint(_self: Context, _name: str) -> None:
        if next(passed) == passing:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Context, "crashpoint", crashpoint)
        with pytest.raises(KilledError):
            embed_accounts(a_night(store))
    embed_accounts(a_night(store))
    assert (frame(store, ContentVector), frame(store, AccountVector)) == whole


def test_the_licence_of_a_model_that_needs_a_word_is_in_the_report(store: Store):
    embedder = CountingEmbedder()
    embedder.licence_note = "read the licence"
    assert embed_accounts(a_night(store, embedder)).details["notice"] == "read the licence"
