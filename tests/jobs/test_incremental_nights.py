"""Nights over what is new end where one night over everything ends, and work only on what is new."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from jobs.embed_accounts import embed_accounts
from jobs.report import JobReport
from jobs.resolve_creators import resolve_creators
from providers.hashing import HashingEmbedder
from store.judgements import save_judgements
from store.session import Store
from store.tables import AccountRelation, CandidatePair, Creator, CreatorMember, ValueCount
from tests.factories import AS_OF, a_context
from tests.histories import History, a_history, deliver, reshuffled

HISTORIES = int(os.environ.get("CREATORDEX_TEST_HISTORIES", "20"))
ON_POSTGRES = 2
TABLES = (CreatorMember, Creator, CandidatePair, ValueCount, AccountRelation)
#: when a row last changed depends on when its news arrived
STAMPS = {"since", "updated_at"}


def live_through(history: History, store: Store, *, neighbours: bool) -> list[JobReport]:
    """Every night of a history, one after another, on one store."""
    context = a_context(store, identity={"bio_neighbours": neighbours, "neighbours_per_account": 2})
    context.embedder = HashingEmbedder(64)
    seen: dict[str, int] = {}
    reports = []
    for number, (versions, verdicts) in enumerate(zip(history.nights, history.verdicts, strict=True)):
        with store.writing() as session:
            deliver(session, versions, seen)
            save_judgements(session, verdicts)
        tonight = replace(context, as_of=AS_OF + timedelta(days=number))
        tonight.embedder = context.embedder
        if neighbours:
            embed_accounts(tonight)
        reports.append(resolve_creators(tonight))
    return reports


def outcome(store: Store) -> dict[str, list[dict[str, object]]]:
    """Every row that identity derives, stamps apart."""
    with store.reading() as session:
        return {
            table.__tablename__: [
                row.model_dump(exclude=STAMPS)
                for row in session.exec(select(table).order_by(*table.__table__.primary_key))
            ]
            for table in TABLES
        }


def at_once(new_store, history: History, *, neighbours: bool) -> dict[str, list[dict[str, object]]]:
    """What one night over everything comes to."""
    versions, verdicts = history.final
    store = new_store()
    live_through(History((versions,), (verdicts,)), store, neighbours=neighbours)
    return outcome(store)


@pytest.mark.slow
@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_nights_of_news_end_where_one_night_over_everything_ends(new_store, seed):
    history, neighbours = a_history(seed), seed % 4 == 0
    store = new_store()
    reports = live_through(history, store, neighbours=neighbours)
    assert outcome(store) == at_once(new_store, history, neighbours=neighbours), f"history {seed}"
    assert all(report.effort["accounts_remembered"] for report in reports[1:]), "nothing was put to the test"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1002))
def test_the_order_in_which_news_arrives_leaves_no_trace(new_store, seed):
    history = a_history(seed)
    store, other = new_store(), new_store()
    live_through(history, store, neighbours=False)
    live_through(reshuffled(history, seed), other, neighbours=False)
    assert outcome(store) == outcome(other) == at_once(new_store, history, neighbours=False)
