"""Vectors that cost money: the embedder behind the ledger and its caps."""

from collections import Counter
from collections.abc import Callable

from base.errors import ProviderError
from base.usage import LLMUsage
from enrich.ledger import CallIntent
from jobs.endpoints import endpoint_of
from jobs.payable import require_cap
from jobs.prices import price_of
from jobs.settings import Settings
from jobs.spend_ledger import SpendLedger
from providers.openai_embedder import Meter, OpenAIEmbedder
from providers.prices import Price


def paid_embedder(settings: Settings, ledger: Callable[[], SpendLedger]) -> OpenAIEmbedder:
    """The embedder that the settings select; nothing is asked yet, and the ledger is opened by the first request.

    Raises ConfigError without a budget, a price or a key.
    """
    model = settings.embeddings.model
    return metered(settings, LedgerMeter(ledger, model, price_of(settings, model)))


def metered(settings: Settings, meter: Meter) -> OpenAIEmbedder:
    """The same, before another meter than the ledger's."""
    knobs = settings.embeddings
    require_cap(settings, f"embeddings.provider {knobs.provider}")
    return OpenAIEmbedder(endpoint_of(knobs), knobs.model, meter, dimensions=knobs.dimensions)


class LedgerMeter:
    """See `providers.openai_embedder.Meter`: every request is in the ledger before it leaves."""

    def __init__(self, ledger: Callable[[], SpendLedger], model: str, price: Price) -> None:
        self._ledger, self._model, self._price = ledger, model, price
        self._attempts: Counter[str] = Counter()

    def open(self, texts: int, most_tokens: int, request_hash: str) -> str:
        """Raises BudgetExhausted."""
        attempt = self._attempts[request_hash] + 1
        intent = CallIntent(
            subject=f"{texts} texts",
            model=self._model,
            request_hash=request_hash,
            attempt=attempt,
            reserved_nano_usd=self._price.worst_nano_usd(most_tokens, 0),
            purpose="embedding",
        )
        call_id = self._ledger().open_call(intent)
        self._attempts[request_hash] = attempt
        return call_id

    def close(self, call_id: str, ended: LLMUsage | ProviderError) -> None:
        self._ledger().close_call(call_id, ended, self._price)
