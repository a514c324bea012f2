"""One night over a Postgres database leaves what it leaves in a SQLite file, killed or not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.nights import creatordex, current_snapshot, dump, nightly
from tests.postgres import PostgresServer

pytestmark = pytest.mark.slow


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """The address of a database in which nothing was ever made."""
    with postgres.database(template="template0") as address:
        yield address


def test_a_killed_night_resumes_and_a_second_writes_nothing(
    night_home: Path, corpus_files: list[Path], tmp_path: Path, database: str
):
    """SYS-02, SYS-06, STO-06: the same rows and the same snapshot as on SQLite."""
    home = tmp_path / "home"
    for crash in ("ingest_accounts:2", "publish_index:2"):
        assert nightly(home, corpus_files, database=database, crash=crash).returncode == -9
    resumed = nightly(home, corpus_files, database=database)
    assert resumed.returncode == 0, resumed.stderr
    rows = dump(home, database)
    expected = dump(night_home)
    assert [table for table in expected if rows[table] != expected[table]] == []
    assert current_snapshot(home)["content"] == current_snapshot(night_home)["content"]
    assert not (home / "store.db").exists()

    second = nightly(home, corpus_files, database=database)
    assert second.returncode == 0, second.stderr
    assert dump(home, database) == rows
    assert sorted(path.name for path in (home / "snapshots" / "versions").iterdir()) == ["v00000001"]

    rebuilt = creatordex(home, "renormalize", "--as-of", "2026-03-01T06:00:00Z", database=database)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert dump(home, database) == rows


def test_people_and_readers_find_the_same_commands(corpus_files: list[Path], tmp_path: Path, database: str):
    """Every command that looks, over a database that a night has filled."""
    home = tmp_path / "home"
    assert nightly(home, corpus_files, database=database).returncode == 0
    left, right = sorted(str(row[0]) for row in dump(home, database)["members"])[:2]
    for command in (
        ["status"], ["runs", "list"], ["doctor"], ["settings"], ["db", "current"], ["db", "upgrade"],
        ["explain", left, right], ["judge", left, right, "different", "--by", "ann"], ["enrich", "--plan"],
        ["search", "home workouts"], ["snapshot", "list"],
    ):  # fmt: skip
        done = creatordex(home, *command, database=database)
        assert done.returncode == 0, (command, done.stderr)
        assert database not in done.stdout + done.stderr
