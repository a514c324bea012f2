"""Try a labeller on the golden and the hostile set: the offline classifier, recorded answers, or a model, live."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from base.errors import GateRefused, ProviderError
from base.usage import LLMUsage
from enrich.dossier import build_dossier
from enrich.evaluation import (
    Answered,
    Answers,
    Comparison,
    compare,
    gate,
    score_injection,
    score_labels,
    tokens_per_creator,
)
from enrich.golden import embedded, load_golden, load_hostile
from enrich.offline import OfflineClassifier
from enrich.questions import Questions
from enrich.recording import RecordedLLM, Recording
from enrich.subjects import Subject
from enrich.taxonomy import load_taxonomy
from jobs.settings import Settings
from prompts.catalog import load_prompt
from providers.embedder import Embedder
from providers.llm import LLM
from providers.local import load_embedder
from providers.prices import Price, Prices

AT_ONCE = 8  # questions under way; a set is a few hundred
PROMPT_NAME = "creator_enrichment"

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """What one labeller answered to everything it was tried on."""

    #: offline, live or fake: where the answers come from
    source: str
    model: str
    prompt_version: str | None
    answers: Answers
    #: the model's name in the table of prices
    price_model: str = ""


def try_offline(embedder: Embedder) -> Trial:
    """The built-in classifier on all trials; costs nothing."""
    classifier = OfflineClassifier(load_taxonomy(), embedder, embedder.id)
    outcomes = classifier.label(embedded(all_trials(), embedder))
    answers = {outcome.creator_id: Answered(outcome.labels) for outcome in outcomes}
    return Trial("offline", f"{classifier.model} on {embedder.id}", None, answers)


def try_recorded(recording: Recording) -> Trial:
    """What a model answered when it was asked, judged by the checks of today."""
    head = recording.head
    answers = asyncio.run(ask_all(RecordedLLM(recording), head.prompt_version))
    return Trial(head.source, head.model, head.prompt_version, answers, head.price_model)


async def ask_all(llm: LLM, prompt_version: str, trials: Sequence[Subject] | None = None) -> dict[str, Answered]:
    """Trials (all of them) put to a model, a few at a time, with the one repair; a call's error is a failed answer."""
    questions = Questions(llm.id, load_prompt(PROMPT_NAME, prompt_version), load_taxonomy())
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(subject: Subject) -> tuple[str, Answered]:
        async with places:
            return subject.creator_id, await ask_one(llm, questions, subject)

    # All end before one error is raised: what is under way is paid for.
    told = await asyncio.gather(*map(ask, all_trials() if trials is None else trials), return_exceptions=True)
    await llm.close()
    answered: dict[str, Answered] = {}
    for one in told:
        if isinstance(one, BaseException):
            raise one
        answered[one[0]] = one[1]
    return answered


async def ask_one(llm: LLM, questions: Questions, subject: Subject) -> Answered:
    """One trial: asked, and once more when the answer will not do; what both used is counted."""
    dossier = build_dossier(subject)
    request, used = questions.ask(dossier), LLMUsage(0)
    try:
        for last in (False, True):
            answer = await llm.complete(request)
            used = _added(used, answer.usage)
            verdict = questions.judge(answer.text, dossier)
            if verdict.labels or last:
                break
            request = questions.ask_again(request, verdict.mistakes)
    except ProviderError as error:
        return Answered(None, error.error_class.value, _added(used, error.usage))
    return Answered(verdict.labels, "" if verdict.labels else "INVALID", used)


def evaluate_enrichment(settings: Settings, recorded: Path | None = None) -> Report:
    """The figures of the offline classifier, or of recorded answers. Asks nobody, and needs no store."""
    return report_on(_trial(settings, recorded), Prices.load(settings.prices))


def gate_enrichment(settings: Settings, recorded: Path | None, against: Path) -> Report:
    """What would change if this took the place of the answers recorded in `against`. Raises GateRefused."""
    return asdict(compare_trials(_trial(settings, recorded), try_recorded(Recording.read(against))))


def _trial(settings: Settings, recorded: Path | None) -> Trial:
    if recorded is not None:
        return try_recorded(Recording.read(recorded))
    return try_offline(load_embedder(settings.embeddings.provider, settings.embeddings.model_dir))


def report_on(trial: Trial, prices: Prices) -> Report:
    """All figures of a trial; dollars by the given prices, None for a model that they do not know."""
    price = prices.by_model.get(trial.price_model)
    tokens = tokens_per_creator(trial.answers)
    return {
        "answers": trial.source,
        "model": trial.model,
        "prompt_version": trial.prompt_version,
        **score_labels(load_golden(), trial.answers),
        "tokens_per_creator": tokens,
        "usd_per_1000_creators": None if price is None or not tokens else _usd_per_1000(trial.answers, price),
        "injection": score_injection(load_hostile(), trial.answers),
    }


def compare_trials(new: Trial, old: Trial) -> Comparison:
    """The change of macro-F1 from `old` to `new`. Raises GateRefused when the new one may not take its place."""
    comparison = compare(load_golden(), new.answers, old.answers)
    findings = gate(comparison, tokens_per_creator(new.answers), tokens_per_creator(old.answers))
    if findings:
        raise GateRefused(f"the change is refused: {'; '.join(findings)}", findings=findings)
    return comparison


def all_trials() -> Sequence[Subject]:
    trials = [side for case in load_hostile() for side in (case.hostile, case.twin)]
    return [*(creator.subject for creator in load_golden()), *trials]


def _added(one: LLMUsage, other: LLMUsage | None) -> LLMUsage:
    if other is None:
        return one
    names = LLMUsage.__dataclass_fields__
    return LLMUsage(**{name: getattr(one, name) + getattr(other, name) for name in names})


def _usd_per_1000(answers: Answers, price: Price) -> float:
    used = [answer.usage for answer in answers.values() if answer.usage]
    return round(sum(map(price.cost_nano_usd, used)) / max(1, len(used)) / 1e6, 4)
