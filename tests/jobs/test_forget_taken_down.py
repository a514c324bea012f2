"""POL-05: a creator who was taken down is hidden, gone from the store, and does not come back."""

import pytest

from base.errors import ConfigError
from base.fingerprint import creator_id_for
from index.reader import Reader
from index.takedowns import read_takedowns
from index.versions import Versions
from jobs.forget_taken_down import forget_taken_down, hide_creator
from store.session import Store
from store.tables import METADATA, CreatorAlias
from tests.factories import AS_OF, an_account, home_of
from tests.jobs.publishing import add_creator, fill, publish, publishing_context

ANN = creator_id_for("youtube:id-ann")


def rows_naming(store: Store, *names: str) -> dict[str, int]:
    """Table → rows with one of these names in any column; judgements and the ledger of spending keep their keys."""
    found = {}
    with store.reading() as session:
        for name, table in METADATA.tables.items():
            rows = [row for row in session.execute(table.select()) if any(name in map(str, row) for name in names)]
            if rows:
                found[name] = len(rows)
    return found


@pytest.fixture
def context(store: Store):
    fill(store)
    return publishing_context(store)


def test_a_creator_is_hidden_before_anything_is_deleted(store: Store, context):
    publish(store)
    reader = Reader(home_of(store) / "snapshots")
    assert hide_creator(context, ANN)
    assert reader.refresh()
    with reader.opened() as view:
        assert view.is_hidden(ANN)
    assert "accounts" in rows_naming(store, "youtube:id-ann")


@pytest.mark.parametrize("named", [ANN, "youtube:id-ann", "cr_old"], ids=["id", "account", "retired id"])
def test_whatever_names_the_creator_nothing_of_it_stays(store: Store, context, named: str):
    with store.writing() as session:
        session.add(CreatorAlias(retired_id="cr_old", creator_id=ANN, retired_at=AS_OF))
    keys = hide_creator(context, named)
    assert forget_taken_down(context).counts["rows_deleted"] > 0
    assert set(rows_naming(store, *keys, ANN)) <= {"creator_aliases", "judgements"}
    assert forget_taken_down(context).counts["rows_deleted"] == 0


def test_the_next_publish_leaves_the_creator_out_though_it_came_back(store: Store, context):
    publish(store)
    hide_creator(context, ANN)
    forget_taken_down(context)
    add_creator(store, [an_account("ann", bio="back again")])
    publish(store, gate={"max_creator_count_change": 9})
    versions = Versions(home_of(store) / "snapshots")
    reader = Reader(versions.root)
    with reader.opened() as view:
        assert view.snapshot.doc_of(ANN) is None
    reader.close()
    assert read_takedowns(versions.root).held_up_to == 1
    versions.retire_old(grace_seconds=0)
    assert versions.numbers() == [2]


def test_nobody_of_that_name(store: Store, context):
    with pytest.raises(ConfigError, match="no creator cr_nobody"):
        hide_creator(context, "cr_nobody")
