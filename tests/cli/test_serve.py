"""`serve` and `keys` as typed by a person, up to where a port would be opened."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, code: int = 0) -> str:
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == code, outcome.output
    return outcome.stdout if code == 0 else outcome.output


def test_a_key_is_printed_once_and_listed_without_itself():
    key = run("keys", "add", "acme", "--scope", "search", "--days", "30").strip()
    listed = run("keys", "list", "--json")
    assert key.startswith("cdx_")
    assert key not in listed
    (row,) = map(json.loads, listed.splitlines())
    assert (row["tenant_id"], row["scopes"], row["state"]) == ("acme", "search", "valid")
    run("keys", "revoke", row["key_id"])
    assert json.loads(run("keys", "list", "--json"))["state"] == "revoked"


def test_another_address_is_not_served_without_a_key():
    assert "creatordex keys add" in run("serve", "--host", "192.0.2.1", code=2)


def test_before_the_first_publish_there_is_nothing_to_serve():
    assert "creatordex publish" in run("serve", code=1)
