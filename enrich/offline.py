"""The labeller that costs nothing: nearest taxonomy definition and cue words, a summary in the creator's words.

Provisional and said to be so: it abstains (`other`) when nothing stands out, and its confidence is the lead of the
winner. Nothing depends on the rest of the corpus: the same creator gets the same labels in any company.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from base.fingerprint import Recipe
from enrich.cues import Cues, clear_winner, cues_for, language_of, words_of
from enrich.labeller import Outcome, Provenance, flags_of
from enrich.schema import Confidence, CreatorLabels
from enrich.subjects import Subject
from enrich.summary import summarise
from enrich.taxonomy import UNKNOWN_KIND, Taxonomy
from providers.embedder import Embedder

Matrix = npt.NDArray[np.float32]

MODEL = "offline-nearest-definition"
VERSION = "2"

# Scores are in standard deviations of a definition's cosine to all niches, the same unit for every embedding model.
# The figures come from benchmarks/labels.py: where accuracy falls below one in four, and where it passes two in three.
CUE_WEIGHT = 5.0
SUB_CUE_WEIGHT = 1.5
LEAST_SCORE = 1.5
LEAST_LEAD = 0.25
MEDIUM_LEAD = 0.75
HIGH_LEAD = 2.4
SECONDARY_SCORE = 2.0
STYLE_SCORE = 1.5
PERSON_KIND = "person"
FIRST_PERSON_WORDS = 2
MOST_EVIDENCE = 8
ENOUGH_CHARACTERS = 400  # to tell a script


@dataclass(frozen=True, slots=True)
class _Anchors:
    """The definitions as unit vectors around their mean, in taxonomy order."""

    niches: Matrix
    subs: Matrix
    styles: Matrix
    #: mean unit vector of texts about nothing in particular
    small_talk: Matrix
    #: standard deviation of a sub-niche definition's cosine to the niches
    spread: float


class OfflineClassifier:
    provenance: Provenance = "offline"
    model = MODEL
    prompt_version: str | None = None

    def __init__(self, taxonomy: Taxonomy, embedder: Embedder, embedding_recipe: str) -> None:
        """embedding_recipe: fingerprint of the recipe that the subjects' vectors were made with."""
        self._taxonomy = taxonomy
        self._embedder = embedder
        self._cues = _cues_of(taxonomy)
        options = {"taxonomy": taxonomy.fingerprint, "cues": self._cues.fingerprint, "embedding": embedding_recipe}
        self.recipe = Recipe(MODEL, VERSION, options)

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: the vectors of the definitions, not the model that made them."""
        return {"_taxonomy": self._taxonomy, "recipe": self.recipe, "_anchors": self._anchors}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._cues = _cues_of(self._taxonomy)

    def input_fingerprint(self, subject: Subject) -> str:
        return subject.fingerprint

    def label(self, subjects: Sequence[Subject]) -> Iterator[Outcome]:
        """One outcome per subject; a subject without vectors is judged by its words alone."""
        texts = [_Text(subject, self._cues) for subject in subjects]
        scored = self._scored(subjects, texts)
        for row, subject in enumerate(subjects):
            labels = self._labels(subject, texts[row], scored, row)
            flags, lead = flags_of(labels), float(scored.leads[row])
            yield Outcome(subject.creator_id, self.input_fingerprint(subject), labels, flags, score=lead)

    def leads(self, subjects: Sequence[Subject]) -> Matrix:
        """How clear each case is: the best niche's lead over the next, 0 when it abstains; shape (n,), any unit."""
        return self._scored(subjects, [_Text(subject, self._cues) for subject in subjects]).leads

    def _scored(self, subjects: Sequence[Subject], texts: Sequence["_Text"]) -> "_Scored":
        anchors = self._anchors
        vectors = np.zeros((len(subjects), anchors.niches.shape[1]), np.float32)
        has_vector = np.zeros((len(subjects), 1), np.float32)
        for row, subject in enumerate(subjects):
            if subject.vector is not None:
                vectors[row], has_vector[row] = subject.vector, 1
        shares = np.array([text.shares for text in texts], np.float32).reshape(-1, len(self._taxonomy.niches))
        beyond_talk = (vectors - has_vector * anchors.small_talk) @ anchors.niches.T / anchors.spread
        to_subs, to_styles = (vectors @ matrix.T / anchors.spread for matrix in (anchors.subs, anchors.styles))
        return _Scored(beyond_talk + CUE_WEIGHT * shares, shares, to_subs, to_styles)

    @cached_property
    def _anchors(self) -> _Anchors:
        taxonomy, embed = self._taxonomy, self._embedder.embed
        defined = embed([f"{niche.label}: {niche.definition}" for niche in taxonomy.niches])
        subs = embed([f"{sub.label}: {sub.definition}" for niche in taxonomy.niches for sub in niche.sub])
        styles = embed([f"{style.label}: {style.definition}" for style in taxonomy.content_styles])
        cues = embed([self._cues.niche_words.get(niche.id, niche.label) for niche in taxonomy.niches])
        sizes = [len(niche.sub) for niche in taxonomy.niches]
        means = np.add.reduceat(subs, np.cumsum([0, *sizes[:-1]])) / np.array(sizes)[:, None]
        niches = _centred(_unit(defined + _unit(means) + cues))
        small_talk = embed(list(self._cues.small_talk)).mean(axis=0)
        spread = float((subs @ niches.T).std(axis=1).mean())
        return _Anchors(niches, _centred(subs), _centred(styles), small_talk, spread)

    def _labels(self, subject: Subject, text: "_Text", scored: "_Scored", row: int) -> CreatorLabels:
        primary, confidence = self._primary(scored, row)
        evidence = self._evidence(text.item_votes, primary)
        abstains = primary == self._taxonomy.abstain_id
        return CreatorLabels.model_construct(
            evidence=evidence,
            primary_niche=primary,
            secondary_niches=[] if abstains else self._secondary(scored.to_subs[row], scored.shares[row]),
            content_style=self._style(text, scored.to_styles[row]),
            llm_summary=summarise(subject.platforms, subject.bios, _first(subject.items, evidence)),
            account_kind=self._kind(text),
            language=self._language(subject, text),
            confidence=confidence,
        )

    def _primary(self, scored: "_Scored", row: int) -> tuple[str, Confidence]:
        lead = scored.leads[row]
        if not lead:
            return self._taxonomy.abstain_id, "low"
        confidence: Confidence = "high" if lead >= HIGH_LEAD else "medium" if lead >= MEDIUM_LEAD else "low"
        return self._taxonomy.niches[int(scored.to_niches[row].argmax())].id, confidence

    def _secondary(self, to_subs: Matrix, shares: Matrix) -> list[str]:
        """The best sub-niches, of any parent; the parent's cue words count for each of its children."""
        sizes = [len(niche.sub) for niche in self._taxonomy.niches]
        scores = to_subs + SUB_CUE_WEIGHT * np.repeat(shares, sizes)
        best = np.argsort(-scores, kind="stable")[: self._taxonomy.max_secondary]
        return [self._taxonomy.secondary_ids[sub] for sub in best if scores[sub] >= SECONDARY_SCORE]

    def _evidence(self, item_votes: Sequence[Mapping[int, float]], primary: str) -> list[int]:
        """Numbers, from 1, of the items whose words speak for the primary niche."""
        if primary == self._taxonomy.abstain_id:
            return []
        wanted = self._cues.niche_ids.index(primary)
        telling = [number for number, votes in enumerate(item_votes, 1) if wanted in votes]
        return telling[:MOST_EVIDENCE]

    def _style(self, text: "_Text", to_styles: Matrix) -> str | None:
        cued = clear_winner(_votes(self._cues.styles, text.item_words), minimum=2)
        if cued or to_styles.max() < STYLE_SCORE:
            return cued
        return self._taxonomy.style_ids[int(to_styles.argmax())]

    def _kind(self, text: "_Text") -> str:
        """What the profile says it is; else who says `I` in two of the items is a person."""
        told = clear_winner(_votes(self._cues.kinds, [text.profile_words]), minimum=1)
        first_person = _votes(self._cues.kinds, text.item_words)[PERSON_KIND] >= FIRST_PERSON_WORDS
        if told or not first_person or PERSON_KIND not in self._taxonomy.kind_ids:
            return told or UNKNOWN_KIND
        return PERSON_KIND

    def _language(self, subject: Subject, text: "_Text") -> str | None:
        """What the words say; else what all accounts declare."""
        words = chain(text.profile_words, *text.item_words)
        told = language_of(" ".join(text.parts)[:ENOUGH_CHARACTERS], words, self._cues.stop_words)
        declared = {language[:2].lower() for language in subject.languages if language}
        return told or (next(iter(declared)) if len(declared) == 1 else None)


@dataclass(frozen=True)
class _Scored:
    """What all subjects of a batch score, a row each: niches, cue shares of niches, sub-niches, styles."""

    to_niches: Matrix
    shares: Matrix
    to_subs: Matrix
    to_styles: Matrix

    @cached_property
    def leads(self) -> Matrix:
        """The best niche's lead over the next; 0 where nothing stands out."""
        second, first = np.sort(self.to_niches, axis=1)[:, -2:].T
        stands_out = (first >= LEAST_SCORE) & (first - second >= LEAST_LEAD)
        return np.where(stands_out, first - second, np.float32(0))


class _Text:
    """A subject's texts as a reader sees them, each cut into words once, and what they vote for."""

    __slots__ = ("item_votes", "item_words", "parts", "profile_words", "shares")

    def __init__(self, subject: Subject, cues: Cues) -> None:
        profile = [*subject.names, *subject.handles, *subject.bios]
        self.parts = [*filter(None, profile), *subject.items]
        self.profile_words = [word for part in profile if part for word in words_of(part)]
        self.item_words = [words_of(item) for item in subject.items]
        self.item_votes = [cues.niche_votes(words) for words in self.item_words]
        self.shares = cues.niche_shares([cues.niche_votes(self.profile_words), *self.item_votes])


def _cues_of(taxonomy: Taxonomy) -> Cues:
    return cues_for(tuple(niche.id for niche in taxonomy.niches), taxonomy.style_ids, taxonomy.kind_ids)


def _votes(labels: Mapping[str, tuple[str, ...]], texts: Sequence[Sequence[str]]) -> Counter[str]:
    """Label → in how many words, each counted once per text."""
    telling = (labels.keys() & words for words in texts)
    return Counter(label for cues in telling for cue in cues for label in labels[cue])


def _first(items: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """The items, the numbered ones first."""
    telling = [items[number - 1] for number in numbers]
    return telling + [item for number, item in enumerate(items, 1) if number not in numbers]


def _unit(matrix: Matrix) -> Matrix:
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled: Matrix = np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0)
    return scaled


def _centred(matrix: Matrix) -> Matrix:
    """Unit vectors around their mean: what all definitions share tells none from another."""
    return _unit(matrix - matrix.mean(axis=0))
