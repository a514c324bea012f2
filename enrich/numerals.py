"""The numbers of a text as plain digits, whatever digits and characters they are written in."""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from math import prod

_NUMBER = re.compile(r"\d[\d.,]*")
_MULTIPLIED = re.compile(r"(\d[\d.,]*)\s?([百千万萬億亿백천만억]+)")
_HAN = "〇零一二两兩三四五六七八九十百千万萬億亿"
_HAN_NUMBER = re.compile(rf"(?<![\d{_HAN}])[{_HAN}]+")
_DIGITS = {
    "〇": 0, "零": 0, "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
_UNITS = {"十": 10, "百": 100, "千": 1_000, "백": 100, "천": 1_000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "만": 10**4, "억": 10**8}


def numbers(text: str) -> Iterator[str]:
    """
    >>> sorted(numbers("３ tips, ٢٠ minutes, 1,500 soups")), sorted(numbers("三十分で3.5万円"))
    (['1500', '20', '3'], ['30', '35', '35000'])
    """
    for number in _NUMBER.findall(text):
        yield "".join(str(unicodedata.digit(character)) for character in number if character.isdigit())
    if text.isascii():
        return
    for number in _HAN_NUMBER.findall(text):
        yield str(_han_value(number))
    for number, units in _MULTIPLIED.findall(text):
        yield str(int(_decimal(number) * prod((_UNITS | _MYRIADS)[unit] for unit in units)))


def _decimal(number: str) -> Decimal:
    """
    >>> str(_decimal("3.5")), str(_decimal("1,200.")), str(_decimal("1.2.3"))
    ('3.5', '1200', '1.2')
    """
    whole, _, part = number.replace(",", "").partition(".")
    return Decimal(f"{whole}.{part.split('.')[0]}")


def _han_value(number: str) -> int:
    """The value of a number in Chinese characters, up to 999,999,999,999.

    >>> _han_value("十五"), _han_value("三千二十"), _han_value("二万"), _han_value("一億二千万"), _han_value("二〇二六")
    (15, 3020, 20000, 120000000, 2026)
    """
    total = section = digit = 0
    for character in number:
        if character in _DIGITS:
            digit = 10 * digit + _DIGITS[character]
        elif character in _MYRIADS:
            total, section, digit = total + (section + digit or 1) * _MYRIADS[character], 0, 0
        else:
            section, digit = section + (digit or 1) * _UNITS[character], 0
    return total + section + digit
