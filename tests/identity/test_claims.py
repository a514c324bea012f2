"""Texts of profiles say who else is the same person, and who is not."""

import json
import time
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.claim import MAX_SPAN, Claim
from identity.claims import parse_claims, read_text
from identity.vocabulary import Kind

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "bios.jsonl").read_text(encoding="utf-8").splitlines()
]


def said(claims: list[Claim]) -> list[str]:
    return sorted(f"{c.target_platform} {c.target_handle or c.target_user_id} {c.kind}" for c in claims)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_bio_makes_exactly_the_claims_a_reader_sees(case: dict):
    """IDN-07, POL-06: typed link claims from text alone."""
    claims = parse_claims(case["text"], "bio", case["on"], case.get("own"))
    assert said(claims) == case["says"]
    in_order = sorted(claims, key=lambda claim: said([claim]))
    assert case.get("strength") in (None, [claim.strength for claim in in_order])
    assert case.get("span") in (None, [claim.span for claim in in_order])


def test_every_case_is_told_once():
    assert len({(case["on"], case.get("own"), case["text"]) for case in CASES}) == len(CASES)
    assert len({case["case"] for case in CASES}) == len(CASES)


def test_the_cases_speak_of_every_kind_of_claim():
    kinds = {statement.split()[-1] for case in CASES for statement in case["says"]}
    assert kinds == set(get_args(Kind))


def test_a_website_that_is_a_profile_is_a_strong_self_claim():
    (claim,) = parse_claims("https://www.youtube.com/@olaknits", "website", "instagram", "ola.knits")
    assert (claim.kind, claim.strength) == ("self", 0.97)


def test_strength_falls_from_website_to_label_to_plain_name_to_lone_handle():
    texts = [
        ("https://instagram.com/ola.knits", "website"), ("IG: @ola.knits", "bio"), ("insta: ola.knits", "bio"),
        ("Instagram - ola.knits", "bio"), ("@ola_knits", "bio"), ("@ola_knits @teocuts", "bio"),
    ]  # fmt: skip
    strengths = [parse_claims(text, field, "youtube", "olaknits")[0].strength for text, field in texts]
    assert strengths == sorted(strengths, reverse=True)
    assert len(set(strengths)) == len(strengths)


def test_an_old_style_channel_name_weighs_less_than_a_handle():
    legacy, handle = (parse_claims(f"youtube.com/{path}", "bio", "x", "o")[0] for path in ("c/olaknits", "@olaknits"))
    assert legacy.strength < handle.strength


def test_a_claim_carries_the_words_it_rests_on():
    (claim,) = parse_claims("wool and tea\nFollow me on Instagram: @ola.knits !", "bio", "youtube")
    assert claim.span == "Follow me on Instagram: @ola.knits"


def test_caption_mentions_are_no_claims_because_instagram_drops_the_at_sign():
    """POL-04: captions arrive without "@"; only a full address counts there."""
    assert parse_claims("shot with ola.knits and @teo.lens, TikTok: @x", "content", "instagram") == []
    assert said(parse_claims("full video: youtube.com/@olaknits", "content", "instagram")) == ["youtube olaknits self"]


def test_a_description_never_calls_its_own_channel_a_fan_page():
    text = "my parody! fan page: youtube.com/@riasews\nguest @teocuts"
    assert said(parse_claims(text, "content", "youtube")) == ["youtube riasews mention", "youtube teocuts mention"]


@pytest.mark.parametrize(
    ("text", "own", "agency"),
    [
        ("business: Ola@OlaKnits.com", ["ola@olaknits.com"], []),
        ("ola.knits [at] gmail [dot] com", ["ola.knits@gmail.com"], []),
        ("ola.knits (at) gmail dot com", ["ola.knits@gmail.com"], []),
        ("write to ola at gmail.com", ["ola@gmail.com"], []),
        ("find me at olaknits.com", [], []),
        ("arroba: ola(arroba)olaknits.com", ["ola@olaknits.com"], []),
        ("📩 mgmt: ola@brightloom.com", [], ["ola@brightloom.com"]),
        ("managed by hello@brightloom.com, me: ola@olaknits.com", ["ola@olaknits.com"], ["hello@brightloom.com"]),
        ("ola@brightloom.com (management)", [], ["ola@brightloom.com"]),
        ("マネージャー: ola@brightloom.com", [], ["ola@brightloom.com"]),
        ("press@olaknits.com", ["press@olaknits.com"], []),
        ("not@valid", [], []),
    ],
)
def test_an_address_is_the_owners_unless_a_management_stands_before_it(text: str, own: list[str], agency: list[str]):
    """IDN-06: the address of an agency proves nothing about the account."""
    reading = read_text(text, "bio", "instagram", "ola.knits")
    assert (reading.emails, reading.agency_emails) == (own, agency)


def test_the_site_of_an_employer_is_not_the_owners():
    """IDN-05."""
    reading = read_text("founder of loomandco.com\nlinktr.ee/olaknits\nolaknits.com", "bio", "instagram", "ola.knits")
    assert reading.sites == ["linktr.ee/olaknits", "olaknits.com"]


@given(st.text(max_size=300), st.sampled_from(["youtube", "instagram", "zz"]))
def test_any_text_is_read_without_an_error(text: str, platform: str):
    for claim in parse_claims(text, "bio", platform, "olaknits"):
        assert 0 <= claim.strength <= 1
        assert len(claim.span) <= MAX_SPAN
        assert claim.target_handle or claim.target_user_id


PIECES = st.sampled_from(
    [
        "IG: ",
        "@ola",
        " with ",
        "mgmt ",
        "a@b.com",
        "x.com/ola ",
        "\n",
        "| ",
        "fan page of ",
        "➡️",
        "insta",
        "同じ",
        "インスタ",
        "@",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_mixture_of_cues_and_targets_is_read_the_same_twice(text: str):
    assert parse_claims(text, "bio", "youtube", "me") == parse_claims(text, "bio", "youtube", "me")


@pytest.mark.parametrize(
    "pattern",
    [
        "@a" * 2500,
        "@a." * 1600,
        "a at " * 1000,
        "[at]" * 1200,
        "ig " * 1600,
        "IG: @a " * 700,
        "a.b@" * 1200,
        "🎥" * 4000,
    ],
)
def test_a_hostile_text_is_read_quickly(pattern: str):
    started = time.process_time()
    parse_claims(pattern, "bio", "youtube", "me")
    assert time.process_time() - started < 1.0
