"""Words are cut the same way everywhere."""

from hypothesis import given
from hypothesis import strategies as st

from index.text import tokens
from tests.index.second_reader import tokens as plain_tokens


@given(st.text(max_size=40) | st.text("aB9_-é東カあşİßﬁ१योกำ", max_size=12))
def test_words_equal_those_of_a_character_by_character_reader(text: str):
    assert tokens(text) == plain_tokens(text)


def test_words_of_a_word_are_itself():
    for word in tokens("Crème brûlée 東京カメラ योग Straße"):
        assert tokens(word) == [word]


def test_accents_case_and_width_do_not_matter():
    assert tokens("Ｃafé") == tokens("CAFE") == ["cafe"]


def test_scripts_that_build_words_with_marks_are_not_cut():
    assert tokens("योग अभ्यास") == ["योग", "अभयास"]
