"""The cheap labeller first: its clear cases are final, a model is asked about the rest. Where they begin is measured.

Off unless `llm.cascade_min_score` is set. Labels accepted this way carry the cascade's fingerprint: the classifier, its
words and vectors, and the score it took.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from base.fingerprint import Recipe
from base.intervals import wilson
from enrich.labeller import Labeller, Outcome, Provenance
from enrich.offline import OfflineClassifier
from enrich.subjects import Subject

MODEL = "cascade"
VERSION = "1"
STEPS = 50

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often the cheap labels at or above a score are what the sample says."""

    min_score: float
    creators: int
    #: of the whole sample
    accepted: int
    agreed: int

    @property
    def share_accepted(self) -> float:
        """Of all creators: what the cascade would save."""
        return self.accepted / self.creators if self.creators else 0.0

    @property
    def rate(self) -> float:
        return self.agreed / self.accepted if self.accepted else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Of the rate, 95 %; everything is possible when nothing was accepted."""
        return wilson(self.agreed, self.accepted)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the sample says about each threshold, and the one to use."""

    target: float
    #: on the half that chose, strictest first
    curve: tuple[Agreement, ...]
    #: the chosen threshold on the half that did not choose; None: no threshold is sure to reach the target
    chosen: Agreement | None

    @property
    def holds(self) -> bool:
        """Whether the half that did not choose agrees: its interval begins at the target or above."""
        return self.chosen is not None and self.chosen.interval[0] >= self.target


class Cascade:
    """The clear cases of a free labeller, as final answers in place of an asked one's."""

    provenance: Provenance = "cascade"
    prompt_version: str | None = None

    def __init__(self, offline: OfflineClassifier, asked: Labeller, min_score: float) -> None:
        self._offline, self._asked, self._min_score = offline, asked, min_score
        self.model = offline.model
        self.recipe = cascade_recipe(offline.recipe, min_score)

    def input_fingerprint(self, subject: Subject) -> str:
        """As the asked labeller sees it: whichever of the two answers, the next night asks by the same."""
        return self._asked.input_fingerprint(subject)

    def label(self, subjects: Sequence[Subject]) -> Iterator[Outcome]:
        """An outcome for each clear case; the others have none here and must be asked about."""
        for subject, outcome in zip(subjects, self._offline.label(subjects), strict=True):
            if outcome.score is not None and outcome.score >= self._min_score:
                yield replace(outcome, input_fingerprint=self.input_fingerprint(subject))


def cascade_recipe(offline: Recipe, min_score: float) -> Recipe:
    """Under which labels that were accepted are stored."""
    return Recipe(MODEL, VERSION, {"offline": offline.fingerprint, "min_score": min_score})


def calibrate(creator_ids: Sequence[str], scores: Scores, agrees: Flags, target: float) -> Calibration:
    """The lowest score from which the cheap labels surely agree with the sample.

    scores: of the cheap labeller, 0 where it abstains. agrees: whether its label is the sample's. One half of the
    creators (by hash) chooses: the lowest threshold whose interval begins at `target` or above. The other half, which
    had no say, tells what it is worth.
    """
    chooses = np.array([_side(creator_id) for creator_id in creator_ids], np.bool_)
    curve = tuple(agreement(scores[chooses], agrees[chooses], level) for level in _levels(scores[chooses]))
    sure = [each for each in curve if each.interval[0] >= target]
    if not sure:
        return Calibration(target, curve, None)
    return Calibration(target, curve, agreement(scores[~chooses], agrees[~chooses], sure[-1].min_score))


def agreement(scores: Scores, agrees: Flags, min_score: float) -> Agreement:
    taken = scores >= min_score
    return Agreement(min_score, len(scores), int(taken.sum()), int((taken & agrees).sum()))


def _levels(scores: Scores) -> list[float]:
    """Candidate thresholds, strictest first, rounded down so that they can be written into a settings file."""
    clear = scores[scores > 0]
    if not len(clear):
        return []
    levels = np.floor(np.quantile(clear, np.linspace(1, 0, STEPS)) * 100) / 100
    return sorted(set(levels.tolist()), reverse=True)


def _side(creator_id: str) -> bool:
    return hashlib.sha256(creator_id.encode()).digest()[0] % 2 == 0
