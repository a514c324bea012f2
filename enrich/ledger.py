"""What paid calls are allowed, and what becomes of them: written down before they leave, settled when they return.

Money is a whole number of nano-dollars (billionths of a dollar), so that sums are exact. The store-backed ledger is in
`jobs/spend_ledger.py`.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from base.errors import BudgetExhausted, ProviderError
from base.usage import LLMUsage
from enrich.labeller import Outcome
from providers.llm import LLMRequest

NANO = 1_000_000_000
NO_CAP = 2**62

# A tokenizer that spells bytes makes at most one token of a byte. Our own part is English: two bytes per token is
# already twice what any tokenizer needs. What is reserved too much is free again as soon as the call is settled.
BYTES_PER_STATIC_TOKEN = 2
#: for what a provider puts around the messages
OVERHEAD_TOKENS = 64

Purpose = Literal["enrichment", "embedding"]
CallState = Literal["settled", "failed", "unknown", "released"]


class BudgetSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: most dollars a run may spend on paid providers, embeddings included; a paid provider needs this or the next
    max_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    #: most dollars all runs of one night (the UTC date of `as_of`) may spend together
    max_usd_per_night: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @property
    def is_finite(self) -> bool:
        return self.max_usd is not None or self.max_usd_per_night is not None

    def rooms_nano_usd(self, *, run: int, night: int) -> tuple[int, int]:
        """What is left of the run's cap and of the night's when they have spent so much.

        Less than nothing where a cap was lowered since; without a cap, more than there is.
        """
        caps = ((self.max_usd, run), (self.max_usd_per_night, night))
        of_run, of_night = (NO_CAP if cap is None else round(cap * NANO) - spent for cap, spent in caps)
        return of_run, of_night


class Price(Protocol):
    """What a model's tokens cost."""

    def cost_nano_usd(self, usage: LLMUsage) -> int: ...

    def worst_nano_usd(self, input_tokens: int, output_tokens: int) -> int: ...


class Budget:
    """The room left under the caps of a run and of its night: what is reserved and what is settled never pass one."""

    def __init__(self, run_nano_usd: int, night_nano_usd: int = NO_CAP) -> None:
        self._run, self._night = run_nano_usd, night_nano_usd
        self._lock = Lock()  # calls are settled in the thread that writes them

    @property
    def room_nano_usd(self) -> int:
        """What may still be reserved."""
        return max(0, min(self._run, self._night))

    def take(self, nano_usd: int) -> None:
        """Raises BudgetExhausted, and takes nothing, when it does not fit."""
        with self._lock:
            if nano_usd > self.room_nano_usd:
                raise BudgetExhausted(
                    f"{usd(self.room_nano_usd)} left under the cap, the next call may cost {usd(nano_usd)}",
                    hint="raise budget.max_usd, or give --max-usd; creatordex costs shows what was spent",
                )
            self._run -= nano_usd
            self._night -= nano_usd

    def give_back(self, *, run_nano_usd: int, night_nano_usd: int) -> None:
        """Of what was taken from each of the two, so much was not used; less than nothing where more was."""
        with self._lock:
            self._run += run_nano_usd
            self._night += night_nano_usd


@dataclass(frozen=True, slots=True)
class CallIntent:
    """A paid request that is about to leave."""

    #: what it is about: a creator id
    subject: str
    #: id of the model, with its effort
    model: str
    request_hash: str
    #: from 1, within this run
    attempt: int
    #: the most it can cost
    reserved_nano_usd: int
    purpose: Purpose = "enrichment"
    prompt_version: str | None = None
    #: why the subject is due
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a call ended."""

    call_id: str
    state: CallState
    cost_nano_usd: int
    usage: LLMUsage | None = None
    error_class: str | None = None
    request_id: str | None = None


class Ledger(Protocol):
    """Where calls are written down."""

    async def reserve(self, intent: CallIntent) -> str:
        """The id of the call, which is on disk from here on.

        Raises BudgetExhausted, and writes nothing, when its reservation does not fit under a cap.
        """
        ...

    async def settle(self, settlement: Settlement, outcome: Outcome | None = None) -> None:
        """Writes how a call ended, together with what came of it, in one transaction."""
        ...


def worst_case(request: LLMRequest, price: Price, static_bytes: int) -> int:
    """The most that one attempt at this request can cost, whatever the tokenizer, in nano-dollars.

    static_bytes: of the rules and the schema, which are ours; the rest is other people's text.
    """
    static = -(-static_bytes // BYTES_PER_STATIC_TOKEN)
    return price.worst_nano_usd(static + len(request.user.encode()) + OVERHEAD_TOKENS, request.max_output_tokens)


def settle_answer(
    call_id: str, usage: LLMUsage, price: Price, *, request_id: str | None, error_class: str | None = None
) -> Settlement:
    """An answered call; error_class: why the answer is of no use all the same."""
    return Settlement(call_id, "settled", price.cost_nano_usd(usage), usage, error_class, request_id)


def settle_error(call_id: str, error: ProviderError, price: Price, reserved_nano_usd: int) -> Settlement:
    """A failed call: it costs what the provider says it used; when nobody knows, all that was reserved."""
    told = error.error_class.value, error.request_id
    if error.usage is not None:
        return Settlement(call_id, "failed", price.cost_nano_usd(error.usage), error.usage, *told)
    if error.is_outcome_unknown:
        return Settlement(call_id, "unknown", reserved_nano_usd, None, *told)
    return Settlement(call_id, "failed", 0, None, *told)


def usd(nano_usd: int) -> str:
    """For people.

    >>> usd(1_250_000_000), usd(4_200)
    ('$1.25', '$0.0000042')
    """
    dollars = f"{nano_usd / NANO:.9f}".rstrip("0")
    whole, _, cents = dollars.partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"
