"""`export`, typed."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from jobs.runner import open_store
from jobs.settings import read_settings
from tests.factories import an_account


@pytest.fixture
def typed(tmp_path, monkeypatch, bare_address):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREATORDEX_DATABASE_URL", bare_address)
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CREATORDEX_EMBEDDINGS__PROVIDER", "fast")
    monkeypatch.setenv("CREATORDEX_IDENTITY__BIO_NEIGHBOURS", "false")
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def resolved(typed):
    store = open_store(read_settings())
    with store.writing() as session:
        session.add(an_account("ann"))
        session.add(an_account("bea", display_name="+bea"))
    store.close()
    assert typed("resolve", "--as-of", "2026-03-01T02:00:00Z").exit_code == 0


def test_an_export_without_a_file_is_json_lines_on_stdout(typed, resolved):
    done = typed("export", "members")
    assert done.exit_code == 0, done.output
    assert [json.loads(line)["account_key"] for line in done.stdout.splitlines()] == [
        "youtube:id-ann",
        "youtube:id-bea",
    ]


def test_the_ending_of_the_file_says_the_format(typed, resolved, tmp_path):
    for name in ("creators.parquet", "creators.csv", "creators.jsonl"):
        done = typed("export", "creators", "--out", name)
        assert (done.exit_code, done.stdout) == (0, ""), done.output
        assert f"{name}: 2 rows" in done.stderr
    assert pq.read_table(tmp_path / "creators.parquet").num_rows == 2
    names = {row["name"] for row in csv.DictReader(io.StringIO((tmp_path / "creators.csv").read_text()))}
    assert names == {"Ann", "'+bea"}
    assert len((tmp_path / "creators.jsonl").read_text().splitlines()) == 2


def test_relations_are_exported_with_the_creators_on_both_sides(typed, resolved):
    store = open_store(read_settings())
    with store.writing() as session:
        session.add(an_account("bea.fans", "x", bio="fan page of youtube.com/@bea"))
    store.close()
    assert typed("export", "relations").stdout == ""
    assert typed("resolve", "--as-of", "2026-03-02T02:00:00Z").exit_code == 0
    (row,) = [json.loads(line) for line in typed("export", "relations").stdout.splitlines()]
    assert (row["source_account_key"], row["kind"], row["target_account_key"]) == (
        "x:id-bea.fans", "fan_of", "youtube:id-bea",
    )  # fmt: skip
    assert row["source_creator_id"] != row["target_creator_id"]
    assert row["since"].startswith("2026-03-02T02:00:00")


def test_changes_since_the_last_run_are_none_until_something_changes(typed, resolved):
    run_id = json.loads(typed("runs", "list", "--json").stdout.splitlines()[0])["run_id"]
    assert typed("export", "changes", "--since", run_id).stdout == ""
    kinds = {json.loads(line)["change"] for line in typed("export", "changes").stdout.splitlines()}
    assert kinds == {"mint", "join"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("creators", "--format", "parquet"), "--out"),
        (("creators", "--since", "nobody"), "runs list"),
        (("creators", "--out", "nowhere/c.csv"), "nowhere"),
        (("everything",), "everything"),
    ],
    ids=["Parquet on stdout", "unknown run", "folder that is not there", "unknown table"],
)
@pytest.mark.parametrize("bare_address", ["sqlite"], indirect=True)
def test_a_wrong_export_says_why_and_ends_with_2(typed, resolved, words, why):
    done = typed("export", *words)
    assert done.exit_code == 2
    assert why in done.stderr
