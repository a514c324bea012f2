"""The language model that the settings select, with its price; nothing is asked yet."""

from base.errors import ConfigError
from jobs.endpoints import endpoint_of
from jobs.prices import price_of
from jobs.settings import Settings
from providers.llm import LLM
from providers.prices import Price

#: of a model on this machine
FREE = Price.model_validate({"input": 0})


def paid_llm(settings: Settings) -> tuple[LLM, Price]:
    """Raises ConfigError without a finite budget, a price or a key."""
    knobs = settings.llm
    if not settings.budget.is_finite:
        raise ConfigError(
            f"llm.provider {knobs.provider} is paid for, and no budget is set",
            hint="set budget.max_usd or budget.max_usd_per_night, or give --max-usd",
        )
    # Imported here: the vendor's library takes a second to load, and most nights do not need it.
    from providers.openai_llm import OpenAILLM

    price = price_of(settings, knobs.model)
    endpoint = endpoint_of(knobs, connections=knobs.concurrency, timeout_seconds=knobs.timeout_seconds)
    return OpenAILLM(endpoint, knobs.model, knobs.effort), price
