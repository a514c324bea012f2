"""Whether the paid providers that are selected may be paid at all: asked before a night begins, not in its middle."""

from base.errors import ConfigError
from jobs.prices import price_of
from jobs.settings import Settings


def require_payable(settings: Settings) -> None:
    """Raises ConfigError when a paid provider is selected without a finite cap, a price or a key."""
    for name, knobs in (("llm", settings.llm), ("embeddings", settings.embeddings)):
        if knobs.is_paid:
            # Imported here: the vendor's library takes a second to load, and most nights do not need it.
            from jobs.endpoints import endpoint_of

            require_cap(settings, f"{name}.provider {knobs.provider}")
            price_of(settings, knobs.model)
            endpoint_of(knobs)


def require_cap(settings: Settings, provider: str) -> None:
    """Raises ConfigError unless what is spent has an end."""
    if not settings.budget.is_finite:
        raise ConfigError(
            f"{provider} is paid for, and no budget is set",
            hint="set budget.max_usd or budget.max_usd_per_night, or give --max-usd",
        )
