"""One snapshot of random creators for the whole room."""

import json
from pathlib import Path

import pytest

from index.snapshot import Snapshot
from index.versions import Versions
from providers.hashing import HashingEmbedder
from search.searcher import Searcher
from tests.index.generated import some_creators
from tests.index.snapshots import input_of, write_snapshot


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot folder with one version in force."""
    root = tmp_path_factory.mktemp("snapshots")
    write_snapshot(root / "versions" / "v00000001", input_of(some_creators(300)))
    Versions(root).promote(1)
    assert json.loads((root / "CURRENT.json").read_text())["version"] == 1
    return root


@pytest.fixture(scope="session")
def snapshot(published: Path) -> Snapshot:
    return Snapshot(Versions(published).current_path())


@pytest.fixture(scope="session")
def searcher(snapshot: Snapshot) -> Searcher:
    return Searcher(snapshot, HashingEmbedder())
