"""One version: written, read back, the same again."""

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from base.errors import SnapshotError
from index.manifest import MANIFEST, read_manifest
from index.snapshot import Snapshot
from index.versions import verify_version
from index.writer import ALIASES, FieldVectors
from providers.hashing import HashingEmbedder
from tests.index.generated import some_creators
from tests.index.snapshots import a_creator, input_of, vectors_of, write_snapshot


def bytes_of(snapshot: Snapshot) -> dict[str, bytes]:
    """Every file that is not only there for speed."""
    wanted = snapshot.content.files | snapshot.manifest.layout.files
    return {path: (snapshot.directory / path).read_bytes() for path in wanted}


def test_the_same_creators_in_any_order_give_the_same_bytes(tmp_path: Path):
    people = some_creators(80)
    one = write_snapshot(tmp_path / "one", input_of(people))
    random.Random(1).shuffle(people)
    vectors = list(reversed(vectors_of(people, HashingEmbedder())))
    two = write_snapshot(tmp_path / "two", input_of(people, vectors=vectors))
    assert bytes_of(one) == bytes_of(two)
    assert one.manifest.snapshot_id == two.manifest.snapshot_id


def test_a_changed_row_is_another_snapshot(tmp_path: Path):
    one = write_snapshot(tmp_path / "one", input_of([a_creator(bio="yoga")]))
    two = write_snapshot(tmp_path / "two", input_of([a_creator(bio="yoga!")]))
    assert one.manifest.snapshot_id != two.manifest.snapshot_id


def test_row_i_of_every_table_is_creator_i(tmp_path: Path):
    """EMB-06: a vector row names its creator, field, model and time."""
    people = some_creators(40)
    snapshot = write_snapshot(tmp_path, input_of(people))
    names = snapshot.creators["creator_id"].to_pylist()
    assert names == sorted(person["creator_id"] for person in people)
    for name, field in snapshot.fields.items():
        given = next(vectors for vectors in vectors_of(people, HashingEmbedder()) if vectors.name == name)
        known = {
            owner: row for owner, row in zip(given.creator_ids.to_pylist(), given.matrix, strict=True) if row.any()
        }
        assert [names[doc] for doc in field.docs] == sorted(known)
        expected = np.array([known[names[doc]] for doc in field.docs])
        stored = [field.vector_of(int(doc)) for doc in field.docs]
        np.testing.assert_allclose(stored, expected, atol=0.01)
    assert snapshot.content.embedding.model == "hashing/64"


def test_a_vector_of_a_stranger_or_without_direction_is_not_kept(tmp_path: Path):
    vectors = FieldVectors("zz_bio", pa.array(["cr_ann", "cr_gone"]), np.eye(2, 64, dtype=np.float32), pa.array([1, 2]))
    zero = FieldVectors("zz_content", pa.array(["cr_ann"]), np.zeros((1, 64), np.float32), pa.array([1]))
    snapshot = write_snapshot(tmp_path, input_of([a_creator("ann")], vectors=[vectors, zero]))
    assert snapshot.content.embedding.fields["zz_bio"].rows == 1
    assert snapshot.content.embedding.fields["zz_content"].rows == 0


def test_a_field_name_cannot_leave_its_folder(tmp_path: Path):
    vectors = FieldVectors("../../up_bio", pa.array(["cr_ann"]), np.eye(1, 64, dtype=np.float32), pa.array([1]))
    snapshot = write_snapshot(tmp_path / "in", input_of([a_creator("ann")], vectors=[vectors]))
    assert len(snapshot.fields["../../up_bio"]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_vectors_of_another_length_are_refused(tmp_path: Path):
    vectors = FieldVectors("zz_bio", pa.array(["cr_ann"]), np.eye(1, 8, dtype=np.float32), pa.array([1]))
    with pytest.raises(SnapshotError, match="length 8"):
        write_snapshot(tmp_path, input_of([a_creator("ann")], vectors=[vectors]))


def test_coverage_is_in_the_manifest(tmp_path: Path):
    """MON-03."""
    people = [a_creator("ann"), a_creator("bob", niche=None, bio=None, titles=[])]
    assert write_snapshot(tmp_path, input_of(people)).content.coverage == {
        "vectors": 0.5, "labels": 0.5, "youtube_bio": 0.5, "youtube_content": 0.5,
    }  # fmt: skip


def test_retired_ids_resolve(tmp_path: Path):
    aliases = pa.table({"retired_id": ["cr_old"], "creator_id": ["cr_ann"]}, ALIASES)
    assert write_snapshot(tmp_path, input_of([a_creator("ann")], aliases=aliases)).aliases == {"cr_old": "cr_ann"}


@pytest.mark.parametrize("harm", ["cut", "flip", "remove"])
def test_every_harmed_file_is_found(tmp_path: Path, harm: str):
    """SYS-08."""
    snapshot = write_snapshot(tmp_path, input_of([a_creator("ann")]))
    assert verify_version(tmp_path) == len(snapshot.manifest.files)
    for name in snapshot.manifest.files:
        path = tmp_path / name
        whole = path.read_bytes()
        path.unlink()
        assert whole
        if harm != "remove":
            path.write_bytes(whole[:-1] if harm == "cut" else bytes([whole[0] ^ 1]) + whole[1:])
        with pytest.raises(SnapshotError, match=path.name.replace("+", r"\+")):
            verify_version(tmp_path)
        path.write_bytes(whole)


def test_a_changed_constant_is_found(tmp_path: Path):
    write_snapshot(tmp_path, input_of([a_creator("ann")]))
    path = tmp_path / MANIFEST
    path.write_text(path.read_text().replace('"keyword_weight": 0.82', '"keyword_weight": 0.9'))
    with pytest.raises(SnapshotError, match="changed after it was written"):
        verify_version(tmp_path)


def test_unknown_fields_are_ignored_and_a_new_major_is_refused(tmp_path: Path):
    write_snapshot(tmp_path, input_of([a_creator("ann")]))
    path = tmp_path / MANIFEST
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"later": 1, "content": manifest["content"] | {"later": 1}}))
    assert read_manifest(tmp_path).version == 1
    manifest["content"]["format"]["major"] = 2
    path.write_text(json.dumps(manifest))
    with pytest.raises(SnapshotError, match="format 2"):
        read_manifest(tmp_path)


def test_a_field_of_few_rows_goes_by_the_largest(tmp_path: Path):
    """Cosines are the model's before they are the field's."""

    def some_rows(name: str, count: int) -> FieldVectors:
        matrix = np.random.default_rng(count).standard_normal((count, 64)).astype(np.float32)
        owners = pa.array([f"cr_c{number:04}" for number in range(count)])
        return FieldVectors(name, owners, matrix, pa.array([0] * count, pa.int64()))

    given = [some_rows("x_bio", 3), some_rows("youtube_bio", 100), some_rows("youtube_content", 60)]
    fields = write_snapshot(tmp_path, input_of(some_creators(100), vectors=given, dim=64)).content.embedding.fields
    measured = {name: (field.median_cosine, field.top_cosine) for name, field in fields.items()}
    assert measured["x_bio"] == measured["youtube_bio"] != measured["youtube_content"]
    assert 0 < measured["x_bio"][0] < measured["x_bio"][1] < 1
