"""What the selected models cost: the table that comes along, and over it what the settings say."""

from jobs.settings import Settings
from providers.prices import NANO_PER_USD, Price, Prices

#: of the longest text that is embedded (`embeddings.document`), at four bytes a token
TOKENS_PER_TEXT = 125


def price_of(settings: Settings, model: str) -> Price:
    """Raises ConfigError when nobody says what a model asks."""
    return Prices.load(settings.prices).of(model)


def likely_usd(settings: Settings, texts: int) -> float:
    """About what so many texts cost to embed, on the dear side."""
    price = price_of(settings, settings.embeddings.model)
    return price.worst_nano_usd(texts * TOKENS_PER_TEXT, 0) / NANO_PER_USD
