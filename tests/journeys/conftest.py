"""One small corpus and one undisturbed night over it, shared by every journey."""

from pathlib import Path

import pytest

from corpus.generate import write_corpus
from tests.journeys.nights import nightly


@pytest.fixture(scope="session")
def corpus_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, accounts=90, seed=11)
    return sorted(path for path in folder.rglob("*") if path.suffix in {".gz", ".csv", ".jsonl"})


@pytest.fixture(scope="session")
def night_home(corpus_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a night that nothing disturbed. Read only: copy it to change it."""
    home = tmp_path_factory.mktemp("night") / "home"
    result = nightly(home, corpus_files)
    assert result.returncode == 0, result.stderr
    return home
