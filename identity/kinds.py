"""What kind of account the words of its name, handle and bio speak of: a hint, never a proof.

Kinds found in a text are a bit mask, in the order of `cues.toml`, which is their order of precedence.
"""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from identity.columns import Texts, chosen, matches
from identity.folding import folded
from identity.vocabulary import CUES, anywhere, hint_of

KINDS = tuple(CUES["account_kinds"])
#: a text that says it is one, in the spellings of many languages
PARODY = r"parod[iy]|satire|satira|パロディ|пароди"
Masks = npt.NDArray[np.int8]

_BIT = {kind: 1 << place for place, kind in enumerate(KINDS)}
_BIT_OF_PHRASE = {folded(phrase): _BIT[kind] for kind, phrases in CUES["account_kinds"].items() for phrase in phrases}
_BIT_OF_WORD = {
    word: _BIT[kind] for kind, words in CUES["account_kind_names"].items() if kind != "regional_last" for word in words
}
_COUNTRIES = frozenset(CUES["account_kind_names"]["regional_last"])
_PHRASE = re.compile(anywhere([*_BIT_OF_PHRASE]))
_WORD = re.compile(r"[^\W_]+")
_PHRASE_HINT = hint_of(_BIT_OF_PHRASE)
_WORD_HINT = hint_of(_BIT_OF_WORD, between="[^a-z0-9]")
_NAME_HINT = hint_of([*_BIT_OF_WORD, *_COUNTRIES], between="[^a-z0-9]")


def account_kind(bio: str, name: str = "", handle: str = "") -> str | None:
    """What kind of account its words speak of: parody, fan, agency, regional, brand; None when they say nothing.

    >>> account_kind("Daily clips, fan page of Mira"), account_kind("", "Ola Knits Brasil"), account_kind("I bake")
    ('fan', 'regional', None)
    """
    return _FIRST[_of_phrases(folded(bio)) | _of_name(folded(name)) | _of_words(folded(handle))]


def account_kinds(bios: Texts, names: Texts, handles: Texts) -> Texts:
    """`account_kind` of every row of folded texts."""
    masks = _masks(bios, _PHRASE_HINT, _of_phrases)
    masks |= _masks(names, f"{_PHRASE_HINT}|{_NAME_HINT}", _of_name)
    masks |= _masks(handles, _WORD_HINT, _of_words)
    return pa.array(_FIRST, pa.string()).take(pa.array(masks))


def _masks(column: Texts, hint: str, read: Callable[[str], int]) -> Masks:
    """The masks of a column, of which only the rows that hold a hint are read."""
    masks = np.zeros(len(column), np.int8)
    plain = pc.replace_substring(column, "-", " ")
    for row, text in chosen(column, matches(plain, hint)):
        masks[row] = read(text)
    return masks


def _of_phrases(text: str) -> int:
    mask = 0
    for phrase in _PHRASE.findall(text.replace("-", " ")):
        mask |= _BIT_OF_PHRASE[phrase]
    return mask


def _of_words(text: str) -> int:
    mask = 0
    for word in _WORD.findall(text):
        mask |= _BIT_OF_WORD.get(word, 0)
    return mask


def _of_name(text: str) -> int:
    words = _WORD.findall(text)
    is_regional = len(words) > 1 and words[-1] in _COUNTRIES
    return _of_phrases(text) | _of_words(text) | (_BIT["regional"] if is_regional else 0)


#: the kind of a mask: its first
_FIRST = [next((kind for kind in KINDS if mask & _BIT[kind]), None) for mask in range(1 << len(KINDS))]
