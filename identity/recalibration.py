"""Thresholds moved by what auditors found: upwards, when merges are surely worse than promised.

Comes in: weights of audited merges, drawn at random, and whether each was right. Goes out: a model whose thresholds ask
for more bits. They are never lowered: an audit of merges has seen nothing below the threshold.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from base.judgement import Judgement
from identity.intervals import wilson
from identity.triage import thresholds_for
from identity.weights import Bits, CalibrationPoint, Model

#: an audit smaller than this moves nothing
FEWEST_AUDITED = 30
STEP_BITS = 0.5
MOST_RAISED_BITS = 8.0
#: how a returned audit row is told from the queue's
AUDIT_NOTE = "audit"


@dataclass(frozen=True, slots=True)
class Raise:
    """What an audit says about one precision."""

    precision: float
    #: audited merges at or above the threshold, and how many were right
    audited: int
    right: int
    #: Wilson, 95%
    low: float
    high: float
    raised_bits: float


def audit_judgements(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Judgements of the audit stratum, the random sample of merges: their note begins with "audit"."""
    return [judgement for judgement in judgements if judgement.note.lower().startswith(AUDIT_NOTE)]


def recalibrate(
    model: Model, n_band: int, match_weight_bits: Bits, right: npt.NDArray[np.bool_]
) -> tuple[Model, list[Raise]]:
    """`model` with thresholds that the audit does not refute, and what it says about each calibrated precision.

    match_weight_bits, right: of audited merges, weighed by `model`. A threshold rises by half bits until the upper
    bound of the precision of the audited merges above it reaches what is promised, or fewer than FEWEST_AUDITED are
    left. It moves by the same bits at every size of population.
    """
    raises = [
        _raise(precision, thresholds_for(model, n_band, precision).link_bits, match_weight_bits, right)
        for precision in sorted({point.precision for point in model.calibration})
    ]
    raised = dict(zip((one.precision for one in raises), _rising(raises), strict=True))
    points = [
        CalibrationPoint(
            n_band=point.n_band, precision=point.precision, link_bits=point.link_bits + raised[point.precision]
        )
        for point in model.calibration
    ]
    provenance = model.provenance | {
        "calibration": "the start model's, raised by audited merges",
        "audited": len(right),
        "raised_bits": {str(precision): bits for precision, bits in raised.items() if bits},
    }
    if not any(raised.values()):
        return model, raises
    return model.model_copy(update={"calibration": tuple(points), "provenance": provenance}), raises


def _rising(raises: Sequence[Raise]) -> list[float]:
    """A stricter precision is never raised by less, so that thresholds stay in order."""
    return [float(bits) for bits in np.maximum.accumulate([one.raised_bits for one in raises])]


def _raise(precision: float, link_bits: float, weight_bits: Bits, right: npt.NDArray[np.bool_]) -> Raise:
    above = weight_bits >= link_bits
    audited, correct = int(above.sum()), int(right[above].sum())
    raised = 0.0
    while _refuted(precision, weight_bits, right, link_bits + raised) and raised < MOST_RAISED_BITS:
        raised += STEP_BITS
    return Raise(precision, audited, correct, *wilson(correct, audited), raised)


def _refuted(precision: float, weight_bits: Bits, right: npt.NDArray[np.bool_], link_bits: float) -> bool:
    above = weight_bits >= link_bits
    audited = int(above.sum())
    return audited >= FEWEST_AUDITED and wilson(int(right[above].sum()), audited)[1] < precision
