"""Thresholds moved by what auditors found: upwards, when merges are surely worse than promised.

Comes in: weights of audited merges, drawn at random, and whether each was right. Goes out: a model whose thresholds ask
for more bits. They are never lowered: an audit of merges has seen nothing below the threshold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from base.intervals import wilson
from base.judgement import Judgement
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
    raised = {one.precision: one.raised_bits for one in raises}
    if not any(raised.values()):
        return model, raises
    provenance = model.provenance | {
        "calibration": "raised by audited merges",
        "calibrated_model": model.fingerprint,
        "audited": len(right),
        "raised_bits": {str(precision): bits for precision, bits in raised.items() if bits},
    }
    points = [point.model_dump() for point in _in_order(model.calibration, raised)]
    values = model.model_dump(mode="json") | {"calibration": points, "provenance": provenance}
    return Model.model_validate(values), raises


def _in_order(points: Iterable[CalibrationPoint], raised: Mapping[float, float]) -> list[CalibrationPoint]:
    """Raised points; at each size a stricter precision asks for no less than a looser one."""
    kept: list[CalibrationPoint] = []
    for point in sorted(points, key=lambda one: (one.n_band, one.precision)):
        link_bits = point.link_bits + raised[point.precision]
        if kept and kept[-1].n_band == point.n_band:
            link_bits = max(link_bits, kept[-1].link_bits)
        kept.append(point.model_copy(update={"link_bits": link_bits}))
    return kept


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
