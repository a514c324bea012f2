"""resolve FILE, explain and judge, typed."""

import json
import re

import pytest
from typer.testing import CliRunner

from cli.main import app
from jobs.runner import working_store
from jobs.settings import read_settings
from tests.factories import an_account

ROWS = (
    "account_id,platform,handle,display_name,bio\n"
    "a1,yt,quillandember,Quill,essays. Instagram: @quill.ember\na2,ig,quill.ember,Quill,YouTube: @quillandember\n"
)
AT = "2026-03-01T00:00:00Z"


@pytest.fixture
def typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path / "home"))
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def stored(typed):
    with working_store(read_settings()) as store, store.writing() as session:
        session.add(an_account("quillandember", bio="essays. Instagram: @quill.ember"))
        session.add(an_account("quill.ember", "instagram", bio="YouTube: @quillandember"))


def test_resolve_file_writes_its_results_and_prints_the_report(typed, tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    done = typed("resolve", "rows.csv", "--out", "out", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["creators"] == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"members.parquet", "pairs.parquet", "report.json"}


def test_a_plan_counts_the_pairs_and_decides_nothing(typed, stored, tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    of_file = json.loads(typed("resolve", "rows.csv", "--plan", "--json").stdout)
    of_store = json.loads(typed("resolve", "--plan", "--json").stdout)
    for plan in (of_file, of_store):
        assert (plan["accounts"], plan["candidate_pairs"]) == (2, 1)
        assert plan["candidate_pairs_by_rule"]["claim"] == 1
    assert not (tmp_path / "out").exists()
    assert json.loads(typed("runs", "list", "--json").stdout or "[]") == []


def test_a_precision_asked_for_moves_the_threshold_in_the_store_too(typed, stored, tmp_path):
    bits = []
    for asked in ("0.9", "0.99"):
        assert typed("resolve", "--precision", asked, "--as-of", AT).exit_code == 0
        newest = max((tmp_path / "home" / "runs").rglob("manifest.json"), key=lambda path: path.stat().st_mtime_ns)
        bits.append(float(re.findall(r'"link_bits": ?(-?[\d.]+)', newest.read_text())[0]))
    assert bits[0] < bits[1]


def test_a_file_with_too_many_bad_rows_ends_with_its_own_exit_code(typed, tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS + ",yt,nobody,,\n")
    assert typed("resolve", "rows.csv", "--out", "out").exit_code == 3


def test_resolve_file_without_a_folder_is_a_usage_error(typed, tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    assert typed("resolve", "rows.csv").exit_code == 2


def test_resolve_file_obeys_judgements_and_stops_with_4_at_a_contradiction(typed, tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS + "a3,x,mosshouse,Moss,chess\n")
    head = "left,right,verdict,reviewer,decided_at,note\n"
    said = [f"a1,a2,same,i,{AT},", f"a2,a3,same,i,{AT},", f"a1,a3,different,i,{AT},"]
    for count, code in ((2, 0), (3, 4)):
        (tmp_path / "said.csv").write_text(head + "\n".join(said[:count]) + "\n")
        done = typed("resolve", "rows.csv", "--out", f"out{count}", "--judgements", "said.csv", "--json")
        assert done.exit_code == code, done.output
    assert "a1 = a2 = a3" in done.stderr
    assert not (tmp_path / "out3").exists(), "nothing is written"


def test_explain_prints_the_evidence_and_judge_keeps_a_decision(typed, stored):
    explained = typed("explain", "quillandember", "quill.ember", "--json")
    assert explained.exit_code == 0, explained.output
    found = json.loads(explained.stdout)
    total = found["prior_bits"] + sum(step["weight_bits"] for step in found["evidence"])
    assert total == pytest.approx(found["match_weight_bits"])
    assert "each names the other" in typed("explain", "quillandember", "quill.ember").stdout
    judged = typed("judge", "quillandember", "quill.ember", "different", "--by", "ida", "--note", "two people")
    assert judged.exit_code == 0, judged.output
    assert "different, says ida" in judged.stdout


def test_an_account_that_is_not_there_is_named(typed, stored):
    assert typed("explain", "quillandember", "nobody").exit_code == 1
