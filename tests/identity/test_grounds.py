"""What a decision stood on, kept and compared."""

import orjson

from identity.grounds import Change, Grounds, changed_claims, given_up, grounds_of

BLANK = dict.fromkeys(
    ("platform_user_id", "handle", "display_name", "bio", "website", "email", "external_urls"), None
)  # fmt: skip
ANN = BLANK | {"platform": "youtube", "platform_user_id": "UC1", "handle": "AnnBakes", "email": " Ann@Bakes.shop "}
ANN_IG = BLANK | {"platform": "instagram", "handle": "ann.bakes"}


def test_grounds_hold_the_handle_the_owner_s_addresses_and_what_is_said_of_the_other():
    ann = ANN | {
        "bio": "IG: @ann.bakes, edits by @jo. mgmt: deal@agency.com",
        "website": "https://annbakes.com",
    }
    found = grounds_of(ann, ANN_IG)
    assert found == Grounds("annbakes", ("ann@bakes.shop",), ("annbakes.com",), ("self",))
    assert Grounds.from_values(orjson.loads(found.to_json())) == found
    assert grounds_of(ANN_IG, ann).claims == ()


def test_a_claim_by_id_means_the_account_whatever_its_handle():
    address = "https://www.youtube.com/channel/UC" + "a" * 22
    other = ANN | {"platform_user_id": "UC" + "a" * 22, "handle": None}
    assert grounds_of(ANN_IG | {"website": address}, other).claims == ("self",)


def test_a_claim_that_came_and_one_that_went_are_told_apart():
    without, with_claim = Grounds("a", (), (), ()), Grounds("a", (), (), ("self",))
    assert changed_claims(without, with_claim, "x:1", "x:2") == [
        Change("claim_appeared", "x:1 names x:2 now (as its own)")
    ]
    assert [change.reason for change in changed_claims(with_claim, without, "x:1", "x:2")] == ["claim_vanished"]
    assert changed_claims(with_claim, with_claim, "x:1", "x:2") == []


def test_only_what_is_shown_no_longer_was_given_up():
    before = Grounds("a", ("a@b.com", "c@d.com"), ("e.com",), ())
    assert given_up(before, Grounds("a", ("c@d.com", "new@b.com"), (), ())) == (["a@b.com"], ["e.com"])
