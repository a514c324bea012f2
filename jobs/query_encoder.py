"""What encodes the questions of searches where a vendor made the vectors: a few tokens each, under a cap of their own.

Readers never write to the store, so a question is in no ledger; the process that asks keeps to the caps by itself.
"""

from base.errors import ProviderError
from base.usage import LLMUsage
from enrich.ledger import NANO, Budget, BudgetSettings
from jobs.prices import price_of
from jobs.settings import Settings
from providers.embedder import Embedder
from providers.prices import Price


def query_encoder(settings: Settings) -> Embedder | None:
    """None where this machine can encode them itself. Raises ConfigError without a budget, a price or a key."""
    if not settings.embeddings.is_paid:
        return None
    from jobs.paid_embeddings import metered  # the vendor's library takes a second to load

    return metered(settings, PurseMeter(settings.budget, price_of(settings, settings.embeddings.model)))


class PurseMeter:
    """See `providers.openai_embedder.Meter`: what this process may spend, remembered by it alone."""

    def __init__(self, budget: BudgetSettings, price: Price) -> None:
        caps = [cap for cap in (budget.max_usd, budget.max_usd_per_night) if cap is not None]
        self._budget, self._price = Budget(round(min(caps, default=0) * NANO)), price
        self._reserved: list[int] = []

    def open(self, texts: int, most_tokens: int, request_hash: str) -> str:
        """Raises BudgetExhausted."""
        reserved = self._price.worst_nano_usd(most_tokens, 0)
        self._budget.take(reserved)
        self._reserved.append(reserved)
        return str(len(self._reserved) - 1)

    def close(self, call_id: str, ended: LLMUsage | ProviderError) -> None:
        reserved = self._reserved[int(call_id)]
        unused = reserved - self._cost(ended, reserved)
        self._budget.give_back(run_nano_usd=unused, night_nano_usd=unused)

    def _cost(self, ended: LLMUsage | ProviderError, reserved: int) -> int:
        usage = ended.usage if isinstance(ended, ProviderError) else ended
        if usage is not None:
            return self._price.cost_nano_usd(usage)
        return reserved if isinstance(ended, ProviderError) and ended.is_outcome_unknown else 0
