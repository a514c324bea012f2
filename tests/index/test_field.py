"""Nearest creators: exact cosines whatever is read, the same in one shard or many, with cells or without."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.bm25 import best_rows
from index.cells import FrozenCells, order_by_cells
from index.field import Field
from index.plan import plan_search
from index.snapshot import Snapshot
from index.vectors import to_int8
from index.writer import FieldVectors
from providers.hashing import HashingEmbedder
from tests.index.generated import some_creators
from tests.index.snapshots import input_of, vectors_of, write_snapshot

PEOPLE = some_creators(400)
FIELD = "youtube_bio"


@pytest.fixture(autouse=True, scope="module")
def small_cells() -> Iterator[None]:
    """Cells and probing begin with fields as small as these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.plan.CELL_ROWS", 60)
        patch.setattr("index.plan.EXACT_ROWS", 20)
        patch.setattr("index.plan.MOST_OF_THE_CELLS", 2)
        patch.setattr("index.cells.LEAST_PROBES", 12)
        patch.setattr("index.cells._ASSIGNED_ROWS", 64)
        yield


@pytest.fixture(params=[10**6, 90], ids=["one shard", "five shards"], scope="module")
def snapshot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return write_snapshot(tmp_path_factory.mktemp("v"), input_of(PEOPLE, shard_creators=request.param))


def queries() -> list[np.ndarray]:
    return list(HashingEmbedder().embed(["bread oven", "canvas brush oil", "rust code", "yoga gym"], kind="query"))


def naive(field: Field, query: np.ndarray, count: int, mask: np.ndarray | None) -> list[int]:
    docs = field.docs if mask is None else field.docs[mask[field.docs]]
    cosines = field.cosines_of(docs.astype(np.intp), query)
    return docs[best_rows(cosines, docs, count)].tolist()


@pytest.mark.parametrize("share", [None, 0.5, 0.05], ids=["everybody", "half", "few"])
def test_every_row_read_gives_the_naive_answer(snapshot: Snapshot, share: float | None):
    mask = None if share is None else np.random.default_rng(1).random(len(snapshot)) < share
    for field in snapshot.fields.values():
        for query in queries():
            assert field.nearest(query, 10, mask, exact=True).docs.tolist() == naive(field, query, 10, mask)


@pytest.mark.parametrize("share", [None, 0.5, 0.2], ids=["everybody", "half", "a fifth"])
def test_cells_find_nearly_all_and_say_only_exact_cosines(snapshot: Snapshot, share: float | None):
    mask = None if share is None else np.random.default_rng(1).random(len(snapshot)) < share
    field, kept = snapshot.fields[FIELD], 0
    for query in queries():
        found = field.nearest(query, 10, mask)
        assert "cells" in str(found.plan)
        assert mask is None or mask[found.docs].all()
        np.testing.assert_array_equal(found.cosines, field.cosines_of(found.docs, query))
        kept += len(set(found.docs) & set(naive(field, query, 10, mask)))
    assert kept >= 0.8 * 10 * len(queries())


def test_shards_change_neither_answers_nor_identity(tmp_path: Path):
    one = write_snapshot(tmp_path / "one", input_of(PEOPLE))
    many = write_snapshot(tmp_path / "many", input_of(PEOPLE, shard_creators=90))
    assert [len(one.content.shards), len(many.content.shards)] == [1, 5]
    assert one.content.embedding == many.content.embedding
    assert one.creators == many.creators
    for query in queries():
        for name in one.fields:
            left, right = one.fields[name].nearest(query, 20), many.fields[name].nearest(query, 20)
            assert left.docs.tolist() == right.docs.tolist()
            assert left.cosines.tolist() == right.cosines.tolist()


def test_a_reader_without_accelerators_says_the_same(tmp_path: Path):
    fast = write_snapshot(tmp_path, input_of(PEOPLE, shard_creators=150))
    query = queries()[0]
    expected = fast.fields[FIELD].nearest(query, 10, exact=True)
    before = fast.creators, fast.texts(range(len(fast)))
    for path in fast.manifest.layout.accelerators:
        (tmp_path / path).unlink()
    bare = Snapshot(tmp_path)
    found = bare.fields[FIELD].nearest(query, 10)
    assert (bare.creators, bare.texts(range(len(bare)))) == before
    assert (found.docs.tolist(), found.cosines.tolist()) == (expected.docs.tolist(), expected.cosines.tolist())
    assert str(found.plan).startswith("exact")


def test_a_cut_accelerator_is_not_used(tmp_path: Path):
    write_snapshot(tmp_path, input_of(PEOPLE))
    path = tmp_path / "cells" / f"{FIELD}.npy"
    path.write_bytes(path.read_bytes()[:-8])
    assert str(Snapshot(tmp_path).fields[FIELD].nearest(queries()[0], 5).plan).startswith("exact")


def test_frozen_centres_are_kept_and_do_not_name_the_snapshot(tmp_path: Path):
    one = write_snapshot(tmp_path / "one", input_of(PEOPLE))
    other = vectors_of(some_creators(380, seed=5), HashingEmbedder())
    strange = write_snapshot(tmp_path / "strange", input_of(some_creators(380, seed=5), vectors=other))
    two = write_snapshot(tmp_path / "two", input_of(PEOPLE, cells=strange.frozen_cells))
    assert two.manifest.snapshot_id == one.manifest.snapshot_id
    assert two.manifest.layout.cells == strange.manifest.layout.cells
    assert (tmp_path / "two" / "cells" / f"{FIELD}.npy").read_bytes() == (
        tmp_path / "strange" / "cells" / f"{FIELD}.npy"
    ).read_bytes()


def test_centres_are_found_again_when_the_rows_have_left_them():
    dice = np.random.default_rng(0)
    before = to_int8(dice.standard_normal((200, 16)).astype(np.float32))
    order = order_by_cells(before, None)
    assert order.centres is not None
    assert order.description is not None
    frozen = FrozenCells(order.centres, order.description)
    assert order_by_cells(before, frozen).centres is order.centres
    heap = to_int8((before[:1] + dice.standard_normal((200, 16)) * 0.5).astype(np.float32))
    assert order_by_cells(heap, frozen).centres is not order.centres
    grown = to_int8(dice.standard_normal((500, 16)).astype(np.float32))
    assert order_by_cells(grown, frozen).centres is not order.centres


def test_a_creator_has_its_own_vector_to_look_alike_by(snapshot: Snapshot):
    field = snapshot.fields[FIELD]
    doc = int(field.docs[7])
    itself = field.vector_of(doc)
    assert itself is not None
    assert np.isclose(field.cosines_of(np.array([doc]), itself)[0], 1)
    without = next(doc for doc in range(len(snapshot)) if doc not in field.docs)
    assert field.vector_of(without) is None
    assert np.isnan(field.cosines_of(np.array([without]), itself)).all()


def test_a_field_without_rows_finds_nobody(tmp_path: Path):
    empty = FieldVectors("zz_bio", input_of([]).documents["creator_id"].combine_chunks(), np.empty((0, 64), np.float32),
                         input_of([]).documents["followers_total"].combine_chunks())  # fmt: skip
    field = write_snapshot(tmp_path, input_of(PEOPLE, vectors=[empty])).fields["zz_bio"]
    assert len(field.nearest(queries()[0], 5).docs) == 0
    assert np.isnan(field.cosines_of(np.arange(3), queries()[0])).all()


def test_a_narrower_filter_looks_further():
    plans = [plan_search(rows=100_000, kept=kept, cells=1_200, probes=12) for kept in (100_000, 50_000, 5_000, 21, 20)]
    assert [plan.probes for plan in plans] == [12, 20, 98, 1_200, None]


def test_as_many_cells_are_searched_as_the_data_needs(monkeypatch: pytest.MonkeyPatch):
    """Vectors in tight heaps lie in few cells; vectors anywhere need many for the same recall."""
    monkeypatch.setattr("index.cells.LEAST_PROBES", 1)
    dice = np.random.default_rng(2)
    heaps = np.repeat(dice.standard_normal((30, 24)), 60, axis=0) + 0.05 * dice.standard_normal((1_800, 24))
    anywhere = dice.standard_normal((1_800, 24))
    few, many = (order_by_cells(to_int8(rows.astype(np.float32)), None).description for rows in (heaps, anywhere))
    assert few is not None
    assert many is not None
    assert few.probes * 3 < many.probes < many.count
