"""Addresses name the right owner, or nobody."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.links import find_links, is_free_mail, parse_profile_url, registrable_domain

CASES = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "data" / "urls.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("address", "expected"), CASES, ids=[address for address, _ in CASES])
def test_an_address_names_its_owner_in_one_form(address: str, expected: str):
    """IDN-05, IDN-07: one canonical form per profile, hub and site; platform pages and shared hosts name nobody."""
    link = parse_profile_url(address)
    assert (f"{link.platform} {link.kind} {link.value}" if link else "none") == expected


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twitter.com/olaknitsInstagram: instagram.com/ola.knits", ["olaknits", "ola.knits"]),
        ("https://twitter.com/olaknitshttps://twitch.tv/olalive", ["olaknits", "olalive"]),
        ("https://twitter.com/olaknitswww.twitch.tv/olalive", ["olaknits", "olalive"]),
        ("IG:https://instagram.com/ola.knits,TT:https://tiktok.com/@olaknits.", ["ola.knits", "olaknits"]),
        ("https://twitch.tv/olaliveFollow me on https://x.com/ola_k", ["olalive", "ola_k"]),
        ("https://twitch.tv/OlaLive", ["olalive"]),
        ("https://x.com/ola_knits_doneThanks to all", ["ola_knits_done"]),
        (
            "https://instagram.com/ola.knits/https://x.com/ola_k- https://twitch.tv/ola_t",
            ["ola.knits", "ola_k", "ola_t"],
        ),
        ("a https://x.com/ola_k, b https://twitch.tv/ola_t; c", ["ola_k", "ola_t"]),
    ],
)
def test_glued_addresses_are_read_apart(text: str, values: list[str]):
    assert [found.link.value if found.link else None for found in find_links(text)] == values


def test_a_found_link_says_where_it_stands():
    text = "my page: https://www.instagram.com/ola.knits/, see you"
    (found,) = find_links(text)
    assert text[found.start : found.end] == "https://www.instagram.com/ola.knits/"


def test_a_redirect_chain_that_does_not_end_names_nobody():
    address = "https://olaknits.com"
    for _ in range(6):
        address = "https://href.li/?" + address
    assert parse_profile_url(address) is None


def test_old_youtube_names_are_marked_because_they_need_not_be_the_handle_of_today():
    paths = ("c/olaknits", "user/olaknits", "@olaknits")
    assert [parse_profile_url(f"youtube.com/{path}").legacy for path in paths] == [True, True, False]


def test_a_registrable_domain_respects_public_suffixes():
    """IDN-05: co.uk is nobody's domain, olaknits.co.uk is."""
    assert registrable_domain("www.olaknits.co.uk") == "olaknits.co.uk"
    assert registrable_domain("co.uk") is None
    assert is_free_mail("gmail.com")
    assert not is_free_mail("olaknits.com")


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error_and_spans_stay_in_order(text: str):
    spans = [(found.start, found.end) for found in find_links(text)]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


@pytest.mark.parametrize("pattern", ["a." * 4000, "https://" * 1500, "x.com/" * 2000, "%2F" * 3000, "www." * 3000])
def test_a_hostile_text_is_read_in_linear_time(pattern: str):
    started = time.process_time()
    find_links(pattern)
    assert time.process_time() - started < 1.0
