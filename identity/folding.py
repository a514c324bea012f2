"""Text as a person sees it, and folded for comparison without moving a character."""

import re
import unicodedata

import pyarrow.compute as pc

from identity.columns import Texts, by_difficulty, is_not_ascii


def visible(text: str) -> str:
    """What a person sees: compatibility form, without zero-width, direction and variation characters.

    >>> visible("i\\u200bg: @mira\\ufe0f")
    'ig: @mira'
    """
    return text if text.isascii() else unicodedata.normalize("NFKC", _HIDDEN.sub("", text))


def folded(text: str) -> str:
    """Lower case without accents, character for character: offsets stay valid."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def visible_texts(column: Texts) -> Texts:
    """`visible` of a column."""
    return by_difficulty(column, is_not_ascii(column), lambda plain: plain, visible)


def folded_texts(column: Texts) -> Texts:
    """`folded` of a column."""
    return by_difficulty(column, is_not_ascii(column), pc.ascii_lower, folded)


# Letters that decomposition leaves alone, and that people leave out as they leave out accents.
_STROKED = {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ħ": "h"}


class _FoldTable(dict[int, str]):
    """One character for one character; filled on demand."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        # Hangul and kana decompose into letters that carry meaning; only accents of alphabets are dropped.
        plain = unicodedata.normalize("NFKD", character)[0] if code < 0x0600 or 0x1E00 <= code < 0x2000 else character
        lowered = _STROKED.get(plain.lower(), plain.lower())
        self[code] = lowered if len(lowered) == 1 else plain
        return self[code]


_FOLD = _FoldTable()
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ue000-\ue002\U000e0000-\U000e0fff]"
)
