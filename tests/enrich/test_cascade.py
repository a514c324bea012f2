"""Where the cheap labeller may have the last word."""

import numpy as np
import pytest

from base.fingerprint import Recipe
from enrich.cascade import Agreement, Cascade, agreement, calibrate, cascade_recipe
from enrich.enricher import Enricher
from enrich.offline import OfflineClassifier
from enrich.taxonomy import load_taxonomy
from providers.hashing import HashingEmbedder
from tests.enrich.making import PROMPT, a_cook, a_subject

IDS = [f"cr_{number}" for number in range(4_000)]


def a_sample(clear_from, seed=0):
    """Scores from 0 to 4; right nine times in ten below `clear_from`, and 99 in 100 above."""
    draws = np.random.default_rng(seed)
    scores = draws.uniform(0, 4, len(IDS))
    return scores, draws.random(len(IDS)) < np.where(scores >= clear_from, 0.99, 0.6)


def test_the_threshold_lies_near_where_the_labels_become_sure():
    scores, agrees = a_sample(clear_from=2)
    found = calibrate(IDS, scores, agrees, target=0.95)
    assert found.chosen is not None
    assert 1.6 <= found.chosen.min_score <= 2.1
    assert found.holds
    assert 0.45 <= found.chosen.share_accepted <= 0.6


def test_a_sample_that_is_never_sure_gives_no_threshold():
    scores, _ = a_sample(clear_from=2)
    found = calibrate(IDS, scores, np.random.default_rng(1).random(len(IDS)) < 0.8, target=0.95)
    assert found.chosen is None
    assert not found.holds


def test_a_handful_of_hits_is_not_sure():
    """Ten of ten is a rate of 1 and an interval that begins at 0.72."""
    few = Agreement(3.0, 100, 10, 10)
    assert few.rate == 1
    assert few.interval[0] == pytest.approx(0.7225, abs=1e-3)
    assert calibrate(IDS[:20], np.full(20, 3.0), np.ones(20, np.bool_), target=0.95).chosen is None


def test_the_half_that_reports_did_not_choose():
    """Otherwise a threshold would be praised for the accident that picked it."""
    scores, agrees = a_sample(clear_from=2)
    found = calibrate(IDS, scores, agrees, target=0.95)
    choosing = found.curve[0].creators
    assert found.chosen is not None
    assert choosing + found.chosen.creators == len(IDS)
    assert 0.4 < choosing / len(IDS) < 0.6


def test_an_abstention_is_never_accepted():
    scores, agrees = np.array([0.0, 0.0, 2.0]), np.array([True, True, True])
    assert agreement(scores, agrees, 0.01).accepted == 1
    assert calibrate(["a", "b", "c"], np.zeros(3), agrees, 0.9).curve == ()


def test_another_threshold_or_classifier_is_another_recipe():
    offline = Recipe("m", "1", {})
    prints = {
        cascade_recipe(recipe, score).fingerprint
        for recipe, score in ((offline, 1.5), (offline, 2.0), (Recipe("m", "2", {}), 1.5))
    }
    assert len(prints) == 3


def test_clear_cases_are_final_and_the_others_are_left_to_be_asked_about():
    offline = OfflineClassifier(load_taxonomy(), HashingEmbedder(), "recipe")
    asked = Enricher("scripted/1", PROMPT, load_taxonomy())
    clear, unclear = a_cook(), a_subject("hello", ["one more"], creator_id="cr_zed")
    (score,) = offline.leads([clear])
    cascade = Cascade(offline, asked, min_score=float(score))
    (outcome,) = cascade.label([clear, unclear])
    assert (outcome.creator_id, outcome.labels.primary_niche) == ("cr_ann", "food")
    assert outcome.input_fingerprint == asked.input_fingerprint(clear)
    assert not list(Cascade(offline, asked, float(score) + 0.01).label([clear, unclear]))
