"""Neighbours: exact against a naive comparison, and near enough above the size where all pairs are too many."""

import os

import faiss
import numpy as np
import pyarrow as pa
import pytest

import embeddings.neighbours
from embeddings.neighbours import nearest_neighbours
from embeddings.vectors import Vectors, normalise


def people(count: int, accounts: int = 3, dim: int = 32) -> Vectors:
    random = np.random.default_rng(3)
    centres = np.repeat(random.standard_normal((count, dim)), accounts, axis=0)
    matrix = normalise((centres + 0.25 * random.standard_normal(centres.shape)).astype(np.float32))
    return Vectors([f"account-{row:05d}" for row in random.permutation(len(matrix))], matrix, "recipe")


def named(pairs: pa.Table, vectors: Vectors) -> set[tuple[str, ...]]:
    ends = zip(pairs["left_index"].to_pylist(), pairs["right_index"].to_pylist(), strict=True)
    return {tuple(sorted((vectors.ids[left], vectors.ids[right]))) for left, right in ends}


def naive(vectors: Vectors, k: int, min_cosine: float) -> set[tuple[str, ...]]:
    cosines = vectors.matrix @ vectors.matrix.T
    np.fill_diagonal(cosines, -2)
    best = [(row, other) for row in range(len(cosines)) for other in np.argsort(-cosines[row], kind="stable")[:k]]
    return {tuple(sorted((vectors.ids[a], vectors.ids[b]))) for a, b in best if cosines[a, b] >= min_cosine}


def test_pairs_are_those_of_a_comparison_of_all_with_all():
    vectors = people(60)
    pairs = nearest_neighbours(vectors, k=4, min_cosine=0.3)
    assert named(pairs, vectors) == naive(vectors, 4, 0.3)
    left, right = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
    assert (left < right).all()
    expected = (vectors.matrix[left] * vectors.matrix[right]).sum(axis=1)
    assert pairs["cosine"].to_numpy() == pytest.approx(expected, abs=1e-5)


def test_cells_find_the_near_pairs_that_all_with_all_finds(monkeypatch: pytest.MonkeyPatch):
    vectors = people(700)
    exact = named(nearest_neighbours(vectors, k=3, min_cosine=0.8), vectors)
    monkeypatch.setattr(embeddings.neighbours, "EXACT_ROWS", 100)
    assert len(named(nearest_neighbours(vectors, k=3, min_cosine=0.8), vectors) & exact) >= 0.97 * len(exact)


@pytest.mark.parametrize("exact_rows", [100, 10_000], ids=["cells", "all with all"])
def test_the_order_of_the_rows_does_not_change_the_pairs(monkeypatch: pytest.MonkeyPatch, exact_rows: int):
    monkeypatch.setattr(embeddings.neighbours, "EXACT_ROWS", exact_rows)
    vectors = people(300)
    rows = np.random.default_rng(5).permutation(len(vectors.ids))
    shuffled = Vectors([vectors.ids[row] for row in rows], vectors.matrix[rows], "recipe")
    pairs, again = (nearest_neighbours(v, k=3, min_cosine=0.5) for v in (vectors, shuffled))
    assert named(pairs, vectors) == named(again, shuffled)
    assert sorted(pairs["cosine"].to_pylist()) == sorted(again["cosine"].to_pylist())


@pytest.mark.parametrize("exact_rows", [100, 10_000], ids=["cells", "all with all"])
def test_the_number_of_threads_does_not_change_the_pairs(monkeypatch: pytest.MonkeyPatch, exact_rows: int):
    monkeypatch.setattr(embeddings.neighbours, "EXACT_ROWS", exact_rows)
    monkeypatch.setattr(embeddings.neighbours, "QUERY_ROWS", 64)
    found = []
    for cores in (1, 3):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        found.append(nearest_neighbours(people(300), k=3, min_cosine=0.5))
    assert found[0].num_rows
    assert found[0].equals(found[1])


def test_threads_of_others_stay_as_many_as_they_were():
    before = faiss.omp_get_max_threads()
    nearest_neighbours(people(60), k=3, min_cosine=0.5)
    assert faiss.omp_get_max_threads() == before


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one_alone_have_no_neighbours(count: int):
    vectors = Vectors(["a"] * count, np.ones((count, 4), np.float32) / 2, "recipe")
    assert nearest_neighbours(vectors, k=3, min_cosine=0.0).num_rows == 0
