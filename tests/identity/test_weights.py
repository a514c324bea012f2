"""Weights in bits, and the frozen model."""

import math

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import ConfigError
from identity.comparisons import COMPARISONS
from identity.weights import (
    LEVEL_CODES,
    SHIPPED_MODEL,
    decode_levels,
    encode_levels,
    handle_surprisal_bits,
    level_weight_bits,
    load_model,
    match_probability,
    match_weight_bits,
)


def test_every_comparison_has_a_code_for_every_level():
    assert all(len(comparison.levels) <= len(LEVEL_CODES) for comparison in COMPARISONS)


@given(st.lists(st.tuples(*(st.integers(0, len(c.levels) - 1) for c in COMPARISONS)), min_size=1, max_size=20))
def test_a_levels_string_says_exactly_the_levels(rows):
    columns = [np.array(column, np.int8) for column in zip(*rows, strict=True)]
    assert [tuple(decode_levels(text)) for text in encode_levels(columns).to_pylist()] == rows


@given(st.tuples(*(st.integers(0, len(c.levels) - 1) for c in COMPARISONS)), st.integers(1, 30))
def test_a_weight_is_the_prior_and_the_log_ratios_added_in_order(row, n_band):
    model = load_model()
    total = model.prior_bits(n_band)
    for comparison, level in zip(model.comparisons, row, strict=True):
        total += math.log2(comparison.levels[level].m / comparison.levels[level].u)
    levels = [np.array([level], np.int8) for level in row]
    assert match_weight_bits(levels, model, n_band).tolist() == [total]


def test_a_larger_population_takes_at_most_one_bit_per_doubling_from_every_pair():
    model = load_model()
    assert model.prior_bits(19) - model.prior_bits(20) == pytest.approx(model.prior_slope)
    assert 0 <= model.prior_slope <= 1


def test_a_probability_is_the_weight_as_odds():
    assert match_probability(np.array([0.0, 1.0, -1.0])).tolist() == pytest.approx([1 / 2, 2 / 3, 1 / 3])


@pytest.mark.parametrize(("m", "u"), [(0.0, 0.5), (0.5, 0.0), (1.1, 0.5)])
def test_a_share_outside_zero_to_one_is_refused(m, u):
    with pytest.raises(ValueError, match="shares"):
        level_weight_bits(m, u)


def test_the_fingerprint_follows_every_number_and_not_the_file_s_spacing(tmp_path):
    changed = tmp_path / "model.json"
    content = orjson.loads(SHIPPED_MODEL.read_bytes())
    changed.write_bytes(orjson.dumps(content))
    assert load_model(changed).fingerprint == load_model().fingerprint
    content["comparisons"][0]["levels"][0]["u"] *= 1.01
    changed.write_bytes(orjson.dumps(content))
    assert load_model(changed).fingerprint != load_model().fingerprint


def test_a_model_with_other_comparisons_is_refused(tmp_path):
    changed = tmp_path / "model.json"
    changed.write_text(SHIPPED_MODEL.read_text().replace('"mutual"', '"reciprocal"'))
    with pytest.raises(ConfigError, match="comparisons differ"):
        load_model(changed)


def test_a_handle_made_of_common_words_is_less_surprising_than_one_of_the_same_length():
    """IDN-04: weighted by handle rarity."""
    characters = load_model().handle_characters
    words = {"anna": 5.0, "smith": 6.0}
    plain = handle_surprisal_bits("annasmith", words, characters)
    assert plain == 11.0
    assert handle_surprisal_bits("zqxvkjwpf", words, characters) > 3 * plain


def test_knowing_a_word_never_makes_a_handle_more_surprising():
    characters = load_model().handle_characters
    assert handle_surprisal_bits("mossletters", {"moss": 7.0}, characters) <= handle_surprisal_bits(
        "mossletters", {}, characters
    )


def test_agreement_weighs_more_than_disagreement_on_every_comparison_of_the_shipped_model():
    model = load_model()
    for comparison, better, worse in (
        ("handle_name", "exact_equal", "different_different"),
        ("claim", "mutual", "none"),
        ("claim", "self", "elsewhere"),
        ("email", "private", "different"),
        ("site", "private", "different"),
        ("bio", "bio_7", "different"),
        ("kind", "same", "fan"),
        ("platform", "different", "same"),
    ):
        levels = {
            level.name: level.weight_bits for c in model.comparisons if c.name == comparison for level in c.levels
        }
        assert levels[better] > levels[worse], (comparison, better, worse)
