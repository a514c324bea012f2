"""Codes name the rows that deserve an exact look: nearly all of the nearest, and nobody behind a filter."""

from pathlib import Path

import numpy as np
import pytest

from embeddings.cells import nearest_cell, train_cells
from embeddings.codes import Codes, write_codes
from embeddings.vectors import Matrix, normalise

COUNT = 3_000


@pytest.fixture(scope="module")
def rows() -> Matrix:
    dice = np.random.default_rng(3)
    heaps = dice.standard_normal((40, 32))[dice.integers(0, 40, COUNT)]
    return normalise((heaps + 0.5 * dice.standard_normal((COUNT, 32))).astype(np.float32))


@pytest.fixture(scope="module")
def path(rows: Matrix, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(rows, tmp_path_factory.mktemp("codes") / "one.faiss")


def written(rows: Matrix, path: Path) -> Path:
    centres = train_cells(rows, 20)
    cell_of = nearest_cell(rows, centres)
    parts = ((rows[span], np.arange(COUNT)[span], cell_of[span]) for span in (slice(0, 1_000), slice(1_000, COUNT)))
    write_codes(path, centres, rows, parts)
    return path


def test_the_nearest_are_among_those_named(rows: Matrix, path: Path):
    codes, found = Codes(path), 0
    for query in rows[::100]:
        found += len(np.intersect1d(np.argsort(-(rows @ query))[:10], codes.nearest(query, 40, probes=10)))
    assert found >= 0.95 * 10 * len(rows[::100])


def test_nobody_behind_the_filter_is_named(rows: Matrix, path: Path):
    mask = np.arange(COUNT) % 7 == 0
    named = Codes(path).nearest(rows[1], 100, probes=20, kept=np.packbits(mask, bitorder="little"))
    assert len(named) == 100
    assert mask[named].all()


def test_fewer_are_named_where_fewer_are_kept(rows: Matrix, path: Path):
    mask = np.arange(COUNT) < 3
    named = Codes(path).nearest(rows[1], 100, probes=20, kept=np.packbits(mask, bitorder="little"))
    assert sorted(named) == [0, 1, 2]


def test_the_same_rows_give_the_same_bytes(rows: Matrix, path: Path):
    assert written(rows, path.with_name("two.faiss")).read_bytes() == path.read_bytes()
