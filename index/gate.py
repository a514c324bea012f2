"""The last look before a snapshot is published: each finding is a reason to refuse it."""

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from index.fidelity import self_recall
from index.snapshot import Snapshot
from index.text import tokens

CANARIES = 8
CANARY_NICHE_CREATORS = 20  # a niche of fewer creators may vanish in a night without anything being wrong


class GateSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: share of creators that must have at least one vector
    min_vector_coverage: float = Field(default=0.5, ge=0, le=1)
    #: share of creators that must have an enrichment row
    min_enrichment_coverage: float = Field(default=0.9, ge=0, le=1)
    #: largest change of the creator count against the snapshot in force, as a share
    max_creator_count_change: float = Field(default=0.5, ge=0)
    #: share of the true answer that a search by vectors must find, behind any filter
    min_recall: float = Field(default=0.95, ge=0, le=1)
    #: words that must find somebody, each as one would type them
    canaries: list[str] = Field(default_factory=list)


def inspect(
    snapshot: Snapshot, settings: GateSettings, *, previous: Snapshot | None, violations: pa.Table
) -> list[str]:
    """What speaks against publishing; empty when nothing does.

    previous: the snapshot in force, None before the first.
    violations: left, right, creator_id of pairs judged different that stand in one creator.
    """
    if len(snapshot) == 0:
        return ["the index is empty"]
    return [
        *_coverage_findings(snapshot, settings),
        *_count_findings(len(snapshot), len(previous) if previous else None, settings),
        *_violation_findings(violations),
        *_recall_findings(snapshot, settings),
        *_canary_findings(snapshot),
        *_silent_findings(snapshot, settings, previous),
    ]


def _coverage_findings(snapshot: Snapshot, settings: GateSettings) -> list[str]:
    wanted = {"vectors": settings.min_vector_coverage, "labels": settings.min_enrichment_coverage}
    shares = snapshot.content.coverage
    return [
        f"only {shares[name]:.1%} of creators have {name}, {least:.1%} are asked for"
        for name, least in wanted.items()
        if shares[name] < least
    ]


def _count_findings(count: int, previous: int | None, settings: GateSettings) -> list[str]:
    if not previous or abs(count - previous) / previous <= settings.max_creator_count_change:
        return []
    return [f"{count:,} creators after {previous:,}: more than {settings.max_creator_count_change:.0%} change"]


def _violation_findings(violations: pa.Table) -> list[str]:
    if violations.num_rows == 0:
        return []
    first = violations.slice(0, 1).to_pylist()[0]
    example = f"{first['left']} and {first['right']} in {first['creator_id']}"
    return [f"{violations.num_rows:,} pairs judged different stand in one creator, e.g. {example}"]


def _recall_findings(snapshot: Snapshot, settings: GateSettings) -> list[str]:
    return [
        f"a search finds {share:.1%} of the nearest creators with {name} kept, {settings.min_recall:.1%} are asked for"
        for name, share in self_recall(snapshot).items()
        if share < settings.min_recall
    ]


def _silent_findings(snapshot: Snapshot, settings: GateSettings, previous: Snapshot | None) -> list[str]:
    """Questions that must have an answer: those of the settings, and the niches that had many creators before."""
    texts = [*settings.canaries, *(_well_filled_niches(previous) if previous else ())]
    return [f'nobody is found for "{text}"' for text in texts if not _answers(snapshot, text)]


def _answers(snapshot: Snapshot, text: str) -> bool:
    return len(snapshot.bm25.best(list(dict.fromkeys(tokens(text))), 1)) > 0


def _well_filled_niches(snapshot: Snapshot) -> list[str]:
    counts = snapshot.columns.counts("primary_niche", np.arange(len(snapshot)))
    labels = snapshot.content.niches
    return [
        labels[niche]
        for niche, count in counts.items()
        if count >= CANARY_NICHE_CREATORS and niche in labels and _answers(snapshot, labels[niche])
    ]


def _canary_findings(snapshot: Snapshot) -> list[str]:
    """Evenly spaced creators must find themselves by each of their words and by each of their vectors."""
    canaries = np.unique(np.arange(CANARIES) * len(snapshot) // CANARIES)
    ids = snapshot.creators["creator_id"]
    lost = [doc for doc in canaries if not (_found_by_words(snapshot, doc) and _found_by_vectors(snapshot, doc))]
    return [f"{ids[int(doc)].as_py()} does not find itself" for doc in lost]


def _found_by_words(snapshot: Snapshot, doc: np.intp) -> bool:
    words = tokens(snapshot.keyword_texts[int(doc)].as_py())
    for word in set(words):
        documents, counts = snapshot.bm25.holders(word)
        row = np.searchsorted(documents, doc)
        if row == len(documents) or documents[row] != doc or counts[row] != words.count(word):
            return False
    return True


def _found_by_vectors(snapshot: Snapshot, doc: np.intp) -> bool:
    for field in snapshot.fields.values():
        itself = field.vector_of(int(doc))
        if itself is not None:
            nearest = field.nearest(itself, 1)
            # A twin may be as near, nobody nearer.
            if field.cosines_of(np.array([doc]), itself)[0] < nearest.cosines[0] - 1e-3:
                return False
    return True
