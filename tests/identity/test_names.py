"""One name, however it is decorated, ordered or written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.names import folded_name, name_key, name_latin


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("🧶 Ola  KNITS ✨ (Official)", "ola knits"),
        ("Ola’s Knits", "olas knits"),
        ("ＯＬＡ Ｋｎｉｔｓ", "ola knits"),
        ("Łucja Ørsted", "lucja orsted"),
        ("ᴏʟᴀ ᴋɴɪᴛꜱ", "ola knits"),
        ("Official", "official"),
        ("Ola - Topic", "ola"),
        ("✨🧶✨", None),
    ],
)
def test_a_folded_name_keeps_the_words_and_drops_the_dress(name: str, expected: str | None):
    assert folded_name(name) == expected


def test_the_order_of_words_makes_no_difference_to_the_key():
    assert name_key("ola knits") == name_key("knits ola") == "knits ola"
    assert name_key(None) is None


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("Ольга Вязова", "Olga Vyazova"),
        ("Ελένη", "Eleni"),
        ("さくら", "Sakura"),
        ("ガール", "Garu"),
        ("민준", "MinJun"),
        ("王伟", "WangWei"),
        ("Æsa Þór", "Aesa Thor"),
        ("объект", "obekt"),
    ],
)
def test_a_name_in_another_script_meets_its_latin_spelling(native: str, latin: str):
    """Trap 21: one name in two scripts."""
    assert name_latin(name_key(folded_name(native))) == name_latin(name_key(folded_name(latin)))


def test_words_are_in_latin_order_and_not_in_the_order_of_their_own_letters():
    """ "яна" sorts after "олег", "yana" before nothing: the key in Latin letters sorts by Latin letters."""
    assert name_latin(name_key("щука аня")) == "anya shchuka"
    assert name_latin(name_key("ян борис")) == "boris yan"


@pytest.mark.parametrize("key", [None, "", "knits ola", "ola 95"])
def test_a_latin_name_is_left_as_it_is(key: str | None):
    assert name_latin(key) == key


def test_what_letters_do_not_show_stays_unknown():
    """Japanese characters are read as Chinese, and Arabic has no short vowels: said, not hidden."""
    assert name_latin("田中") == "tianzhong"
    assert name_latin("محمد") == "mhmd"


@given(st.text(max_size=40))
def test_a_latin_key_holds_latin_words_only_and_twice_is_once(text: str):
    latin = name_latin(name_key(folded_name(text)))
    assert latin is None or (latin.isascii() and latin == name_latin(latin) == name_key(latin))
