"""Words that moved, and which pairs they touch."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.comparisons import HANDLE_NAME
from identity.news import Moved, banded_words, containing

LETTERS = st.text(alphabet="abcé", max_size=9)


@given(texts=st.lists(st.one_of(st.none(), LETTERS), max_size=12), words=st.lists(LETTERS.filter(bool), max_size=8))
def test_every_text_that_holds_a_word_is_found(texts, words):
    found = containing(pa.chunked_array([texts], pa.string()), pa.chunked_array([words], pa.string()))
    held = [any(word in (text or "") for word in words) for text in texts]
    assert found.tolist() == held


def test_words_are_banded_by_powers_of_two():
    counts = pa.table(
        {"kind": ["bio_word", "email", "name_word"], "value": ["wool", "a@b.example", "mia"], "count": [4, 2, 9]}
    )
    assert [(row["value"], row["band"]) for row in banded_words(counts).to_pylist()] == [("wool", 2), ("mia", 3)]


NOBODY, LEFT, BOTH = (np.array(held) for held in ([False, False], [True, False], [True, True]))


@pytest.mark.parametrize(
    ("kind", "held", "level", "touched"),
    [
        ("bios", BOTH, "different_different", True),
        ("bios", LEFT, "different_different", False),
        ("names", BOTH, "different_word", True),
        ("names", LEFT, "different_word", False),
        ("names", LEFT, "different_similar", True),
        ("handles", BOTH, "start_different", True),
        ("handles", BOTH, "different_equal", False),
        ("handles", LEFT, "start_different", False),
        ("handles", LEFT, "spelled_different", True),
    ],
)
def test_a_word_touches_pairs_that_share_it_or_are_weighed_by_one_side(kind, held, level, touched):
    moved = Moved(**({"names": NOBODY, "bios": NOBODY, "handles": NOBODY} | {kind: held}))
    place = HANDLE_NAME.index(level)[0]
    left, right = np.array([0]), np.array([1])
    assert moved.touches(left, right, np.array([place], np.int8)).tolist() == [touched]
