"""Decisions of people over whole nights: contradictions stop them, unmerging gives everything back."""

import json
import sqlite3

import pytest
from typer.testing import CliRunner

from base.fingerprint import creator_id_for
from cli.main import app
from jobs.runner import open_store
from jobs.settings import read_settings

YT, IG, X = "youtube:UCquill", "instagram:17", "x:99"
HEAD = "platform,platform_user_id,handle,display_name,bio,followers,first_seen,fetched_at"
PEOPLE = (
    "youtube,UCquill,quillandember,Quill & Ember,bread and pastry baking. Instagram: @quill.ember,900,2026-01-01",
    "instagram,17,quill.ember,Quill & Ember,home workouts and yoga. YouTube: @quillandember,40,2026-01-02",
    "x,99,mosshouse,Moss House,chess and go,3,2026-01-03",
)
ROWS = "\n".join([HEAD, *(f"{row}T00:00:00Z,2026-02-01T00:00:00Z" for row in PEOPLE), ""])


@pytest.fixture
def typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREATORDEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CREATORDEX_EMBEDDINGS__PROVIDER", "fast")
    (tmp_path / "rows.csv").write_text(ROWS)
    return lambda *words: CliRunner().invoke(app, list(words))


def night(typed, day: int) -> None:
    done = typed("nightly", "rows.csv", "--as-of", f"2026-03-{day:02}T02:00:00Z")
    assert done.exit_code == 0, done.output


def judge(typed, left: str, right: str, verdict: str, day: int) -> None:
    done = typed("judge", left, right, verdict, "--by", "ida", "--as-of", f"2026-03-{day:02}T12:00:00Z")
    assert done.exit_code == 0, done.output


def exported(typed, what: str) -> list[dict]:
    return [json.loads(line) for line in typed("export", what).stdout.splitlines()]


def members(typed) -> dict[str, str]:
    return {row["account_key"]: row["creator_id"] for row in exported(typed, "members")}


def current(tmp_path) -> dict:
    return json.loads((tmp_path / "home" / "snapshots" / "CURRENT.json").read_text())


def test_contradicting_judgements_stop_the_night_with_4_and_the_snapshot_stays(typed, tmp_path):
    night(typed, 1)
    before, whose = current(tmp_path), members(typed)
    judge(typed, YT, X, "same", 2)
    judge(typed, IG, X, "different", 2)
    judge(typed, YT, IG, "same", 2)
    stopped = typed("nightly", "rows.csv", "--as-of", "2026-03-03T02:00:00Z")
    assert stopped.exit_code == 4
    assert "ConstraintConflict" in stopped.stderr
    for account in (YT, IG, X):
        assert account in stopped.stderr, "the path is named"
    assert "creatordex judge" in stopped.stderr
    assert (current(tmp_path), members(typed)) == (before, whose)

    judge(typed, IG, X, "unsure", 3)
    night(typed, 4)
    assert set(members(typed).values()) == {creator_id_for(YT)}
    assert current(tmp_path)["version"] == before["version"] + 1


def test_an_unmerge_restores_both_creators_with_their_labels_and_a_retired_id_resolves_for_ever(typed, tmp_path):
    """IDN-14, IDN-15: apart, merged, apart, merged; labels come back from history, and nothing is labelled twice."""
    home = tmp_path / "home"
    ann, bea = creator_id_for(YT), creator_id_for(IG)
    judged = ("different", "same", "different", "same")
    labels, back, retired = [], [], []
    open_store(read_settings()).close()
    for place, verdict in enumerate(judged):
        day = 2 * place + 1
        if place == 0:
            assert typed("ingest", "rows.csv", "--as-of", "2026-03-01T01:00:00Z").exit_code == 0
            done = typed("judge", YT, IG, verdict, "--by", "ida", "--as-of", "2026-03-01T01:30:00Z")
            assert done.exit_code == 0, done.output
        else:
            judge(typed, YT, IG, verdict, day - 1)
        night(typed, day)
        answers = {row["creator_id"]: row for row in exported(typed, "enrichments")}
        back.append({creator_id: row.pop("in_force_since") for creator_id, row in answers.items()})
        labels.append(answers)
        found = typed("explain", bea, "--json")
        retired.append(json.loads(found.stdout)["creator_id"])
    assert retired == [bea, ann, bea, ann], "an id answers for itself when it stands, and is answered for when not"
    assert {ann, bea} <= set(labels[0]) == set(labels[2])
    assert bea not in labels[1]
    assert labels[0] == labels[2], "word for word, with the instant at which they were first given"
    assert sum(back[0][creator] != since for creator, since in back[2].items()) == 2, "an export since has both"
    assert labels[0][ann]["primary_niche"] != labels[0][bea]["primary_niche"]
    assert labels[1] == labels[3]
    with sqlite3.connect(home / "store.db") as store:
        (rows,) = store.execute("SELECT count(*) FROM enrichments").fetchone()
    store.close()
    assert rows == len({(row["creator_id"], row["input_fingerprint"]) for night in labels for row in night.values()})
    (account,) = (row["creator_id"] for row in exported(typed, "members") if row["account_key"] == X)
    assert account == creator_id_for(X)
