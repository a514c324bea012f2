"""Which script a text is written in."""

import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from identity.columns import Texts, is_not_ascii, matches

_NAMES = {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "HALFWIDTH": "Kana", "FULLWIDTH": "Latin"}
_UNKNOWN, _NO_LETTER = -2, -1

Codes = npt.NDArray[np.uint32]


def dominant_script(text: str) -> str | None:
    """The script most letters are written in, e.g. "Latin"; any kana makes it "Kana". None without letters.

    >>> dominant_script("Мира bakes Хлеб"), dominant_script("東京パン"), dominant_script("123")
    ('Cyrillic', 'Kana', None)
    """
    found: str | None = dominant_scripts(pa.array([text], pa.string()))[0].as_py()
    return found


def dominant_scripts(column: Texts) -> Texts:
    """`dominant_script` of every row."""
    result = pc.if_else(matches(column, "[A-Za-z]"), "Latin", pa.scalar(None, pa.string()))
    mixed = pc.fill_null(is_not_ascii(column), False)
    rare = column.filter(mixed)
    return pc.replace_with_mask(result, mixed, _read(rare.to_pylist())) if len(rare) else result


def _read(texts: list[str]) -> Texts:
    """Letters per text and script are counted, all texts in one piece."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    texts_of = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    scripts = _TABLE.scripts_of(codes)
    is_letter = scripts >= 0
    width = len(_TABLE.names)
    counts = np.bincount(texts_of[is_letter] * width + scripts[is_letter], minlength=len(texts) * width)
    counts = counts.reshape(len(texts), width)
    order = sorted(range(width), key=_TABLE.names.__getitem__)  # of equally many letters, the first by name
    best = np.array(order)[counts[:, order].argmax(axis=1)]
    if "Kana" in _TABLE.names:
        kana = _TABLE.names.index("Kana")
        best[counts[:, kana] > 0] = kana
    return pa.array(_TABLE.names, pa.string()).take(pa.array(best, mask=~counts.any(axis=1)))


class _Table:
    """The script of every character seen so far."""

    def __init__(self) -> None:
        self.names: list[str] = ["Latin"]
        self._scripts = np.full(0x110000, _UNKNOWN, np.int16)

    def scripts_of(self, codes: Codes) -> npt.NDArray[np.int16]:
        scripts = self._scripts[codes]
        for code in np.unique(codes[scripts == _UNKNOWN]).tolist():
            self._scripts[code] = self._number(chr(code))
        return self._scripts[codes]

    def _number(self, character: str) -> int:
        if not character.isalpha():
            return _NO_LETTER
        word = unicodedata.name(character, "UNKNOWN").split()[0].split("-")[0]
        name = _NAMES.get(word, word.title())
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


_TABLE = _Table()
