"""Handles compare as platforms compare them, and as people recognise them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.handles import folded_handle, near_form, normal_handle, plain_letters, skeleton


@pytest.mark.parametrize(
    ("platform", "text", "expected"),
    [
        ("instagram", "@Ola.Knits", "ola.knits"),
        ("instagram", "ola..knits", None),
        ("instagram", ".ola", None),
        ("instagram", "ola-knits", None),
        ("instagram", "o" * 31, None),
        ("x", "Ola_Knits", "ola_knits"),
        ("x", "ola.knits", None),
        ("x", "o" * 16, None),
        ("tiktok", "ola.knits", "ola.knits"),
        ("tiktok", "ola.", None),
        ("youtube", "@Ola-Knits·tv", "ola-knits·tv"),
        ("youtube", "тихийлес", "тихийлес"),
        ("youtube", "ol", None),
        ("youtube", "olaтихий", None),
        ("youtube", "เส้นด้าย", "เส้นด้าย"),
        ("twitch", "Ola_Live", "ola_live"),
        ("github", "ola--knits", None),
        ("zz", "Any.Thing-1", "any.thing-1"),
        ("zz", "two words", None),
        ("x", "", None),
    ],
)
def test_a_handle_has_one_normal_form_per_platform(platform: str, text: str, expected: str | None):
    """IDN-04: normal form per platform; what the grammar refuses is no handle."""
    assert normal_handle(platform, text) == expected


DISGUISES = (
    "olaknits ola.knits ola_knits _ola_knits_ ola-knits OlaKnits olaknitsofficial ola.knits.official official_olaknits "
    "therealolaknits the_real_ola_knits realolaknits itsolaknits iamolaknits olaknitstv olaknits_tv olaknitsyt "
    "olaknits.yt olaknitshq olaknitsvlogs 0laknits ola_kn1ts ol4kn1ts оlaknits olаknits ⓞlaknits ólaknits "
    "the.olaknits olaknits_channel ｏｌａｋｎｉｔｓ"
)


@pytest.mark.parametrize("variant", DISGUISES.split())
def test_disguises_of_one_name_share_the_near_form(variant: str):
    """IDN-04: separators, affixes, confusables and digits-for-letters are read away."""
    assert near_form(variant) == "olaknits"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("olaknits", "olasews"),
        ("anna95", "anna96"),
        ("realtor", "tor"),
        ("theo", "o"),
        ("mira.fit", "mira.eats"),
        ("brand_de", "brand_fr"),
        ("olafans", "ola"),
        ("party", "par"),
        ("teo1", "teol"),
    ],
)
def test_different_names_keep_different_near_forms(left: str, right: str):
    assert near_form(left) != near_form(right)


@pytest.mark.parametrize("handle", [None, "", "yt", "_._", "ab", "@"])
def test_a_core_shorter_than_three_characters_is_no_core(handle: str | None):
    assert near_form(handle) is None


def test_a_handle_that_is_all_affix_keeps_a_word():
    assert near_form("the.official") == "official"


def test_a_word_wholly_in_another_script_is_not_a_disguise():
    assert skeleton("тихий") == plain_letters("тихий")
    assert not plain_letters("тихий").isascii()


def test_digits_at_the_end_are_part_of_the_name():
    assert skeleton("ola1995") == "ola1995"


@given(st.text(max_size=40))
def test_near_and_normal_forms_are_stable(text: str):
    """Folding twice changes nothing, whatever the letters."""
    near = near_form(text)
    assert near is None or len(near) >= 3
    handle = folded_handle(text)
    assert handle is None or handle == folded_handle(handle) or handle.startswith("@")
    for platform in ("youtube", "instagram", "x"):
        normal = normal_handle(platform, text)
        assert normal is None or normal_handle(platform, normal) == normal


@given(st.from_regex(r"[a-z]{5,12}", fullmatch=True), st.sampled_from(["_tv", ".official", "-yt", "_hq"]))
def test_an_affix_set_apart_never_changes_the_core(name: str, affix: str):
    assert near_form(name + affix) == near_form(name)
