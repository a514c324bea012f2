"""One creator, one question to a language model, one checked answer; asked again once, then given up."""

import asyncio
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from base.errors import AnswerInvalid, ProviderError, QuotaExhausted
from base.fingerprint import Recipe, canonical_json, fingerprint, sha256_hex
from enrich.dossier import Dossier, build_dossier
from enrich.grounding import ungrounded
from enrich.labeller import Outcome, Provenance, flags_of
from enrich.schema import CreatorLabels, answer_schema
from enrich.subjects import Subject
from enrich.taxonomy import Taxonomy
from prompts.catalog import Prompt
from providers.llm import LLM, LLMRequest

MAX_OUTPUT_TOKENS = 300
ASK_AGAIN = "Your last answer was refused ({mistakes}). Answer again, by the same rules."


class Enricher:
    """The labeller that asks a language model. A failure of one creator is an outcome, not the end of the night."""

    provenance: Provenance = "llm"
    batch_size = 50

    def __init__(self, llm: LLM, prompt: Prompt, taxonomy: Taxonomy) -> None:
        self._llm, self._prompt, self._taxonomy = llm, prompt, taxonomy
        self.model = llm.id
        self.prompt_version: str | None = prompt.version
        options = {
            "prompt": prompt.sha256,
            "taxonomy": taxonomy.fingerprint,
            "schema": fingerprint(answer_schema(taxonomy)),
        }
        self.recipe = Recipe(llm.id, f"{prompt.name}/v{prompt.version}", options)

    def input_fingerprint(self, subject: Subject) -> str:
        return build_dossier(subject).input_fingerprint

    def label(self, subjects: Sequence[Subject]) -> Iterator[Outcome]:
        for subject in subjects:
            dossier = build_dossier(subject)
            try:
                labels = asyncio.run(enrich_one(self._llm, dossier, self._prompt, self._taxonomy))
                yield Outcome(subject.creator_id, dossier.input_fingerprint, labels, flags_of(labels))
            except QuotaExhausted:  # a revoked key or an exhausted credit concerns all creators and ends the night
                raise
            except ProviderError as error:
                yield Outcome(subject.creator_id, dossier.input_fingerprint, None, failure=type(error).__name__)


async def enrich_one(llm: LLM, dossier: Dossier, prompt: Prompt, taxonomy: Taxonomy) -> CreatorLabels:
    """Labels that fit the schema and say only what the dossier says.

    Raises AnswerInvalid when the second answer is no better than the first, and whatever `llm` raises.
    """
    request = build_request(llm, dossier, prompt, taxonomy)
    labels, mistakes = _judged((await llm.complete(request)).text, dossier, prompt)
    if labels is None:
        labels, mistakes = _judged((await llm.complete(_again(request, mistakes))).text, dossier, prompt)
    if labels is None:
        raise AnswerInvalid(f"no usable answer: {', '.join(mistakes)}", provider=type(llm).__name__, model=llm.id)
    return labels


def build_request(llm: LLM, dossier: Dossier, prompt: Prompt, taxonomy: Taxonomy) -> LLMRequest:
    """The question: rules and taxonomy first and the same for everyone, then this creator's data between boundaries."""
    schema = answer_schema(taxonomy)
    system = prompt.render_system(canary=_canary(prompt), taxonomy=_told(taxonomy))
    user = prompt.render_user(boundary=dossier.boundary, dossier=dossier.text)
    return LLMRequest(system, user, schema, MAX_OUTPUT_TOKENS, _request_hash(llm.id, system, user, schema))


def _again(request: LLMRequest, mistakes: Sequence[str]) -> LLMRequest:
    # Only our own words about the mistakes: the refused answer may carry what a bio talked the model into.
    user = f"{request.user}\n{ASK_AGAIN.format(mistakes='; '.join(mistakes))}"
    again = sha256_hex(request.request_hash + user)
    return LLMRequest(request.system, user, request.schema, request.max_output_tokens, again)


def _judged(text: str, dossier: Dossier, prompt: Prompt) -> tuple[CreatorLabels | None, list[str]]:
    """The labels, or None and what was wrong."""
    try:
        labels = CreatorLabels.model_validate_json(text)
    except ValidationError as error:
        fields = sorted({str(mistake["loc"][0]) if mistake["loc"] else "JSON" for mistake in error.errors()})
        # A surplus field is named by the model, so its name is not repeated.
        return None, [
            f"invalid {field}" if field in CreatorLabels.model_fields else "not the schema" for field in fields
        ]
    mistakes = ungrounded(labels, dossier, _canary(prompt))
    return (None, mistakes) if mistakes else (labels, [])


def _canary(prompt: Prompt) -> str:
    return f"ref-{prompt.sha256[:12]}"


def _told(taxonomy: Taxonomy) -> str:
    """The taxonomy as lines of id and meaning."""
    niches = "\n".join(
        f"{niche.id}: {niche.definition} Not: {niche.excludes}\n"
        + "\n".join(f"  {sub.id}: {sub.definition}" for sub in niche.sub)
        for niche in taxonomy.niches
    )
    styles = "\n".join(f"{style.id}: {style.definition}" for style in taxonomy.content_styles)
    kinds = "\n".join(f"{kind.id}: {kind.definition}" for kind in taxonomy.account_kinds)
    return f"Niches\n{niches}\nContent styles\n{styles}\nAccount kinds\n{kinds}"


def _request_hash(model: str, system: str, user: str, schema: object) -> str:
    return sha256_hex(canonical_json([model, system, user, schema]))
