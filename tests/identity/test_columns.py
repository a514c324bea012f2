"""What a column function says of a row is what its scalar twin says of the value."""

import unicodedata
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engines.duckdb_engine import DuckDBEngine
from identity.bio_words import content_word_lists, content_words
from identity.columns import in_order
from identity.folding import folded, folded_texts, visible, visible_texts
from identity.handles import folded_handle, folded_handles, near_form, near_forms
from identity.kinds import account_kind, account_kinds
from identity.names import folded_name, folded_names
from identity.scripts import dominant_scripts

# Pieces that sit next to each other in life, besides any text at all.
PIECES = [
    "ola", "Ola", "KNITS", "the", "official", "real", "tv", "_", ".", "-", " ", "@", "0", "1", "4", "95", "'", "’",
    "é", "ł", "о", "м", "мир", "Σ", "さ", "ガ", "東京", "한", "ไทย", "\u0650", "✨", "\ufe0f", "\u200b", "fan", "page",
    "Fans", "parody", "fan page", "fan-page", "фан", "Brasil", "non-official", "inc", "since", "with", "mira.com",
    "a/b", "w/", "\n", "\x1f", "\x0b", "\u2028", "the real", "²", "½", "https://", "example.org", "cafés", "mum",
    "of", "3", "ß", "İ", "ﬁ", "々", "ー",
]  # fmt: skip
TEXTS = st.lists(
    st.none() | st.text(max_size=30) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=12
)


def script_by_counting(text: str) -> str | None:
    """The script of most letters, letter by letter."""
    names = [unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0] for letter in text if letter.isalpha()]
    counts = Counter(
        {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "HALFWIDTH": "Kana", "FULLWIDTH": "Latin"}.get(
            name, name.title()
        )
        for name in names
    )
    if counts["Kana"]:
        return "Kana"
    return min(counts, key=lambda script: (-counts[script], script)) if counts else None


TWINS = {
    "visible": (visible_texts, visible),
    "folded": (folded_texts, folded),
    "handle": (folded_handles, folded_handle),
    "near form": (near_forms, near_form),
    "name": (folded_names, folded_name),
    "script": (dominant_scripts, script_by_counting),
}


@pytest.mark.parametrize("name", TWINS)
@given(texts=TEXTS)
@example(texts=["@", " @ @ola ", "the.official", "official", "theofficialola", "xtheofficial", "0laknits", "ab", ""])
@example(texts=["Ola Official", "official", "O'Neil", "___", "ola_knits", "Topic", "TM 1"])
def test_a_column_and_its_twin_agree(name: str, texts: list[str | None]):
    column, scalar = TWINS[name]
    expected = [None if text is None else scalar(text) for text in texts]
    assert column(pa.array(texts, pa.string())).to_pylist() == expected


@given(texts=TEXTS)
def test_kinds_agree_wherever_the_words_stand(texts: list[str | None]):
    rows = [(bio, name, handle) for bio, name, handle in zip(texts, texts[1:], texts[2:], strict=False)]
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] or [pa.array([], pa.string())] * 3
    expected = [account_kind(bio or "", name or "", handle or "") for bio, name, handle in rows]
    assert account_kinds(*map(folded_texts, columns)).to_pylist() == expected


@given(texts=TEXTS, limit=st.sampled_from([1, 3, 64]))
@example(texts=["b c bake cake bake abc", " ".join(f"word{'x' * n}" for n in range(80)), None], limit=64)
def test_words_agree_up_to_the_limit(texts: list[str | None], limit: int):
    expected = [content_words(text or "", limit) for text in texts]
    assert (
        content_word_lists(folded_texts(pa.array([text or "" for text in texts], pa.string())), limit).to_pylist()
        == expected
    )


def test_rows_are_sorted_by_their_key_and_left_alone_where_they_are():
    with DuckDBEngine(threads=1) as engine:
        mixed = pa.table({"key": ["b", "Z", "é", "a"], "place": [1, 2, 3, 4]})
        ordered = in_order(mixed, "key", engine)
        assert ordered["key"].to_pylist() == sorted(mixed["key"].to_pylist())
        assert in_order(ordered, "key", engine) is ordered
        assert in_order(mixed.slice(0, 0), "key", engine).num_rows == 0


@given(st.text())
def test_what_is_visible_is_visible_as_it_stands(text: str):
    assert visible(visible(text)) == visible(text)
