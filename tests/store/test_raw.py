"""Payloads in the order of delivery, and states that follow from where accounts stand."""

from datetime import timedelta

from store.raw import load_entity_places, load_payloads, mark_absent_gone, mark_delivered_live
from store.session import Store
from store.tables import CreatorAccount, RawEntity, RawPayload
from tests.factories import AS_OF, an_account


def a_payload(sha256: str, days: int = 0) -> RawPayload:
    fetched_at = AS_OF + timedelta(days=days)
    return RawPayload(sha256=sha256, media="rows", source="s", origin="a.csv", byte_length=1, fetched_at=fetched_at)


def a_place(key: str, sha256: str) -> RawEntity:
    return RawEntity(entity_key=key, entity_kind="account", sha256=sha256, line=1, pointer="")


def test_payloads_come_in_the_order_of_delivery(store: Store):
    with store.writing() as session:
        session.add_all([a_payload("b"), a_payload("c", 1), a_payload("a", 1)])
    with store.reading() as session:
        assert [payload.sha256 for payload in load_payloads(session)] == ["b", "a", "c"]


def test_the_newest_payload_of_an_entity_comes_first(store: Store):
    """NRM-06."""
    with store.writing() as session:
        session.add_all([a_payload("old"), a_payload("new", 1), a_place("zz:1", "old"), a_place("zz:1", "new")])
    with store.reading() as session:
        assert [payload.sha256 for _place, payload in load_entity_places(session, "zz:1")] == ["new", "old"]


def test_an_account_is_gone_when_its_source_no_longer_holds_it(store: Store):
    with store.writing() as session:
        session.add_all(
            an_account(name, "zz", source=source) for name, source in (("a", "s"), ("b", "s"), ("c", "other"))
        )
        session.add_all([a_place("zz:id-a", "today"), a_place("zz:id-b", "yesterday")])
    with store.writing_frames() as frames:
        assert mark_absent_gone(frames, "s", {"today"}) == 1
        assert mark_absent_gone(frames, "s", {"today"}) == 0
        assert mark_delivered_live(frames, {"today"}) == 0
    with store.reading() as session:
        states = {name: session.get_one(CreatorAccount, f"zz:id-{name}").state for name in "abc"}
    assert states == {"a": "live", "b": "gone", "c": "live"}
    with store.writing_frames() as frames:
        assert mark_delivered_live(frames, {"yesterday"}) == 1
