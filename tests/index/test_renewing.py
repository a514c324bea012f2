"""What stands from the last version is what the store would give again, cells and codes included."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from index.renewing import KeptRows
from index.snapshot import Snapshot
from index.writer import FieldVectors, SnapshotInput
from providers.hashing import HashingEmbedder
from tests.index.generated import some_creators
from tests.index.snapshots import documents_of, input_of, vectors_of, write_snapshot

Creators = Sequence[dict[str, Any]]
BEFORE = some_creators(400)
#: every tenth says something else, every eleventh left, twenty came
CHANGED = [creator | {"bio": "canvas and oil"} if place % 10 == 0 else creator for place, creator in enumerate(BEFORE)]
STAYED = [creator for place, creator in enumerate(CHANGED) if place % 11]
CAME = [creator | {"creator_id": f"{creator['creator_id']}_new"} for creator in some_creators(20, seed=9)]
AFTER = STAYED + CAME
DUE = [creator["creator_id"] for place, creator in enumerate(BEFORE) if not (place % 10 and place % 11)]


@pytest.fixture(autouse=True, scope="module")
def small_cells() -> Iterator[None]:
    """Cells begin with fields as small as these, and searches look into few of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.plan.CELL_ROWS", 60)
        patch.setattr("index.plan.EXACT_ROWS", 20)
        patch.setattr("index.plan.MOST_OF_THE_CELLS", 2)
        patch.setattr("index.cells.LEAST_PROBES", 12)
        yield


def news_of(former: Snapshot, kept: KeptRows | None) -> SnapshotInput:
    """Tonight's input: all of it, or that of creators who changed, beside what is kept."""
    whole = input_of(AFTER, cells=former.frozen_cells)
    if kept is None:
        return whole
    fresh = [creator for creator in AFTER if creator["creator_id"] in {*DUE} or creator in CAME]
    documents = pa.concat_tables([documents_of(fresh), kept.documents().select(whole.documents.column_names)])
    empty = FieldVectors("", pa.array([], pa.string()), np.empty((0, whole.dim), np.float32), pa.array([], pa.int64()))
    found = {field.name: field for field in vectors_of(fresh, HashingEmbedder())}
    fields = [found.get(name, replace(empty, name=name)) for name in sorted({*found, *kept.fields})]
    return replace(whole, documents=documents.sort_by("creator_id"), vectors=fields, kept=kept)


def test_a_version_made_of_the_last_one_and_of_news_is_the_one_made_of_everything(tmp_path: Path) -> None:
    former = write_snapshot(tmp_path / "former", input_of(BEFORE))
    kept = KeptRows.of(former, pa.array(DUE))
    assert kept is not None
    one = write_snapshot(tmp_path / "of everything", news_of(former, None))
    two = write_snapshot(tmp_path / "of news", news_of(former, kept))
    assert two.manifest.content == one.manifest.content
    assert two.manifest.layout.files == one.manifest.layout.files
    assert two.manifest.layout.cells == one.manifest.layout.cells == former.manifest.layout.cells != {}


def test_codes_of_kept_cells_find_who_is_near(tmp_path: Path) -> None:
    former = write_snapshot(tmp_path / "former", input_of(BEFORE))
    renewed = write_snapshot(tmp_path / "of news", news_of(former, KeptRows.of(former, pa.array(DUE))))
    for field in renewed.fields.values():
        for doc in field.docs[::7]:
            query = field.vector_of(int(doc))
            assert query is not None
            found = field.nearest(query, 5)
            assert found.plan.probes is not None or len(field) <= 60
            assert found.cosines[0] == pytest.approx(1, abs=1e-3)


def test_a_harmed_version_and_one_of_several_shards_give_nothing(tmp_path: Path) -> None:
    halves = write_snapshot(tmp_path / "halves", input_of(BEFORE, shard_creators=250))
    assert KeptRows.of(halves, pa.array(DUE)) is None
    whole = write_snapshot(tmp_path / "whole", input_of(BEFORE))
    rows = next((tmp_path / "whole").rglob("*.i8.npy"))
    held = rows.read_bytes()
    rows.write_bytes(held[:-1] + bytes([held[-1] ^ 1]))
    assert KeptRows.of(whole, pa.array(DUE)) is None
