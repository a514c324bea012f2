"""Who is asked the same again tells the same, and works nothing out; whatever an answer follows from is a question."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import delete

import jobs.identity_memory as kept
import jobs.last_answer as asked
import jobs.resolve_creators as job
from base.judgement import Judgement, Verdict
from jobs.last_answer import question_of
from jobs.resolve_creators import load_inputs, resolve_creators
from store.judgements import load_judgements, save_judgements
from store.tables import AccountAlias, CreatorAccount, HandleSpan, IdentityNight
from tests.factories import AS_OF, a_context, an_account, an_item

ANN, BEN = "youtube:id-ann", "x:id-ben"


@pytest.fixture
def context(store):
    with store.writing() as session:
        session.add(an_account("ann", bio="knits. X: @ben"))
        session.add(an_account("ben", "x", bio="fan page of @ann"))
    return a_context(store, identity={"bio_neighbours": False})


def refuse(*_args, **_kwargs):
    raise AssertionError("worked out again")


def test_a_night_that_is_asked_the_same_tells_the_same_and_works_nothing_out(context, monkeypatch):
    resolve_creators(context)
    later = replace(context, as_of=AS_OF + timedelta(days=1))
    (context.home / "memory" / "answer.json").unlink()
    worked_out = resolve_creators(later)
    monkeypatch.setattr(job, "resolve_stored", refuse)
    told = resolve_creators(later)
    assert (told.details, told.counts, told.effort) == (worked_out.details, worked_out.counts, worked_out.effort)
    assert told.counts["written"] == 0
    assert told.details["accounts"] == 2


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", ["", "{", '{"question": "same"}', "[]"])
def test_an_answer_that_cannot_be_read_is_none(context, text):
    report = resolve_creators(context)
    (context.home / "memory" / "answer.json").write_text(text)
    assert resolve_creators(context).details["accounts"] == report.details["accounts"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_store_that_holds_another_night_is_asked_anew(context, monkeypatch):
    resolve_creators(context)
    with context.writing() as session:
        session.exec(delete(IdentityNight))
    monkeypatch.setattr(job, "resolve_stored", refuse)
    with pytest.raises(AssertionError, match="worked out again"):
        resolve_creators(context)


def question(context) -> str:
    inputs, _ = load_inputs(context)
    with context.reading() as session:
        return question_of(context.settings.identity, inputs, load_judgements(session))


SPAN = {"first_seen": AS_OF, "last_seen": AS_OF}
NEWS = {
    "an account": lambda: an_account("cleo"),
    "a description": lambda: an_item(ANN, "one", description="https://x.com/ben"),
    "a former handle": lambda: HandleSpan(account_key=ANN, handle="anna", **SPAN),
    "a former key": lambda: AccountAlias(alias_key="youtube:@ann", account_key=ANN, created_at=AS_OF),
}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("news", NEWS)
def test_a_row_that_came_is_another_question(context, news):
    before = question(context)
    with context.writing() as session:
        session.add(NEWS[news]())
    assert question(context) != before


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("column", "value"),
    [("bio", "sews"), ("followers", 9), ("last_seen", AS_OF + timedelta(1)), ("country", "DE"), ("handle", None)],
)
def test_an_account_that_changed_is_another_question(context, column, value):
    before = question(context)
    assert question(context) == before
    with context.writing() as session:
        setattr(session.get(CreatorAccount, ANN), column, value)
    assert question(context) != before


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_verdict_is_another_question(context):
    before = question(context)
    with context.writing() as session:
        save_judgements(session, [Judgement(ANN, BEN, Verdict.SAME, "ida", AS_OF, "")])
    assert question(context) != before


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_other_rules_and_other_code_are_another_question(context, store, monkeypatch):
    questions = {question(context)}
    questions.add(question(a_context(store, identity={"bio_neighbours": False, "precision": 0.9})))
    for module in (kept, asked):
        monkeypatch.setattr(module, "code_of", lambda *_rooms: "other")
    questions.add(question(context))
    assert len(questions) == 3
