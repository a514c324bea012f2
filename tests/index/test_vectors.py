"""int8 rows and cosines that are exact in any order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from index.vectors import StoredRows, calibrate, cosines, query_integers, squared_norms, to_int8


def unit(seed: int, count: int, dim: int) -> np.ndarray:
    matrix = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def field_of(rows: np.ndarray) -> StoredRows:
    return StoredRows(rows, np.arange(len(rows), dtype=np.int32), squared_norms(rows))


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([3, 64, 384, 1536]))
def test_a_stored_cosine_is_within_half_a_percent_of_the_float_one(seed: int, dim: int):
    vectors = unit(seed, 20, dim)
    found = cosines(field_of(to_int8(vectors)), vectors[0])
    np.testing.assert_allclose(found, vectors @ vectors[0], atol=0.005 if dim > 3 else 0.01)


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    dim=st.sampled_from([1, 2, 64, 384, 1536]),
    chosen=st.sets(st.integers(0, 1299), min_size=1),
)
def test_cosines_are_the_exact_integers_whatever_rows_are_asked_for(seed: int, dim: int, chosen: set[int]):
    vectors = unit(seed, 1300, dim)
    field, query = field_of(to_int8(vectors)), vectors[0]
    rows = np.array(sorted(chosen))
    whole = query_integers(query).astype(np.int64)
    dots = field.rows[rows].astype(np.int64) @ whole
    exact = dots / (np.sqrt(field.squared_norms[rows].astype(float)) * np.sqrt(float((whole**2).sum())))
    np.testing.assert_array_equal(cosines(field, query, rows), exact)
    np.testing.assert_array_equal(cosines(field, query)[rows], exact)


def test_no_sum_can_pass_what_float32_counts_exactly():
    for dim in (1, 2, 64, 256, 384, 1536, 3072, 16_384):
        row = np.full(dim, 127.0)
        query = query_integers(np.full(dim, dim**-0.5, np.float32)).astype(float)
        assert row @ query < 2**24


def test_a_zero_query_is_like_nothing():
    assert not cosines(field_of(to_int8(unit(0, 5, 8))), np.zeros(8, np.float32)).any()


def test_calibration_tells_strangers_from_neighbours():
    centres = unit(1, 40, 64)
    crowd = np.repeat(centres, 20, axis=0) + unit(2, 800, 64) * 0.4
    measured = calibrate(to_int8(crowd.astype(np.float32)))
    assert measured is not None
    low, high = measured
    assert 0.05 < low < 0.3
    assert 0.8 < high < 1


def test_too_few_rows_calibrate_nothing():
    assert calibrate(to_int8(unit(0, 1, 8))) is None
    assert calibrate(to_int8(np.empty((0, 8), np.float32))) is None
    assert calibrate(to_int8(np.ones((90, 8), np.float32))) is None
