"""The language model that the settings select, with its price; nothing is asked yet."""

from base.errors import ConfigError
from jobs.batches.desk import BatchPrice
from jobs.endpoints import endpoint_of
from jobs.prices import price_of
from jobs.settings import Settings
from providers.llm import LLM
from providers.llm_batches import BatchApi
from providers.prices import Price

TRANSFER_SECONDS = 600  # a file of 190 MB has to go through
#: of a model on this machine
FREE = Price.model_validate({"input": 0})


def paid_llm(settings: Settings) -> tuple[LLM, Price]:
    """Raises ConfigError without a finite budget, a price or a key."""
    _check_budget(settings)
    knobs = settings.llm
    # Imported here: the vendor's library takes a second to load, and most nights do not need it.
    from providers.openai_llm import OpenAILLM

    price = price_of(settings, knobs.model)
    endpoint = endpoint_of(knobs, connections=knobs.concurrency, timeout_seconds=knobs.timeout_seconds)
    return OpenAILLM(endpoint, knobs.model, knobs.effort), price


def paid_batches(settings: Settings) -> tuple[BatchApi, BatchPrice]:
    """The same model by its vendor's batch service. Raises ConfigError like `paid_llm`."""
    _check_budget(settings)
    from providers.openai_batches import OpenAIBatches

    knobs = settings.llm
    endpoint = endpoint_of(knobs, timeout_seconds=TRANSFER_SECONDS)
    return OpenAIBatches(endpoint, knobs.model, knobs.effort), BatchPrice(price_of(settings, knobs.model))


def _check_budget(settings: Settings) -> None:
    if not settings.budget.is_finite:
        raise ConfigError(
            f"llm.provider {settings.llm.provider} is paid for, and no budget is set",
            hint="set budget.max_usd or budget.max_usd_per_night, or give --max-usd",
        )
