"""Numbers are compared as plain digits, whatever they are written in (LLM-14)."""

import pytest

from enrich.numerals import numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15 minutes, 1,500 soups", {"15", "1500"}),
        ("٢٠ دقيقة", {"20"}),
        ("๕ นาที", {"5"}),
        ("十五分", {"15"}),
        ("兩萬三千", {"23000"}),
        ("1億2千万", {"1", "100000000", "2", "20000000"}),
        ("구독자 10만", {"10", "100000"}),
        ("粉丝3.5万", {"35", "35000"}),
        ("no number", set()),
    ],
)
def test_numbers_are_read_in_any_digits(text, expected):
    assert set(numbers(text)) == expected
