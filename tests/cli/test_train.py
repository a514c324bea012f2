"""train and evaluate, typed."""

import json
import shutil

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from corpus.generate import generate
from jobs.resolve_creators import resolve_creators
from jobs.runner import run_jobs, working_store
from jobs.settings import read_settings
from tests.crowds import accounts_of

CORPUS = generate(300, 33)


@pytest.fixture
def typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CREATORDEX_IDENTITY__BIO_NEIGHBOURS", "false")
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home after a night: each test gets a copy."""
    settings = read_settings(home=tmp_path_factory.mktemp("night") / "home", identity={"bio_neighbours": False})
    with working_store(settings) as store, store.writing() as session:
        session.add_all(accounts_of(CORPUS))
    run_jobs("resolve", {"resolve_creators": resolve_creators}, settings)
    return settings.home


@pytest.fixture
def resolved(typed, home, tmp_path):
    shutil.copytree(home, tmp_path / "home")
    pq.write_table(CORPUS.truth, tmp_path / "truth.parquet")


def test_train_writes_a_model_that_resolve_takes_and_changes_nothing_by_itself(typed, tmp_path):
    pq.write_table(CORPUS.accounts, tmp_path / "accounts.parquet")
    done = typed("train", "accounts.parquet", "--out", "model.json", "--preview", "--as-of", "2026-03-01", "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert summary["provenance"]["as_of"] == "2026-03-01T00:00:00+00:00"
    assert {"merges", "splits", "accounts_moved", "pairs"} == set(summary["preview"])
    resolved = typed("resolve", "accounts.parquet", "--out", "out", "--model", "model.json", "--json")
    assert json.loads(resolved.stdout)["model_fingerprint"] == summary["model_fingerprint"]
    plain = typed("resolve", "accounts.parquet", "--out", "plain", "--json")
    assert json.loads(plain.stdout)["model_fingerprint"] == summary["provenance"]["start_model"]


def test_train_on_the_store_shows_what_would_change(typed, resolved):
    done = typed("train", "--preview", "--limit", "2")
    assert done.exit_code == 0, done.output
    assert "start model" in done.stdout
    assert "would merge" in done.stdout


def test_evaluate_scores_the_store_against_a_truth_as_text_json_and_page(typed, resolved, tmp_path):
    told = typed("evaluate", "identity", "--truth", "truth.parquet", "--html", "page.html")
    assert told.exit_code == 0, told.output
    assert "recall by path" in told.stdout
    assert "pair_f1" in told.stdout
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    report = json.loads(typed("evaluate", "identity", "--truth", "truth.parquet", "--json").stdout)
    assert report["scores"]["accounts"] == 300
    assert {row["trap"] for row in report["errors_by_trap"]} > {""}


def test_evaluate_without_a_truth_takes_what_people_judged(typed, resolved):
    report = json.loads(typed("evaluate", "identity", "--json").stdout)
    assert report["against"] == "judgements"
    assert [row["pairs"] for row in report["precision_by_band"]] == [0, 0, 0]


def test_an_ablation_without_a_truth_is_a_usage_error(typed, resolved):
    assert typed("evaluate", "identity", "--ablation").exit_code == 2


def test_a_truth_of_other_accounts_fails_with_a_reason(typed, resolved, tmp_path):
    (tmp_path / "other.csv").write_text("account_id,creator_id\nnobody,1\n")
    done = typed("evaluate", "identity", "--truth", "other.csv")
    assert done.exit_code == 1
    assert "no account in common" in done.output
