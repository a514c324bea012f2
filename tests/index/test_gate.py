"""GOV-10: every finding is a reason to refuse, and says what it found."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from index.gate import GateSettings, inspect
from index.snapshot import Snapshot
from index.writer import write_array, write_table
from tests.index.generated import some_creators
from tests.index.snapshots import a_creator, input_of, write_snapshot

SHARD = "shard=00000"
NO_VIOLATIONS = pa.table({"left": pa.array([], pa.string()), "right": [], "creator_id": []})


def findings(
    snapshot: Snapshot, previous: Snapshot | None = None, violations: pa.Table = NO_VIOLATIONS, **limits: Any
) -> list[str]:
    settings = GateSettings(**({"min_enrichment_coverage": 0, "min_vector_coverage": 0} | limits))
    return inspect(snapshot, settings, previous=previous, violations=violations)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return write_snapshot(tmp_path / "v", input_of(some_creators(40)))


def test_a_sound_snapshot_passes(snapshot: Snapshot):
    assert findings(snapshot, previous=snapshot) == []


def test_an_empty_index_is_refused(tmp_path: Path):
    assert findings(write_snapshot(tmp_path, input_of([]))) == ["the index is empty"]


def test_too_few_vectors_or_labels_are_refused(tmp_path: Path):
    people = [a_creator("ann"), a_creator("bob", niche=None, bio=None, titles=[])]
    found = findings(write_snapshot(tmp_path, input_of(people)), min_enrichment_coverage=0.9, min_vector_coverage=0.9)
    assert [finding.split()[1] for finding in found] == ["50.0%", "50.0%"]


@pytest.mark.parametrize(
    ("previous", "refused"), [(40, False), (27, False), (26, True), (80, False), (81, True), (None, False)]
)
def test_a_jump_of_the_creator_count_is_refused(
    snapshot: Snapshot, tmp_path: Path, previous: int | None, refused: bool
):
    before = write_snapshot(tmp_path / "before", input_of(some_creators(previous))) if previous else None
    assert bool(findings(snapshot, previous=before)) == refused


def test_a_question_that_nobody_answers_any_more_is_refused(tmp_path: Path):
    people = [a_creator(f"c{number:02}", niche="food", summary="Bread.") for number in range(20)]
    before = write_snapshot(tmp_path / "before", input_of(people))
    after = write_snapshot(tmp_path / "after", input_of([person | {"niche": "fitness"} for person in people]))
    assert findings(after, previous=before) == ['nobody is found for "Food"']
    assert findings(after, canaries=["bread", "quantum chess"]) == ['nobody is found for "quantum chess"']


def test_cells_that_lost_creators_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("index.plan.CELL_ROWS", 60)
    monkeypatch.setattr("index.plan.EXACT_ROWS", 1)
    snapshot = write_snapshot(tmp_path / "v", input_of(some_creators(400)))
    assert findings(snapshot) == []
    for field in snapshot.fields.values():
        field._probes = 1
    assert "no filter kept" in findings(snapshot)[0]


def test_a_pair_judged_different_in_one_creator_is_refused(snapshot: Snapshot):
    """GOV-10, REV: the example is named."""
    violations = pa.table({"left": ["x:1"], "right": ["x:2"], "creator_id": ["cr_ann"]})
    (found,) = findings(snapshot, violations=violations)
    assert "x:1 and x:2 in cr_ann" in found


def test_postings_that_lost_a_word_are_refused(snapshot: Snapshot):
    path = snapshot.directory / SHARD / "postings" / "tf.npy"
    write_array(np.full_like(np.load(path), 9), path)
    assert len(findings(Snapshot(snapshot.directory))) == 8


def test_vectors_that_belong_to_another_creator_are_refused(snapshot: Snapshot):
    path = next((snapshot.directory / SHARD / "vec").glob("youtube_bio.parquet"))
    rows = pq.read_table(path, partitioning=None)
    write_table(rows.set_column(1, "squared_norm", pa.array([1, *range(2, rows.num_rows + 1)], pa.int32())), path)
    assert findings(Snapshot(snapshot.directory))
