"""The port both labellers stand behind: subjects in, an outcome for each, and the recipe that made it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from base.fingerprint import Recipe
from enrich.schema import TARGET_WORDS, CreatorLabels
from enrich.subjects import Subject
from enrich.summary import word_count

Provenance = Literal["offline", "llm", "cascade"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What labelling one creator came to: labels, or why there are none."""

    creator_id: str
    input_fingerprint: str
    labels: CreatorLabels | None
    #: e.g. summary_outside_target
    flags: tuple[str, ...] = ()
    #: error class when there are no labels, e.g. REFUSAL
    failure: str = ""
    #: what was wrong, in our own words
    detail: str = ""
    #: of every attempt at it, in nano-dollars
    cost_nano_usd: int = 0
    #: False: it failed, and one more question that mends it is worth its price
    is_final: bool = True
    #: how clear the case was to a labeller that can say: more is clearer, 0 is an abstention
    score: float | None = None


class Labeller(Protocol):
    """Who answers, as far as planning must know."""

    provenance: Provenance
    #: id of the model that answered
    model: str
    prompt_version: str | None
    #: answers of another recipe are not comparable
    recipe: Recipe

    def input_fingerprint(self, subject: Subject) -> str:
        """Changes when, and only when, something this labeller looks at has changed."""
        ...


class LocalLabeller(Labeller, Protocol):
    """One that answers at once, on this machine."""

    def label(self, subjects: Sequence[Subject]) -> Iterator[Outcome]:
        """One outcome per subject, in order."""
        ...


def flags_of(labels: CreatorLabels) -> tuple[str, ...]:
    """What a reader should know about labels that are stored all the same."""
    return () if word_count(labels.llm_summary) in TARGET_WORDS else ("summary_outside_target",)
