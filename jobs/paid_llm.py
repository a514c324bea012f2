"""The language model that the settings select, with its price; nothing is asked yet."""

from dataclasses import replace

from jobs.endpoints import endpoint_of
from jobs.payable import require_cap
from jobs.prices import price_of
from jobs.settings import Settings
from providers.llm import LLM
from providers.llm_batches import BatchApi
from providers.openai_batches import OpenAIBatches
from providers.openai_client import Endpoint
from providers.openai_completions import Completions
from providers.openai_llm import OpenAILLM
from providers.prices import Price

TRANSFER_SECONDS = 600.0  # a file of 190 MB has to go through


def paid_llm(settings: Settings) -> tuple[LLM, Price]:
    """Raises ConfigError without a finite budget, a price or a key."""
    endpoint, price = _bought(settings)
    model, effort = settings.llm.model, settings.llm.effort
    if settings.llm.provider == "openai":
        return OpenAILLM(endpoint, model, effort, has_cache_breakpoint=_pays_to_cache(price)), price
    return _compatible(settings, endpoint), price


def _compatible(settings: Settings, endpoint: Endpoint) -> LLM:
    # Imported here: it brings libraries that OpenAI itself does not need.
    from providers.instructor_llm import InstructorLLM

    # "none" is the word of models that may reason; other servers refuse to be told of effort at all.
    effort = None if settings.llm.effort == "none" else settings.llm.effort
    return InstructorLLM(endpoint, settings.llm.model, effort)


def paid_batches(settings: Settings) -> tuple[BatchApi, Price]:
    """The batch service of the same model. Raises like `paid_llm`."""
    endpoint, price = _bought(settings)
    endpoint = replace(endpoint, timeout_seconds=max(TRANSFER_SECONDS, endpoint.timeout_seconds))
    model, effort = settings.llm.model, settings.llm.effort
    return OpenAIBatches(endpoint, model, effort, has_cache_breakpoint=_pays_to_cache(price)), price


def _pays_to_cache(price: Price) -> bool:
    """Whether writing to the vendor's cache costs more than reading: then only the static part shall be written."""
    return price.cache_write is not None


def planned_model(settings: Settings) -> str:
    """The id that the selected model will have; to plan for it, neither a key nor a budget is needed."""
    if settings.llm.provider == "openai":
        return Completions("", settings.llm.model, settings.llm.effort).id
    return _compatible(settings, endpoint_of(settings.llm)).id


def _bought(settings: Settings) -> tuple[Endpoint, Price]:
    knobs = settings.llm
    require_cap(settings, f"llm.provider {knobs.provider}")
    endpoint = endpoint_of(knobs, connections=knobs.concurrency, timeout_seconds=knobs.timeout_seconds)
    return endpoint, price_of(settings, knobs.model)
