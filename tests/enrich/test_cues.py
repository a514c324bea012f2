"""Words that speak for a label."""

from collections import Counter

import pytest

from enrich.cues import clear_winner, language_of, load_cues, words_of


def niches(text):
    cues = load_cues()
    return {cues.niche_ids[niche] for niche in cues.niche_votes(words_of(text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("sourdough", {"food"}, id="the word itself"),
        pytest.param("guitars", {"music"}, id="its plural"),
        pytest.param("Gardeners", {"home"}, id="a longer word that begins with it"),
        pytest.param("#myveganlife", {"food"}, id="inside a hashtag"),
        pytest.param("myveganlife", set(), id="not inside a plain word"),
        pytest.param("educat scattered", set(), id="a short cue never inside a word"),
        pytest.param("Maquillaje RÉNOVATION", {"beauty", "home"}, id="accents and case aside"),
    ],
)
def test_a_word_speaks_for_a_niche(text, expected):
    assert niches(text) == expected


def test_each_text_has_one_vote_however_many_words_it_has():
    cues = load_cues()
    loud = cues.niche_votes(words_of("guitar guitar guitar guitar piano song"))
    quiet = cues.niche_votes(words_of("bread"))
    shares = dict(zip(cues.niche_ids, cues.niche_shares([loud, quiet]), strict=True))
    assert shares["music"] == shares["food"] > 0


def test_no_texts_no_votes():
    assert not load_cues().niche_shares([]).any()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the best of my garden and how to grow it with you", "en"),
        ("las recetas de mi abuela con los ingredientes que más me gustan", "es"),
        ("die besten Rezepte für den Winter und nicht nur mit Kohl", "de"),
        ("料理研究家です。毎日のごはん", "ja"),
        ("매일 요리하는 사람", "ko"),
        ("Готовлю каждый день дома", "ru"),
        ("Щоденні рецепти для родини її", "uk"),
        ("bread", None),
        ("", None),
        ("🍞🍞🍞", None),
    ],
)
def test_a_language_is_told_by_script_or_small_words(text, expected):
    assert language_of(text, words_of(text), load_cues().stop_words) == expected


def test_a_close_race_has_no_winner():
    assert clear_winner(Counter(es=4, pt=3), minimum=3, lead=1.5) is None
    assert clear_winner(Counter(es=6, pt=3), minimum=3, lead=1.5) == "es"
    assert clear_winner(Counter(es=2), minimum=3) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("#dogoftheday", {"pets"}, id="a hashtag made of known words"),
        pytest.param("#carpetshop", set(), id="a short cue never inside a hashtag that is not"),
        pytest.param("🐶", {"pets"}, id="an emoji"),
        pytest.param("毎日の簡単レシピ", {"food"}, id="inside a run without spaces"),
        pytest.param("요리하는 사람", {"food"}, id="before a particle"),
        pytest.param("घर का खाना", {"food", "home"}, id="a script with vowel signs"),
        pytest.param("وصفات سهلة", {"food"}, id="Arabic"),
    ],
)
def test_cues_are_found_in_hashtags_emoji_and_other_scripts(text, expected):
    assert niches(text) == expected


def test_a_hint_gives_away_less_than_a_whole_vote():
    cues = load_cues()
    hint, word = (cues.niche_shares([cues.niche_votes(words_of(text))]).sum() for text in ("delicious", "sourdough"))
    assert 0 < hint < word / 2
