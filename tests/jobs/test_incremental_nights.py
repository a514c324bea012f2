"""Nights over what is new end where one night over everything ends, and work only on what is new."""

import os
from dataclasses import replace
from datetime import timedelta
from shutil import rmtree

import pytest
from sqlalchemy import select

from jobs.embed_accounts import embed_accounts
from jobs.report import JobReport
from jobs.resolve_creators import resolve_creators
from providers.hashing import HashingEmbedder
from store.judgements import save_judgements
from store.session import Store
from store.tables import METADATA, WRITERS, AccountRelation, CandidatePair, Creator, CreatorMember, ValueCount
from tests.factories import AS_OF, a_context
from tests.histories import History, a_history, deliver, reshuffled

#: how many are lived through; the battery tries 200
HISTORIES = int(os.environ.get("CREATORDEX_TEST_HISTORIES", "20"))
TABLES = (CreatorMember, Creator, CandidatePair, ValueCount, AccountRelation)
#: when a row last changed depends on when its news arrived
STAMPS = {"since", "updated_at"}


def live_through(history: History, store: Store, *, neighbours: bool, forgetful: bool = False) -> list[JobReport]:
    """Every night of a history, one after another, on one store. forgetful: no night remembers the one before."""
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
        if forgetful:
            rmtree(context.home / "memory")
    return reports


def outcome(store: Store) -> dict[str, list[dict[str, object]]]:
    """Every row that identity derives, stamps apart."""
    with store.reading() as session:
        return {
            table.__tablename__: [
                row.model_dump(exclude=STAMPS)
                for row in session.scalars(select(table).order_by(*table.__table__.primary_key))
            ]
            for table in TABLES
        }


def every_row(store: Store) -> dict[str, list[dict[str, object]]]:
    """Every row that identity writes, the feeds and all stamps too."""
    tables = [METADATA.tables[name] for name, writer in WRITERS.items() if writer == "jobs.resolve_creators"]
    with store.reading() as session:
        return {
            table.name: [dict(row) for row in session.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in tables
            if table.name != "identity_nights"
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
@pytest.mark.parametrize("seed", range(1000, 1000 + max(HISTORIES // 8, 1)))
def test_the_order_in_which_news_arrives_leaves_no_trace(new_store, seed):
    history = a_history(seed)
    store, other = new_store(), new_store()
    live_through(history, store, neighbours=False)
    live_through(reshuffled(history, seed), other, neighbours=False)
    assert outcome(store) == outcome(other) == at_once(new_store, history, neighbours=False)


@pytest.mark.slow
@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(2000, 2000 + max(HISTORIES // 4, 1)))
def test_what_is_remembered_leaves_no_trace_in_any_row(new_store, seed):
    history = a_history(seed)
    store, other = new_store(), new_store()
    live_through(history, store, neighbours=False)
    live_through(history, other, neighbours=False, forgetful=True)
    assert every_row(store) == every_row(other), f"history {seed}"
