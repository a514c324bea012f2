"""SRC-02, SRC-03: what people type becomes filters and text, by rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import ConfigError
from search.parse import parse_count, parse_query


def filters(text: str) -> dict[str, object]:
    return parse_query(text).filters.model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    "number", ["500k", "500K", "0.5M", "0,5m", "500 000", "500,000", "500.000", "500 thousand", "500000"]
)
def test_a_number_of_followers_may_be_written_in_many_ways(number: str):
    """SRC-03: 500k, 0.5M, 500 000."""
    query = parse_query(f"home workouts under {number} followers")
    assert (query.text, query.filters.max_followers) == ("home workouts", 499_999)


@pytest.mark.parametrize(
    ("phrase", "low", "high"),
    [
        ("under 10k followers", None, 9_999),
        ("fewer than 10k subscribers", None, 9_999),
        ("at most 10k followers", None, 10_000),
        ("over 10k followers", 10_001, None),
        ("at least 10k fans", 10_000, None),
        ("10k+ followers", 10_000, None),
        ("between 10k and 0.5M followers", 10_000, 500_000),
        ("10k-50k followers", 10_000, 50_000),
        ("over 10k followers and under 20k followers", 10_001, 19_999),
        ("under 2k", None, 1_999),
    ],
)
def test_bounds_on_followers(phrase: str, low: int | None, high: int | None):
    found = parse_query(f"chess {phrase}")
    assert (found.filters.min_followers, found.filters.max_followers) == (low, high)
    assert found.text == "chess"


@pytest.mark.parametrize("text", ["meals under 500 calories", "runs over 10 km", "top 100 songs", "between two worlds"])
def test_numbers_that_count_something_else_stay_words(text: str):
    query = parse_query(text)
    assert (query.text, query.filters) == (text, parse_query("").filters)


@pytest.mark.parametrize(
    ("text", "platforms", "left"),
    [
        ("chess on youtube", ("youtube",), "chess"),
        ("tiktok creators who dance", ("tiktok",), "dance"),
        ("vegan instagrammers", ("instagram",), "vegan"),
        ("drums on IG or twitter", ("instagram", "x"), "drums"),
        ("youtube growth tips", (), "youtube growth tips"),
    ],
)
def test_platform_words(text: str, platforms: tuple[str, ...], left: str):
    query = parse_query(text)
    assert (query.filters.platform, query.text) == (platforms, left)


def test_languages_and_countries():
    assert filters("hiking in spanish") == {"language": ("es",)}
    assert filters("german-speaking bakers") == {"language": ("de",)}
    assert filters("bakers from South Africa") == {"country": ("ZA",)}
    assert filters("swedish death metal") == {}


def test_quotes_and_minus_are_taken_out():
    query = parse_query('hiking "long trail" -gear -café')
    assert query.phrases == (("long", "trail"),)
    assert query.excluded == ("gear", "cafe")
    assert query.terms == ("hiking", "long", "trail")


def test_the_words_for_a_creator_and_small_words_are_not_searched_for():
    """SRC-02: the two example phrases."""
    assert parse_query("backend engineering creators under 500k followers").text == "backend engineering"
    emerging = parse_query("emerging fitness creators for a new gym launch")
    assert emerging.terms == ("fitness", "gym", "launch")
    assert emerging.emerging


def test_emerging_markets_are_a_subject():
    query = parse_query("emerging markets explained")
    assert (query.text, query.emerging) == ("emerging markets explained", False)


def test_like_names_one_creator():
    assert parse_query("like:@ann under 10k followers").like == "@ann"
    assert parse_query("like:youtube:UC1 baking").text == "baking"
    with pytest.raises(ConfigError, match="one like: at a time"):
        parse_query("like:@ann like:@bob")


def test_a_filter_by_name_wins_over_the_phrase():
    assert parse_query("chess under 10k followers", max_followers=5).filters.max_followers == 5


@pytest.mark.parametrize("wrong", [{"follower": 3}, {"min_followers": -1}, {"min_followers": "many"}])
def test_unknown_filters_and_impossible_values_are_refused(wrong: dict[str, object]):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        parse_query("chess", **wrong)


@given(st.text(max_size=60))
def test_any_text_is_a_query(text: str):
    query = parse_query(text)
    assert len(set(query.terms)) == len(query.terms)


@given(st.integers(0, 10**9))
def test_a_count_with_separators_reads_back(number: int):
    assert (
        parse_count(f"{number:,}") == parse_count(f"{number:,}".replace(",", " ")) == parse_count(str(number)) == number
    )


def test_a_virtual_youtuber_is_a_subject():
    assert (parse_query("virtual youtubers").text, filters("virtual youtubers")) == ("virtual youtubers", {})
    assert filters("baking youtubers") == {"platform": ("youtube",)}
