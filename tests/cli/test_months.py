"""`months`, typed."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from jobs.runner import open_store
from jobs.settings import read_settings
from tests.factories import an_item


@pytest.fixture
def typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path / "home"))
    store = open_store(read_settings())
    with store.writing() as session:
        session.add(an_item("youtube:1", "v1"))
    store.close()
    return lambda *words: CliRunner().invoke(app, list(words))


def test_a_month_is_listed_archived_and_gone(typed, tmp_path):
    (row,) = (json.loads(line) for line in typed("months", "list", "--json").stdout.splitlines())
    assert row == {"month": "2026-03", "content_items": 1, "metric_snapshots": 0}
    assert "2026-03" in typed("months", "list").stdout
    done = typed("months", "archive", "2026-03", "--to", "archive", "--json")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "archive" / "content_items" / "2026-03.parquet").is_file()
    assert typed("months", "list").stdout == ""
    assert "-months-archive-1" in typed("runs", "list", "--json").stdout


def test_an_archived_month_is_restored(typed):
    before = typed("months", "list", "--json").stdout
    assert typed("months", "archive", "2026-03", "--to", "archive").exit_code == 0
    done = typed("months", "restore", "2026-03", "--from", "archive", "--json")
    assert done.exit_code == 0, done.output
    assert typed("months", "list", "--json").stdout == before != ""
    assert typed("months", "restore", "2026-02", "--from", "archive").exit_code == 2


def test_a_dropped_month_is_gone(typed):
    assert typed("months", "drop", "2026-03").exit_code == 0
    assert typed("months", "list", "--json").stdout == ""
    assert typed("months", "drop", "2026-03").exit_code == 2


def test_a_password_in_an_address_is_not_kept(typed, tmp_path):
    done = typed("months", "archive", "2026-03", "--to", "memory://user:secret@place")
    assert done.exit_code == 0, done.output
    back = typed("months", "restore", "2026-03", "--from", "memory://user:secret@place")
    assert back.exit_code == 0, back.output
    kept = [path for path in (tmp_path / "home" / "runs").rglob("*") if path.is_file()]
    assert kept
    assert not any("secret" in path.read_text() for path in kept)
