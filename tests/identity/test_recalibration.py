"""An audit can raise a threshold and never lower it."""

from datetime import UTC, datetime

import numpy as np
import pytest

from base.judgement import Judgement, Verdict
from identity.recalibration import FEWEST_AUDITED, audit_judgements, recalibrate
from identity.triage import thresholds_for
from identity.weights import load_model

MODEL = load_model()
N_BAND = 13
LINK = thresholds_for(MODEL, N_BAND, 0.985).link_bits


def audited(right_above: list[tuple[float, bool, int]]):
    weights = np.concatenate([np.full(count, LINK + more) for more, _, count in right_above])
    right = np.concatenate([np.full(count, ok) for _, ok, count in right_above])
    return recalibrate(MODEL, N_BAND, weights, right)


def test_merges_as_good_as_promised_move_nothing():
    model, raises = audited([(5.0, True, 200)])
    assert model is MODEL
    assert {one.raised_bits for one in raises} == {0.0}


def test_wrong_merges_near_the_threshold_push_it_above_them():
    model, _ = audited([(0.4, False, 60), (4.0, True, 300)])
    raised = thresholds_for(model, N_BAND, 0.985).link_bits - LINK
    assert 0.4 < raised <= 4.0
    assert model.fingerprint != MODEL.fingerprint
    assert model.provenance["calibrated_model"] == MODEL.fingerprint
    assert model.weights[0].tolist() == MODEL.weights[0].tolist()


def test_thresholds_stay_in_the_order_of_the_precision_they_promise():
    model, _ = audited([(0.4, False, 20), (2.0, True, 100), (4.0, True, 300)])
    by_size: dict[int, list[tuple[float, float]]] = {}
    for point in model.calibration:
        by_size.setdefault(point.n_band, []).append((point.precision, point.link_bits))
    for points in by_size.values():
        bits = [link_bits for _, link_bits in sorted(points)]
        assert bits == sorted(bits)


def test_a_small_audit_moves_nothing():
    model, _ = audited([(0.5, False, FEWEST_AUDITED - 1)])
    assert model is MODEL


@pytest.mark.parametrize(("note", "count"), [("audit", 1), ("Audit: two shops", 1), ("same kitchen", 0)])
def test_the_audit_stratum_is_told_by_its_note(note, count):
    one = Judgement("a", "b", Verdict.SAME, "ida", datetime(2026, 1, 1, tzinfo=UTC), note)
    assert len(audit_judgements([one])) == count
