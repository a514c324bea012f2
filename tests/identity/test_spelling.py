"""Many handles are worth what each is worth alone."""

import random

import pyarrow as pa
import pytest

from identity.spelling import Speller
from identity.weights import handle_surprisal_bits, load_model

WORDS = {"ann": 4.25, "annasmith": 20.0, "smith": 5.5, "mi": 3.0, "mira": 6.0, "ола": 2.0, "a" * 15: 1.0, "": 0.0}
CHARACTERS = load_model().handle_characters


@pytest.mark.parametrize(
    "text",
    ["annasmith", "mira", "m", "", "zq7", "олаknits", "mira bakes", "ann" * 40, "a" * 15, "smithsmith", "mï", "миra"],
)
def test_a_handle_in_a_column_is_worth_what_it_is_worth_alone(text: str):
    (bits,) = Speller(WORDS, CHARACTERS).bits(pa.array([text]))
    assert bits == handle_surprisal_bits(text, WORDS, CHARACTERS)


def test_random_handles_of_all_lengths_are_worth_the_same_in_any_company():
    random.seed(7)
    texts = ["".join(random.choices("anismthr0ø", k=random.randint(0, 40))) for _ in range(3_000)]
    words = {text[:k]: float(len(text)) for text in texts[:500] for k in (2, 3, 5, 14)}
    speller = Speller(words, CHARACTERS)
    expected = [handle_surprisal_bits(text, words, CHARACTERS) for text in texts]
    assert speller.bits(pa.array(texts)).tolist() == expected
    assert speller.bits(pa.array(["?", *texts]).slice(1)).tolist() == expected, "of a slice"
