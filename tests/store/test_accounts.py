"""Who carries a handle, which provisional accounts may take an id, and what follows a key."""

import pyarrow as pa

from store.accounts import load_holders, load_promotions, rename_accounts
from store.session import Store
from store.tables import ContentItem, CreatorMember
from tests.factories import AS_OF, an_account, an_item


def provisional(handle: str) -> object:
    return an_account(handle, "zz", account_key=f"zz:@{handle}", platform_user_id=None)


def save(store: Store, *rows: object) -> None:
    with store.writing() as session:
        session.add_all(rows)


def test_a_holder_is_the_one_live_account_with_an_id(store: Store):
    save(
        store, an_account("ann", "zz"), an_account("bob", "zz", state="gone"), provisional("cat"),
        an_account("dan", "zz", platform_user_id="1"), an_account("dan", "zz", platform_user_id="2"),
    )  # fmt: skip
    with store.writing_frames() as frames:
        handles = ["ann", "bob", "cat", "dan", "eve"]
        found = load_holders(frames, pa.table({"platform": ["zz"] * len(handles), "handle": handles}))
    assert found.to_pylist() == [{"platform": "zz", "handle": "ann", "account_key": "zz:id-ann"}]


def test_a_promotion_needs_exactly_one_account_on_the_same_platform(store: Store):
    save(
        store,
        provisional("ann"),
        an_account("ann", "zz"),
        provisional("bob"),
        an_account("bob", "youtube"),
        provisional("dan"),
        an_account("dan", "zz", platform_user_id="1"),
        an_account("dan", "zz", platform_user_id="2"),
    )
    with store.reading_frames() as frames:
        assert load_promotions(frames).to_pylist() == [{"alias_key": "zz:@ann", "account_key": "zz:id-ann"}]


def test_what_hangs_on_a_former_key_follows_it_and_gives_way_to_what_is_there(store: Store):
    save(
        store, an_item("zz:@ann", "1"), CreatorMember(account_key="zz:@ann", creator_id="cr_old", since=AS_OF),
        CreatorMember(account_key="zz:id-ann", creator_id="cr_own", since=AS_OF),
    )  # fmt: skip
    with store.writing_frames() as frames:
        rename_accounts(frames, {"zz:@ann": "zz:id-ann"})
    with store.reading() as session:
        item, member = session.get(ContentItem, "zz:1"), session.get(CreatorMember, "zz:id-ann")
        assert item is not None
        assert item.account_key == "zz:id-ann"
        assert member is not None
        assert member.creator_id == "cr_own"
        assert session.get(CreatorMember, "zz:@ann") is None
