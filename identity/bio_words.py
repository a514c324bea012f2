"""The words of a text that say something: what two bios can have in common."""

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.columns import Rows, Texts, character_class, chosen, lists_by_row, matches
from identity.folding import folded
from identity.vocabulary import STOP_WORDS, UNSPACED_SCRIPTS

_LETTER = r"[^\W\d_\u0e00-\uffff]"
_ADDRESS = re.compile(r"\S*[@/]\S*|\S+\.[a-z]{2,}\b")
_WORD = re.compile(rf"{_LETTER}{{3,}}|[{UNSPACED_SCRIPTS}]{{2}}")
_ADDRESS_HINT = r"[@/]|\.[a-z]{2}"
_STOP_WORDS = pa.array(sorted(STOP_WORDS))
_MIN_LETTERS = 3


def content_words(text: str, limit: int) -> list[str]:
    """The first `limit` distinct words that say something, sorted: no addresses, handles or stop words.

    >>> content_words("I bake sourdough. IG: @mira mira.com", 10)
    ['bake', 'sourdough']
    """
    return _distinct(_WORD.findall(_without_addresses(folded(text))), limit)


def content_word_lists(column: Texts, limit: int) -> pa.ListArray:
    """`content_words` of every row of folded texts."""
    plain = column
    addressed = matches(plain, _ADDRESS_HINT)
    if pc.any(addressed).as_py():
        bare = [_without_addresses(text) for text in plain.filter(addressed).to_pylist()]
        plain = pc.replace_with_mask(plain, addressed, pa.array(bare, pa.string()))
    is_hard = matches(plain, f"[{character_class(f'[{UNSPACED_SCRIPTS}]')}]{{2}}")
    rows, words = _spaced_words(pc.if_else(is_hard, "", plain))
    is_long = np.bincount(rows, minlength=len(plain)) > limit
    is_hard = pc.or_(is_hard, pa.array(is_long))
    read = [(row, _distinct(_WORD.findall(text), limit)) for row, text in chosen(plain, is_hard)]
    kept = ~is_long[rows]
    rows = np.concatenate([rows[kept], np.array([row for row, found in read for _ in found], np.int64)])
    words = pa.concat_arrays(
        [words.filter(pa.array(kept)), pa.array([word for _, found in read for word in found], pa.string())]
    )
    return lists_by_row(rows, words, len(plain))


def _spaced_words(plain: Texts) -> tuple[Rows, Texts]:
    """Row and word of every distinct content word, sorted: whole columns at a time, for alphabets."""
    letters = pc.replace_substring_regex(plain, f"[^{character_class(_LETTER)}]+", " ")
    lists = pc.split_pattern(letters, " ")
    rows, words = pc.list_parent_indices(lists), pc.list_flatten(lists)
    says_something = pc.and_(
        pc.greater_equal(pc.utf8_length(words), _MIN_LETTERS), pc.invert(pc.is_in(words, value_set=_STOP_WORDS))
    )
    encoded = words.filter(says_something).dictionary_encode()
    order = pc.sort_indices(encoded.dictionary)
    rank = np.empty(len(order), np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    width = max(len(order), 1)
    keys = np.sort(rows.filter(says_something).to_numpy().astype(np.int64) * width + rank[encoded.indices.to_numpy()])
    row, place = np.divmod(keys[np.diff(keys, prepend=-1) > 0], width)
    return row, encoded.dictionary.take(order.take(pa.array(place)))


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub(" ", text)


def _distinct(words: Iterable[str], limit: int) -> list[str]:
    return sorted([*dict.fromkeys(word for word in words if word not in STOP_WORDS)][:limit])
