"""Means: unit norm, independent of order, and named by a fingerprint of their members."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.aggregate import Groups
from embeddings.vectors import normalise, to_column

DIM = 8


def members(count: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    owners = [f"o{owner}" for owner in random.integers(0, 5, count)]
    matrix = normalise(random.standard_normal((count, DIM)).astype(np.float32))
    names = [f"m{row}" for row in range(count)]
    return pa.table({"owner": owners, "member": names, "vector": to_column(matrix)})


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 999))
def test_means_have_unit_norm_and_do_not_depend_on_the_order_of_members(count: int, seed: int):
    rows = members(count, seed)
    shuffled = rows.take(np.random.default_rng(seed + 1).permutation(count))
    groups, again = Groups.of(rows, by=["owner"]), Groups.of(shuffled, by=["owner"])
    assert groups.keys()["owner"].to_pylist() == sorted(set(rows["owner"].to_pylist()))
    assert np.array_equal(groups.means(DIM), again.means(DIM))
    assert groups.fingerprints() == again.fingerprints()
    assert np.allclose(np.linalg.norm(groups.means(DIM), axis=1), 1, atol=1e-5)


def test_a_fingerprint_changes_with_its_members_and_only_with_them():
    rows = members(30, 1)
    before = Groups.of(rows, by=["owner"])
    after = Groups.of(rows.slice(1), by=["owner"])
    changed = {
        owner
        for owner, old, new in zip(
            before.keys()["owner"].to_pylist(), before.fingerprints(), after.fingerprints(), strict=True
        )
        if old != new
    }
    assert changed == {rows["owner"][0].as_py()}


def test_no_members_make_no_groups():
    groups = Groups.of(members(1, 0).slice(1), by=["owner"])
    assert groups.keys().num_rows == len(groups.fingerprints()) == len(groups.means(DIM)) == 0
