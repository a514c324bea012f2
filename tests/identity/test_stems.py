"""The name in an e-mail address or a site, and nothing where there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.stems import email_stem, site_stem


@pytest.mark.parametrize(
    ("email", "stem"),
    [
        ("ola.knits@gmail.com", "olaknits"),
        ("olaknits+shop@gmail.com", "olaknits"),
        ("olaknitsbusiness@gmail.com", "olaknits"),
        ("contactolaknits@gmail.com", "olaknits"),
        ("booking.olaknits@gmail.com", "olaknits"),
        ("ola_knits_official@outlook.com", "olaknits"),
        ("ola@brightloom.com", "ola"),
        ("ola95@gmail.com", "ola95"),
        ("info@olaknits.co.uk", "olaknits"),
        ("hello@mail.olaknits.com", "olaknits"),
        ("business@gmail.com", None),
        ("info1@gmail.com", None),
        ("business.inquiries@yahoo.com", None),
        ("1234567@qq.com", None),
        ("ok@gmail.com", None),
        ("booking@123.com", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_names_somebody_or_a_role(email: str | None, stem: str | None):
    assert email_stem(email) == stem


@pytest.mark.parametrize("word", ["infobox@gmail.com", "bookman@gmail.com", "mediaa@gmail.com", "collabor@gmail.com"])
def test_a_role_is_only_cut_off_when_a_name_is_left(word: str):
    assert email_stem(word) == word.partition("@")[0]


@pytest.mark.parametrize(
    ("site", "stem"),
    [
        ("linktr.ee/ola.knits", "olaknits"),
        ("beacons.ai/olaknits_official", "olaknits"),
        ("patreon.com/olaknits", "olaknits"),
        ("amazon.com/shop/olaknits", "olaknits"),
        ("linkedin.com/in/ola-knits", "olaknits"),
        ("olaknits.carrd.co", "olaknits"),
        ("olaknits.myshopify.com", "olaknits"),
        ("ola-knits.co.uk", "olaknits"),
        ("theolaknits.com", "olaknits"),
        ("discord.gg/k7Qx2", None),
        ("wa.me/4915112345678", None),
        ("docs.google.com/forms/d/1faipq", None),
        ("163.com", None),
        ("ab.com", None),
        (None, None),
    ],
)
def test_a_site_names_its_owner_or_nobody(site: str | None, stem: str | None):
    assert site_stem(site) == stem


@given(st.text(max_size=60))
def test_any_text_has_a_stem_or_none(text: str):
    for stem in (email_stem(text), site_stem(text)):
        assert stem is None or len(stem) >= 3
