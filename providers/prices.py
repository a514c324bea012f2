"""What a call costs, to the billionth of a dollar: a dated table (`prices.yaml`), and exact whole-number sums.

Money is counted in nano-dollars: a price of 0.02 USD per million tokens is 20 of them per token, so sums never round.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from base.errors import ConfigError
from base.usage import LLMUsage
from base.yaml_files import read_yaml

TABLE = Path(__file__).with_name("prices.yaml")
NANO_PER_USD = 10**9
#: USD per million tokens → nano-dollars per token
_NANO = Decimal(1000)


class Price(BaseModel):
    """What one model asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: USD per million tokens read
    input: Decimal = Field(ge=0)
    #: USD per million tokens read from the vendor's cache; as any other input unless set
    cached: Decimal | None = Field(default=None, ge=0)
    #: USD per million tokens written to the vendor's cache; as any other input unless set
    cache_write: Decimal | None = Field(default=None, ge=0)
    #: USD per million tokens written, thoughts included
    output: Decimal = Field(default=Decimal(0), ge=0)
    #: factor on all of them within a batch
    batch: Decimal = Field(default=Decimal(1), gt=0, le=1)
    #: when this was the price
    as_of: date | None = None
    #: where it was read
    source: str = "the settings"

    @property
    def dearest_input(self) -> Decimal:
        """What an input token costs at most: nobody can tell before whether it will be cached, or written there."""
        return max(self.input, self.cached or self.input, self.cache_write or self.input)

    def cost_nano_usd(self, usage: LLMUsage, *, batch: bool = False) -> int:
        """What these tokens cost, rounded up to the next nano-dollar."""
        plain = max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens)
        # No vendor says that both discounts apply, so in a batch only its own is counted on.
        cached = self.input if self.cached is None or batch else self.cached
        written = self.input if self.cache_write is None else self.cache_write
        usd_per_million = (
            plain * self.input
            + usage.cached_tokens * cached
            + usage.cache_write_tokens * written
            + usage.output_tokens * self.output
        )
        return _whole(usd_per_million * _NANO * (self.batch if batch else 1))

    def worst_nano_usd(self, input_tokens: int, output_tokens: int, *, batch: bool = False) -> int:
        """What a call with so many tokens costs at most, whatever the vendor's cache does."""
        usd_per_million = input_tokens * self.dearest_input + output_tokens * self.output
        return _whole(usd_per_million * _NANO * (self.batch if batch else 1))


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by the model's name."""

    by_model: Mapping[str, Price]

    @classmethod
    def load(cls, given: Mapping[str, Price] | None = None) -> Self:
        """The table, and over it what the settings say."""
        return cls({**_table(), **(given or {})})

    def of(self, model: str) -> Price:
        """The price of a model. Raises ConfigError when nobody has told it: what costs an unknown sum is not called."""
        if model in self.by_model:
            return self.by_model[model]
        known = ", ".join(sorted(self.by_model))
        raise ConfigError(f"no price is known for {model!r}", hint=f'give [prices."{model}"], or use one of {known}')


@cache
def _table() -> Mapping[str, Price]:
    rows = read_yaml(TABLE)
    return {row.pop("model"): Price.model_validate(row) for row in rows}


def _whole(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_CEILING))
