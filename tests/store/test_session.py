"""The four ways into one database see each other's rows."""

from sqlmodel import Session, col, select

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
