"""split, review export and review import, typed; explain of a creator."""

import csv
import io
import json
import shutil

import pytest
from typer.testing import CliRunner

from base.fingerprint import creator_id_for
from cli.main import app
from jobs.resolve_creators import resolve_creators
from jobs.runner import run_jobs, working_store
from jobs.settings import read_settings
from tests.factories import AS_OF as FIRST
from tests.factories import an_account

YT, IG, FAN = "youtube:id-quillandember", "instagram:id-quill.ember", "tiktok:id-quillandember"
AS_OF = ("--as-of", "2026-03-01T02:00:00Z")
LATER = ("--as-of", "2026-03-02T02:00:00Z")


@pytest.fixture
def typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CREATORDEX_EMBEDDINGS__PROVIDER", "fast")
    monkeypatch.setenv("CREATORDEX_IDENTITY__BIO_NEIGHBOURS", "false")
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home after a night: each test gets a copy."""
    settings = read_settings(home=tmp_path_factory.mktemp("night") / "home", identity={"bio_neighbours": False})
    with working_store(settings) as store, store.writing() as session:
        session.add(an_account("quillandember", bio="essays. Instagram: @quill.ember"))
        session.add(an_account("quill.ember", "instagram", bio="YouTube: @quillandember", display_name="Quillandember"))
        session.add(an_account("quillandember", "tiktok", bio="fan page, dm for credit"))
    run_jobs("resolve", {"resolve_creators": resolve_creators}, settings, as_of=FIRST)
    return settings.home


@pytest.fixture
def resolved(typed, home, tmp_path):
    shutil.copytree(home, tmp_path / "home")


def test_a_split_holds_from_the_next_resolve_on(typed, resolved):
    creator = creator_id_for(min(YT, IG))
    done = typed("split", creator, "quill.ember", "--by", "ida", *LATER)
    assert done.exit_code == 0, done.output
    assert f"{IG} and {YT}: different, says ida" in done.stdout
    assert typed("resolve", *LATER).exit_code == 0
    members = [json.loads(line) for line in typed("export", "members").stdout.splitlines()]
    whose = {row["account_key"]: row["creator_id"] for row in members}
    assert whose[YT] != whose[IG]


def test_questions_go_out_answers_come_in_and_the_night_obeys(typed, resolved, tmp_path):
    done = typed("review", "export", "--out", "sheet.csv", "--audit", "5", *LATER)
    assert done.exit_code == 0, done.output
    assert "sheet.csv" in done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "sheet.csv").read_bytes().decode(), newline="")))
    assert {row["stratum"] for row in rows} == {"queue", "audit"}
    for row in rows:
        row["verdict"] = "different"
    with (tmp_path / "sheet.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert f"{len(rows)} kept" in typed("review", "import", "sheet.csv", "--by", "ida", *LATER).stdout
    again = typed("review", "import", "sheet.csv", "--by", "ida", "--json")
    assert (json.loads(again.stdout)["kept"], again.exit_code) == (0, 0)
    assert typed("resolve", *LATER).exit_code == 0
    members = [json.loads(line)["creator_id"] for line in typed("export", "members").stdout.splitlines()]
    assert len(set(members)) == 3
    assert typed("review", "export", "--format", "jsonl").stdout == ""


def test_without_a_file_questions_are_data_on_stdout(typed, resolved):
    first = typed("review", "export", *LATER)
    assert first.stdout.startswith("stratum,flag,")
    assert typed("review", "export", *LATER).stdout == first.stdout


def test_rows_that_are_no_answer_are_named_and_end_with_3(typed, resolved, tmp_path):
    (tmp_path / "sheet.csv").write_text(f"left,right,verdict\n{YT},{IG},same\n{YT},nobody,same\n")
    done = typed("review", "import", "sheet.csv", "--by", "ida")
    assert done.exit_code == 3
    assert "sheet.csv row 2: right no account nobody (hint: " in done.stderr
    assert "1 kept" in done.stdout


def test_a_file_that_cannot_be_read_ends_with_1_and_a_folder_that_is_not_there_with_2(typed, resolved):
    assert typed("review", "import", "nothing.csv", "--by", "ida").exit_code == 1
    assert typed("review", "export", "--out", "nowhere/sheet.csv").exit_code == 2


def test_answers_that_contradict_each_other_are_said_at_once_and_stop_the_next_resolve(typed, resolved, tmp_path):
    rows = (f"{YT},{IG},same", f"{IG},{FAN},same", f"{YT},{FAN},different")
    (tmp_path / "sheet.csv").write_text("left,right,verdict\n" + "\n".join(rows) + "\n")
    done = typed("review", "import", "sheet.csv", "--by", "ida", *AS_OF)
    assert done.exit_code == 0
    assert "the next resolve will stop" in done.stderr
    assert typed("resolve", *LATER).exit_code == 4
    assert typed("judge", IG, FAN, "unsure", "--by", "ida").exit_code == 0
    assert typed("resolve", *LATER).exit_code == 0


def test_explain_tells_who_a_creator_is(typed, resolved):
    creator = creator_id_for(min(YT, IG))
    said = typed("explain", creator)
    assert said.exit_code == 0, said.output
    for words in ("quill.ember", "joined by evidence", "each names the other", "match weight"):
        assert words in said.stdout
    found = json.loads(typed("explain", creator, "--json").stdout)
    (step,) = found["steps"]
    total = step["explanation"]["prior_bits"]
    for evidence in step["explanation"]["evidence"]:
        total += evidence["weight_bits"]
    assert total == step["explanation"]["match_weight_bits"]
    assert typed("explain", "cr_aaaaaaaaaaaaaaaa").exit_code == 1


def test_explain_writes_a_page_about_two_accounts(typed, resolved, tmp_path):
    done = typed("explain", YT, IG, "--html", "why.html")
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    assert "<svg" in (tmp_path / "why.html").read_text()
    assert typed("explain", YT, "--html", "why.html").exit_code == 2
    assert typed("explain", YT, IG, "--html", "nowhere/why.html").exit_code == 2
