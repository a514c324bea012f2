"""Answers become judgements, each once, and what is no answer is named."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import SourceError
from base.judgement import Judgement, Verdict
from base.text import sanitise
from review.answers import import_answers
from review.decide import judge
from review.queue import COLUMNS, review_rows
from review.sheet import write_sheet
from store.judgements import load_grounds, load_judgements
from store.tables import AccountAlias, CandidatePair, CreatorMember
from tests.factories import AS_OF, an_account

LATER = AS_OF + timedelta(hours=1)
NAMES = ("ann", "bea", "cleo")
HEAD = "left,right,verdict,note,reviewer,decided_at,queued_at\n"
ANN, BEA, CLEO = (f"youtube:id-{name}" for name in NAMES)


@pytest.fixture
def people(store):
    with store.writing() as session:
        session.add_all(an_account(name, bio=f"=bread of {name}") for name in NAMES)
    return store


def kept(store) -> list[Judgement]:
    with store.reading() as session:
        return load_judgements(session)


def answer(store, tmp_path, text: str, *, reviewer: str | None = "ida", decided_at=LATER, name: str = "sheet.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return import_answers(store, path, reviewer=reviewer, decided_at=decided_at)


def test_verdicts_are_kept_with_their_reviewer_and_what_they_stand_on_and_open_rows_wait(people, tmp_path):
    sheet = (
        HEAD + f"{BEA},@ann, Same ,two kitchens,,,\n{ANN},{CLEO},,,,,\n{BEA},{CLEO},unsure,,bo,2026-02-01T00:00:00Z,\n"
    )
    result = answer(people, tmp_path, sheet)
    assert (result.rows, result.kept, result.open, result.refused) == (3, 2, 1, [])
    assert [(one.left, one.right, one.verdict, one.reviewer, one.note) for one in kept(people)] == [
        (BEA, CLEO, Verdict.UNSURE, "bo", ""),
        (ANN, BEA, Verdict.SAME, "ida", "two kitchens"),
    ]
    with people.reading() as session:
        assert len(load_grounds(session)) == 2


def test_the_same_file_twice_keeps_nothing_twice_whenever_it_is_imported(people, tmp_path):
    sheet = HEAD + f"{ANN},{BEA},same,,,,{AS_OF.isoformat()}\n"
    assert answer(people, tmp_path, sheet).kept == 1
    again = answer(people, tmp_path, sheet, decided_at=LATER + timedelta(days=9))
    assert (again.kept, again.repeated) == (0, 1)
    assert len(kept(people)) == 1


def test_an_old_file_does_not_undo_a_change_of_mind(people, tmp_path):
    sheet = HEAD + f"{ANN},{BEA},same,,,,{AS_OF.isoformat()}\n"
    answer(people, tmp_path, sheet)
    judge(people, ANN, BEA, Verdict.DIFFERENT, reviewer="ida", decided_at=LATER + timedelta(hours=1))
    assert answer(people, tmp_path, sheet, decided_at=LATER + timedelta(days=1)).kept == 0
    assert kept(people)[-1].verdict is Verdict.DIFFERENT


def test_a_question_asked_anew_takes_the_same_answer_anew(people, tmp_path):
    """A second look that ends as the first one did is a decision too: it clears the flag."""
    for day in range(2):
        asked_at = (AS_OF + timedelta(days=day)).isoformat()
        sheet = HEAD + f"{ANN},{BEA},same,,,,{asked_at}\n"
        assert answer(people, tmp_path, sheet, decided_at=LATER + timedelta(days=day)).kept == 1
    assert len(kept(people)) == 2


def test_each_reviewer_has_a_voice(people, tmp_path):
    sheet = HEAD + f"{ANN},{BEA},same,,ida,,\n{ANN},{BEA},different,,bo,,\n"
    assert answer(people, tmp_path, sheet, reviewer=None).kept == 2


@pytest.mark.parametrize(
    ("row", "field", "problem"),
    [
        (f"nobody,{BEA},same,,,,", "left", "no account nobody"),
        (f"{ANN},,same,,,,", "right", "no account"),
        (f"{ANN},@ann,same,,,,", "right", "the same account"),
        (f"{ANN},{BEA},perhaps,,,,", "verdict", "'perhaps'"),
        (f"{ANN},{BEA},same,,,yesterday,", "decided_at", "'yesterday'"),
        (f"{ANN},{BEA},same,,,,soon", "queued_at", "'soon'"),
        (f"{ANN},{BEA},same,,,,,,", "row", "cannot be read"),
    ],
    ids=["unknown", "empty", "one account", "another word", "no instant", "no queue instant", "too many cells"],
)
def test_a_row_that_is_no_answer_is_named_and_the_good_ones_go_on(people, tmp_path, row, field, problem):
    result = answer(people, tmp_path, HEAD + f"{row}\n{ANN},{CLEO},same,,,,\n")
    (refused,) = result.refused
    assert (refused.file, refused.row, refused.field) == ("sheet.csv", 1, field)
    assert problem in refused.problem
    assert refused.hint
    assert result.kept == 1


def test_a_row_without_a_reviewer_is_refused_when_nobody_is_named(people, tmp_path):
    result = answer(people, tmp_path, HEAD + f"{ANN},{BEA},same,,,,\n", reviewer=None)
    assert [(one.field, result.kept) for one in result.refused] == [("reviewer", 0)]


def test_two_answers_of_one_person_at_one_instant_are_no_answer_twice(people, tmp_path):
    result = answer(people, tmp_path, HEAD + f"{ANN},{BEA},same,,,,\n{BEA},{ANN},different,,,,\n{ANN},{BEA},same,,,,\n")
    assert (result.kept, result.repeated) == (1, 1)
    (refused,) = result.refused
    assert (refused.row, refused.field) == (2, "verdict")
    assert "said same" in refused.problem


def test_answers_that_contradict_each_other_are_told_before_the_night_stops_at_them(people, tmp_path):
    sheet = HEAD + f"{ANN},{BEA},same,,,,\n{BEA},{CLEO},same,,,,\n"
    assert answer(people, tmp_path, sheet).conflict is None
    against = answer(people, tmp_path, HEAD + f"{ANN},{CLEO},different,,,,\n")
    assert against.kept == 1, "a decision of a person is kept in any case"
    assert ANN in (against.conflict or "")


def test_a_former_key_is_the_account_that_has_it_now(people, tmp_path):
    with people.writing() as session:
        session.add(AccountAlias(alias_key="youtube:@ann", account_key=ANN, created_at=AS_OF))
    assert answer(people, tmp_path, HEAD + f"youtube:@ann,{BEA},same,,,,\n").kept == 1
    assert (kept(people)[0].left, kept(people)[0].right) == (ANN, BEA)


def test_a_file_without_the_columns_is_refused_whole(people, tmp_path):
    with pytest.raises(SourceError, match="verdict"):
        answer(people, tmp_path, f"left,right\n{ANN},{BEA}\n")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_exported_filled_in_and_imported_is_what_was_said(form, new_store, tmp_path):
    """Round trip: whatever stands in a profile, and whatever a person writes into a note."""
    pairs = [(ANN, BEA), (ANN, CLEO), (BEA, CLEO)]
    store = new_store()
    with store.writing() as session:
        session.add_all(an_account(name, bio="=1+1", display_name="@cmd") for name in NAMES)
        session.add_all(CreatorMember(account_key=f"youtube:id-{name}", creator_id=name, since=AS_OF) for name in NAMES)
        session.add_all(
            CandidatePair(
                left=left, right=right, rules=1, levels="0", match_weight_bits=0.0, match_probability=0.5,
                triage="review", model_fingerprint="m",
            )
            for left, right in pairs
        )  # fmt: skip
    said = st.lists(
        st.tuples(st.sampled_from(Verdict), st.text(st.characters(codec="utf-8"), max_size=20)), min_size=3, max_size=3
    )
    rounds = iter(range(1_000))

    @given(said)
    def there_and_back(verdicts):
        reviewer, moment = f"reviewer {next(rounds)}", LATER + timedelta(days=next(rounds))
        rows = review_rows(store, limit=9, audit=0, queued_at=AS_OF)
        filled = [
            row | {"verdict": verdict, "note": note, "reviewer": reviewer}
            for row, (verdict, note) in zip(rows, verdicts, strict=False)
        ]
        path = tmp_path / f"sheet.{form}"
        path.write_text(write_sheet(filled, COLUMNS, form), encoding="utf-8", newline="")
        for expected in (len(filled), 0):
            result = import_answers(store, path, reviewer=None, decided_at=moment)
            assert (result.kept, result.refused) == (expected, [])
        found = {(one.left, one.right): (one.verdict, one.note) for one in kept(store) if one.reviewer == reviewer}
        assert found == {
            (row["left"], row["right"]): (Verdict(row["verdict"]), sanitise(row["note"]).strip()) for row in filled
        }

    there_and_back()
