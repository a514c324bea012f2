"""What calls cost: exact, dated, and refused where unknown."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import ConfigError
from base.usage import LLMUsage
from providers.prices import NANO_PER_USD, Price, Prices

PRICES = Prices.load()
COUNTS = st.integers(0, 10**7)


def test_a_million_creators_cost_what_the_design_reckoned():
    """1,100 static and 350 variable tokens in, 90 out: 398 dollars uncached, 199 in a batch."""
    usage = LLMUsage(1450 * 10**6, output_tokens=90 * 10**6)
    luna = PRICES.of("gpt-5.6-luna")
    assert luna.cost_nano_usd(usage) == 398 * NANO_PER_USD
    assert luna.cost_nano_usd(usage, batch=True) == 199 * NANO_PER_USD
    cached = LLMUsage(1450 * 10**6, cached_tokens=1100 * 10**6, output_tokens=90 * 10**6)
    assert luna.cost_nano_usd(cached) == 200 * NANO_PER_USD
    assert luna.cost_nano_usd(cached, batch=True) == 199 * NANO_PER_USD


@pytest.mark.parametrize("model", sorted(PRICES.by_model))
def test_every_price_says_when_and_where_it_was_read(model):
    price = PRICES.of(model)
    assert price.as_of is not None
    assert price.source != "the settings"


@pytest.mark.parametrize("model", sorted(PRICES.by_model))
def test_a_token_of_every_kind_costs_a_whole_number_of_nano_dollars(model):
    """So that the sum of the parts is the cost of the whole."""
    price = PRICES.of(model)
    online = (price.input, price.cached, price.cache_write, price.output)
    in_a_batch = (price.input * price.batch, price.output * price.batch)
    assert all(amount is None or amount * 1000 % 1 == 0 for amount in online + in_a_batch)


@given(plain=COUNTS, cached=COUNTS, written=COUNTS, output=COUNTS, batch=st.booleans())
def test_no_call_costs_more_than_was_said_before(plain, cached, written, output, batch):
    tokens = plain + cached + written
    usage = LLMUsage(tokens, cached, written, output)
    for model in PRICES.by_model:
        price = PRICES.of(model)
        assert price.cost_nano_usd(usage, batch=batch) <= price.worst_nano_usd(tokens, output, batch=batch)


def test_an_unknown_model_is_refused_unless_its_price_is_given():
    with pytest.raises(ConfigError, match="no price is known for 'gpt-9'"):
        PRICES.of("gpt-9")
    mine = Price(input=Decimal(3), output=Decimal(15))
    assert Prices.load({"gpt-9": mine}).of("gpt-9") is mine


def test_a_given_price_wins_over_the_table():
    cheaper = Price(input=Decimal("0.01"))
    assert Prices.load({"gpt-4o-mini": cheaper}).of("gpt-4o-mini") is cheaper


def test_a_fraction_of_a_nano_dollar_is_rounded_up():
    assert Price(input=Decimal("0.0001")).cost_nano_usd(LLMUsage(1)) == 1
