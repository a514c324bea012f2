"""The four ways into one database see each other's rows."""

import traceback

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from base.errors import EngineError
from store.session import Store
from store.tables import CreatorAccount
from tests.factories import an_account


def test_frames_see_what_sessions_wrote_after_frames_were_closed(store: Store):
    """STO-01: two copies of SQLite in one process do not lock each other; no session connection may outlive its use."""
    keys = select(col(CreatorAccount.account_key))
    for count in (1, 2, 3):
        with store.writing() as session:
            session.add(an_account(f"ann{count}"))
        with store.reading_frames() as frames:
            assert frames.read(keys).num_rows == count
        with Session(store.engine) as session:
            assert len(session.exec(keys).all()) == count


SECRET = "correct-horse-battery"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql+psycopg://ann:{SECRET}@127.0.0.1:1/creators",
        f"postgresql://ann:{SECRET}@127.0.0.1:1/creators?application_name={SECRET}",
        f"postgresql://ann:{SECRET}@127.0.0.1:1/creators?no_such_option={SECRET}",
        f"mysql://ann:{SECRET}@127.0.0.1/creators",
        f"postgresql//ann:{SECRET}@127.0.0.1/creators",
    ],
    ids=["no server", "no server, short scheme", "unknown option", "unknown database", "no address"],
)
def test_no_message_repeats_the_address_of_a_database(address: str):
    with pytest.raises(EngineError) as refused:
        Store(address)
    told = "".join(traceback.format_exception(refused.value))
    assert SECRET not in told
    assert refused.value.hint


@pytest.mark.parametrize("new_store", ["postgres"], indirect=True)
def test_an_error_of_the_database_shows_no_row(store: Store):
    """Bios and e-mail addresses stay out of logs."""
    with pytest.raises(DBAPIError) as refused, store.writing() as session:
        session.add(an_account("ann", bio="a private bio", email="ann@private.example", followers=2**63))
    assert "private" not in str(refused.value)
