"""A name of an English summary must stand in the data, also where those are not written in letters (LLM-14)."""

import pytest

from enrich.dossier import build_dossier
from enrich.grounding import ungrounded
from enrich.names import unknown_names
from enrich.schema import CreatorLabels
from tests.enrich.foreign import HONEST, INVENTED, INVENTED_ASIAN, Told
from tests.enrich.making import a_subject, an_answer

MOST_REFUSED = 0.1  # of honest summaries


def shown(told: Told):
    return build_dossier(a_subject(told.bio, list(told.items), names=[None]))


def findings(told: Told):
    answer = an_answer(llm_summary=told.summary, language=told.language)
    return ungrounded(CreatorLabels.model_validate_json(answer), shown(told), "ref-0123456789ab")


def unknown(name: str, told: Told):
    """Which words of a name are taken for unknown."""
    summary = f"Shows everyday subjects with {name} in a calm and friendly way for curious people."
    return list(unknown_names(summary, shown(told).vocabulary, told.language))


def test_an_honest_summary_is_seldom_refused():
    refused = {told.summary: findings(told) for told in HONEST if findings(told)}
    assert len(refused) <= MOST_REFUSED * len(HONEST), refused


@pytest.mark.parametrize("told", [told for told in HONEST if told.language != "ja"], ids=lambda told: told.bio)
@pytest.mark.parametrize("name", [*INVENTED, *INVENTED_ASIAN])
def test_an_invented_name_is_refused_whatever_the_script(name, told):
    assert unknown(name, told)


@pytest.mark.parametrize("name", [name for name in INVENTED if name != "Kenya"])
def test_beside_japanese_only_what_could_be_a_reading_passes(name):
    """健也 is Kenya too."""
    assert all(unknown(name, told) for told in HONEST if told.language == "ja")


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        pytest.param("在北京胡同里", "zh", "Beijing", id="in the middle of a run"),
        pytest.param("四川的火锅", "zh", "Sichuanese", id="an English ending"),
        pytest.param("重庆夜景", "zh", "Chongqing", id="another reading"),
        pytest.param("去西安旅行", "zh", "Xi'an", id="an apostrophe"),
        pytest.param("東京の夜", "zh", "Tokyo", id="an English name"),
        pytest.param("京都の寺", "ja", "Kyoto", id="a Japanese reading"),
        pytest.param("週末はベルリンで", "ja", "Berlin", id="a foreign name in kana"),
        pytest.param("지훈의 하루", "ko", "Jihoon", id="another spelling"),
        pytest.param("ครูสมชายสอน", "th", "Somchai", id="no spaces between words"),
    ],
)
def test_a_name_is_heard_in_the_script_it_is_written_in(text, language, name):
    assert list(unknown_names(f"Shows daily life with {name} in it.", text, language)) == []


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        pytest.param("上学的日子", "zh", "Shanghai", id="one syllable of two"),
        pytest.param("上海的日子", "ja", "Gordon", id="no Japanese syllables"),
        pytest.param("Slow cooking at home", "en", "Lake", id="a translated part, where nothing was translated"),
        pytest.param("東京 2026", "zh", "Nagoya", id="a Japanese name in a Chinese text"),
    ],
)
def test_a_likeness_is_not_enough(text, language, name):
    assert list(unknown_names(f"Shows daily life with {name} in it.", text, language)) == [name.lower()]


def test_a_name_with_an_apostrophe_is_found_as_it_is_written():
    assert list(unknown_names("Shows daily life with O'Brien in it.", "A day with O'Brien", "en")) == []
