"""Text at the border and text for comparison: sanitise once on the way in, fold for matching."""

import re
import unicodedata

# C0 and C1 controls except tab and line breaks. NUL is among them: Postgres refuses it, SQLite keeps it.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
# 0: no accent; 8: the voicing marks of kana, which make another consonant
_KEPT_CLASSES = frozenset({0, 8})
_SPACES = re.compile(r"\s+")
#: what makes a spreadsheet run a cell as a formula when it stands first, as it is and in full width
FORMULA_START = r"^[=+\-@\t\r\n＝＋－＠]"


def sanitise(text: str) -> str:
    """Text that both databases take: no control characters, no lone surrogates, canonical composition (NFC).

    >>> sanitise("a\\x00b\\ud800")
    'ab\\ufffd'
    """
    bare = _CONTROLS.sub("", text)
    return bare if bare.isascii() else unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", bare))


def fold(text: str) -> str:
    """Text for matching: compatibility form, accents off, lower case, single spaces.

    >>> fold("  Ｃafé  ÉCLAIR "), fold("한글"), fold("ガ")
    ('cafe eclair', '한글', 'ガ')
    """
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if unicodedata.combining(character) in _KEPT_CLASSES)
    return _SPACES.sub(" ", unicodedata.normalize("NFC", bare.casefold())).strip()


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis when something was cut.

    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def compact_count(count: int) -> str:
    """A count as people read it.

    >>> compact_count(950), compact_count(12_300), compact_count(4_560_000)
    ('950', '12.3k', '4.56M')
    """
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return str(count)
