"""`search` and `snapshot` as typed by a person."""

import io
import json
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

import cli.search as commands
from base.errors import ConfigError, SnapshotError
from cli.search import result_table
from index.files import folder_name
from index.versions import Versions
from providers.hashing import HashingEmbedder
from search.explain import why
from search.searcher import SearchResult, open_snapshot
from tests.index.snapshots import a_creator, input_of, write_snapshot

HOSTILE = "[red]ann[/red] [link=file:///]x"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two versions, the second in force."""
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path))
    for version, bio in enumerate(["home workouts", f"home workouts {HOSTILE}"], start=1):
        people = [
            a_creator("ann", name=HOSTILE, summary=HOSTILE, bio=bio, provenance="offline"),
            a_creator("bob", followers={"instagram": None}),
        ]
        write_snapshot(tmp_path / "snapshots" / "versions" / folder_name(version), input_of(people), version)
    Versions(tmp_path / "snapshots").promote(2)
    return tmp_path


@pytest.fixture
def result(home: Path) -> SearchResult:
    return open_snapshot(home / "snapshots", HashingEmbedder()).search("home workouts under 500k followers")


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command("search")(commands.search)
    app.add_typer(commands.snapshot_app, name="snapshot")
    outcome = CliRunner().invoke(app, arguments)
    if outcome.exception and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def shown(result: SearchResult) -> str:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    console.print(result_table(result))
    return console.file.getvalue()


def test_a_hit_shows_its_score_its_parts_and_its_reasons(result: SearchResult):
    """SRC-11."""
    text = shown(result)
    hit = result.hits[0]
    for part in [hit.score, *hit.explanation.parts.values()]:
        assert f"{part:.3f}" in text
    assert "provisional" in text
    assert "words home, workouts" in "; ".join(why(hit.explanation))
    assert "max followers 499,999" in "; ".join(why(hit.explanation))


def test_a_name_that_looks_like_markup_is_printed_as_it_is(result: SearchResult):
    assert "[red]ann[/red]" in shown(result)


def test_a_hidden_count_is_not_shown_as_zero(home: Path):
    found = open_snapshot(home / "snapshots", HashingEmbedder()).search("bob")
    assert "hidden" in shown(found)


def test_a_snapshot_of_another_model_is_refused_with_a_next_step(home: Path):
    with pytest.raises(ConfigError, match="no query encoder for vectors of hashing") as refused:
        run("search", "yoga")
    assert refused.value.hint


def test_before_the_first_publish_the_next_step_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path))
    with pytest.raises(SnapshotError) as refused:
        run("search", "yoga")
    assert refused.value.hint == "creatordex publish"


def test_versions_are_listed_verified_rolled_back_and_unpinned(home: Path):
    listed = [json.loads(line) for line in run("snapshot", "list", "--json").splitlines()]
    assert [(entry["version"], entry["state"]) for entry in listed] == [(1, ""), (2, "in force")]
    assert run("snapshot", "verify").startswith("version 2: ")
    assert run("snapshot", "rollback", "1") == "version 1 is in force and pinned\n"
    assert "in force, pinned" in run("snapshot", "list")
    assert run("snapshot", "rollback", "--unpin") == "version 2 is in force\n"


def test_rollback_needs_a_version_or_unpin(home: Path):
    with pytest.raises(AssertionError, match="either a version or --unpin"):
        run("snapshot", "rollback")
