"""What a person is asked, in which order, and what stands in a row."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from base.errors import ConfigError
from base.judgement import Verdict
from identity.weights import load_model
from jobs.resolve_creators import resolve_creators
from review.decide import judge
from review.queue import AUDIT, COLUMNS, QUEUE, review_rows
from store.tables import CandidatePair, CreatorMember, JudgementFlag, Run
from tests.factories import AS_OF, a_context, an_account

NAMES = ("ann", "bea", "cleo", "dora", "ella")
FOLLOWERS = {"ann": 900_000, "bea": 40, "cleo": 5_000, "dora": 5_000, "ella": None}


def key(name: str) -> str:
    return f"youtube:id-{name}"


def a_pair(left: str, right: str, probability: float = 0.5, triage: str = "review", rules: int = 1) -> CandidatePair:
    model = load_model()
    return CandidatePair(
        left=key(left), right=key(right), rules=rules, levels="0" * len(model.comparisons), match_weight_bits=1.25,
        match_probability=probability, triage=triage, model_fingerprint=model.fingerprint,
    )  # fmt: skip


def put(store, *rows: object) -> None:
    with store.writing() as session:
        session.add_all(rows)


@pytest.fixture
def people(store):
    for name in NAMES:
        put(store, an_account(name, followers=FOLLOWERS[name]))
        put(store, CreatorMember(account_key=key(name), creator_id=f"cr_{name}", since=AS_OF))
    return store


def asked(store, limit: int = 10, audit: int = 0) -> list[dict]:
    return review_rows(store, limit=limit, audit=audit, queued_at=AS_OF)


def pairs(rows: list[dict]) -> list[tuple[str, str]]:
    return [(row["left"].split("-")[1], row["right"].split("-")[1]) for row in rows]


def test_doubt_about_many_followers_comes_first_and_one_creator_s_questions_stand_together(people):
    put(people, a_pair("bea", "ella"), a_pair("ann", "bea", 0.9), a_pair("ann", "cleo"), a_pair("cleo", "dora"))
    rows = asked(people)
    assert pairs(rows) == [("ann", "cleo"), ("ann", "bea"), ("cleo", "dora"), ("bea", "ella")]
    assert [row["cluster"] for row in rows] == ["cr_ann", "cr_ann", "cr_cleo", "cr_bea"]
    priorities = [row["priority"] for row in rows]
    assert priorities[0] > priorities[2] > priorities[1], "a creator's lesser question stands with its weightier one"
    assert pairs(asked(people, limit=1)) == [("ann", "cleo")]


def test_of_one_creator_questions_for_one_reason_stand_together(people):
    put(people, a_pair("ann", "bea", rules=1), a_pair("ann", "cleo", rules=2), a_pair("ann", "dora", 0.8, rules=1))
    assert [row["proposed_because"] for row in asked(people)] == [
        "both use the same handle",
        "both use the same handle",
        "their handles differ only in separators or usual affixes",
    ]


def test_what_is_settled_merged_or_apart_is_not_asked(people):
    put(people, a_pair("ann", "bea"), a_pair("ann", "cleo"), a_pair("ann", "dora"))
    put(people, a_pair("bea", "cleo", triage="separate"), a_pair("bea", "dora", triage="link"))
    judge(people, key("ann"), key("bea"), Verdict.DIFFERENT, reviewer="ida", decided_at=AS_OF)
    judge(people, key("ann"), key("cleo"), Verdict.UNSURE, reviewer="ida", decided_at=AS_OF)
    with people.writing() as session:
        session.get_one(CreatorMember, key("dora")).creator_id = "cr_ann"
    assert pairs(asked(people)) == [("ann", "cleo")]


def test_a_row_says_what_a_person_needs_and_has_room_for_the_answer(people):
    with people.writing() as session:
        session.merge(
            an_account(
                "ann", bio="bread  and\nbutter " * 30, followers=900_000, website="https://ann.example",
                external_urls='["https://two.example"]', display_name="=Ann",
            )
        )  # fmt: skip
    put(people, a_pair("ann", "bea", 0.73456))
    (row,) = asked(people)
    assert tuple(sorted(row)) == tuple(sorted(COLUMNS))
    assert (row["stratum"], row["proposed"], row["match_probability"]) == (QUEUE, "review", 0.7346)
    assert (row["left_handle"], row["left_name"], row["left_followers"]) == ("ann", "=Ann", 900_000)
    assert row["left_bio"].startswith("bread and butter bread") and len(row["left_bio"]) == 200  # noqa: PT018
    assert row["left_profile"] == "https://www.youtube.com/@ann"
    assert row["left_links"] == "https://ann.example https://two.example"
    assert "same handle, same name" in row["evidence"]
    assert (row["verdict"], row["note"], row["reviewer"]) == ("", "", "")
    assert datetime.fromisoformat(row["queued_at"]) == AS_OF


def test_the_heaviest_evidence_stands_first_and_that_of_another_model_is_not_told(people):
    put(people, a_pair("ann", "bea"))
    steps = [float(step.split(" ")[0]) for step in asked(people)[0]["evidence"].split("; ")]
    assert [abs(bits) for bits in steps] == sorted((abs(bits) for bits in steps), reverse=True)
    with people.writing() as session:
        session.exec(select(CandidatePair)).one().model_fingerprint = "another"
    assert "another model" in asked(people)[0]["evidence"]


def test_a_second_look_comes_before_everything_else_until_somebody_judges_again(people):
    put(people, a_pair("ann", "cleo"))
    judge(people, key("bea"), key("dora"), Verdict.SAME, reviewer="ida", decided_at=AS_OF)
    put(
        people,
        JudgementFlag(
            left=key("bea"), right=key("dora"), reason="renamed", detail="@b was @a", decided_at=AS_OF, as_of=AS_OF
        ),
    )
    rows = asked(people, limit=1)
    assert pairs(rows) == [("bea", "dora"), ("ann", "cleo")]
    assert rows[0]["flag"] == "judged same by ida; renamed: @b was @a"
    judge(people, key("bea"), key("dora"), Verdict.SAME, reviewer="bo", decided_at=AS_OF + timedelta(hours=1))
    assert pairs(asked(people)) == [("ann", "cleo")]


@pytest.fixture
def merges(store):
    """Forty merged pairs, and a finished run."""
    for number in range(40):
        pair = a_pair("x", "x", 0.999, "link")
        pair.left, pair.right = keys = [f"{platform}:id-p{number:02}" for platform in ("instagram", "youtube")]
        members = [CreatorMember(account_key=key, creator_id=f"cr_{number:02}", since=AS_OF) for key in keys]
        accounts = [an_account(f"p{number:02}", platform) for platform in ("instagram", "youtube")]
        put(store, pair, *members, *accounts)
    finish_run(store, "run-1")
    return store


def finish_run(store, run_id: str) -> None:
    put(
        store,
        Run(run_id=run_id, command="nightly", as_of=AS_OF, state="done", inputs="{}", started_at=AS_OF),
    )


def test_the_audit_is_a_sample_of_merges_the_same_for_one_run_and_another_for_the_next(merges):
    first = asked(merges, audit=8)
    assert {row["stratum"] for row in first} == {AUDIT}
    assert len({row["left"] for row in first}) == 8
    assert asked(merges, audit=8) == first
    finish_run(merges, "run-2")
    assert pairs(asked(merges, audit=8)) != pairs(first)
    assert len(asked(merges, audit=100)) == 40


def test_a_merge_that_was_judged_leaves_the_audit_and_the_others_stay(merges):
    first = asked(merges, audit=8)
    judge(merges, first[0]["left"], first[0]["right"], Verdict.SAME, reviewer="ida", decided_at=AS_OF)
    left = {row["left"] for row in asked(merges, audit=8)}
    assert len(left) == 8
    assert left >= {row["left"] for row in first[1:]}


def test_a_real_night_asks_about_what_it_held_back(store):
    put(store, an_account("quillember", bio="fan page, dm for credit"), an_account("quillember", "instagram"))
    resolve_creators(a_context(store, identity={"bio_neighbours": False}))
    (row,) = asked(store)
    assert (row["left"], row["right"]) == ("instagram:id-quillember", "youtube:id-quillember")
    assert "same handle" in row["evidence"]


def test_a_model_that_is_not_there_is_a_configuration_error(people, tmp_path):
    with pytest.raises(ConfigError):
        review_rows(people, limit=1, audit=0, queued_at=AS_OF, model=tmp_path / "model.json")
