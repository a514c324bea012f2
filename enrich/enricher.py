"""One creator, one question to a language model, one checked answer; asked again once, then given up."""

import asyncio
from collections.abc import Iterator, Sequence

from base.errors import AnswerInvalid, ProviderError, QuotaExhausted
from enrich.dossier import Dossier, build_dossier
from enrich.labeller import Outcome, Provenance, flags_of
from enrich.questions import Questions
from enrich.schema import CreatorLabels
from enrich.subjects import Subject
from enrich.taxonomy import Taxonomy
from prompts.catalog import Prompt
from providers.llm import LLM


class Enricher:
    """The labeller that asks a language model. A failure of one creator is an outcome, not the end of the night."""

    provenance: Provenance = "llm"
    batch_size = 50

    def __init__(self, llm: LLM, prompt: Prompt, taxonomy: Taxonomy) -> None:
        self._llm = llm
        self._questions = Questions(llm.id, prompt, taxonomy)
        self.model = llm.id
        self.prompt_version: str | None = prompt.version
        self.recipe = self._questions.recipe

    def input_fingerprint(self, subject: Subject) -> str:
        return build_dossier(subject).input_fingerprint

    def label(self, subjects: Sequence[Subject]) -> Iterator[Outcome]:
        for subject in subjects:
            dossier = build_dossier(subject)
            try:
                labels = asyncio.run(enrich_one(self._llm, dossier, self._questions))
                yield Outcome(subject.creator_id, dossier.input_fingerprint, labels, flags_of(labels))
            except QuotaExhausted:  # a revoked key or an exhausted credit concerns all creators and ends the night
                raise
            except ProviderError as error:
                failed = error.error_class.value
                yield Outcome(subject.creator_id, dossier.input_fingerprint, None, (), failed, error.message)


async def enrich_one(llm: LLM, dossier: Dossier, questions: Questions) -> CreatorLabels:
    """Labels that fit the schema and say only what the dossier says.

    Raises AnswerInvalid when the second answer is no better than the first, and whatever `llm` raises.
    """
    request = questions.ask(dossier)
    verdict = questions.judge((await llm.complete(request)).text, dossier)
    if verdict.labels is None:
        again = questions.ask_again(request, verdict.mistakes)
        verdict = questions.judge((await llm.complete(again)).text, dossier)
    if verdict.labels is None:
        mistakes = ", ".join(verdict.mistakes)
        raise AnswerInvalid(f"no usable answer: {mistakes}", provider=type(llm).__name__, model=llm.id)
    return verdict.labels
