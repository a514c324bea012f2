"""Words of a text, by rules any language can repeat: fold, cut into runs of letters and digits, pair Han and kana."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from base.text import fold

_ASCII_WORD = re.compile(r"[a-z0-9]+")
# Han, the iteration mark, and both kanas are written without spaces, so a run is cut into overlapping pairs.
_UNSPACED = re.compile(r"[\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


def tokens(text: str) -> list[str]:
    """The words of a text, folded (no accents, no case), in order of appearance.

    A word is a longest run of letters, digits and marks (Unicode categories L, N, M). Inside it, a run of Han or kana
    becomes its overlapping pairs of characters; a single such character stands alone.

    >>> tokens("Crème-brûlée, 2 ways! @ann_cooks")
    ['creme', 'brulee', '2', 'ways', 'ann', 'cooks']
    >>> tokens("東京カメラ")
    ['東京', '京カ', 'カメ', 'メラ']
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return [piece for word in _word().findall(fold(text)) for piece in _pieces(word)]


def _pieces(word: str) -> Iterator[str]:
    if word.isascii():
        yield word
        return
    start = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > start:
            yield word[start : run.start()]
        yield from _pairs(run.group())
        start = run.end()
    if start < len(word):
        yield word[start:]


def _pairs(run: str) -> list[str]:
    return [first + second for first, second in pairwise(run)] or [run]


@cache
def _word() -> re.Pattern[str]:
    # `re` knows no categories, and its \w leaves out marks, which would cut Hindi and Thai words into letters.
    wanted = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] in "LNM"]
    starts = [code for code, before in zip(wanted, [-2, *wanted], strict=False) if code != before + 1]
    ends = [code for code, after in zip(wanted, [*wanted[1:], -2], strict=True) if code != after - 1]
    return re.compile(
        "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in zip(starts, ends, strict=True)) + "]+"
    )
