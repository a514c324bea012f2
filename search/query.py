"""A question in checked form: what was typed, what it stands for, and the filters that hold."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from base.errors import ConfigError
from base.platforms import PLATFORM_ALIASES

#: linear: α·keyword + β·semantic + γ·quality · rrf: reciprocal rank fusion, which needs no constants
Fusion = Literal["linear", "rrf"]


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _platforms(value: Any) -> tuple[str, ...]:
    return tuple(PLATFORM_ALIASES.get(name.lower(), name.lower()) for name in _several(value))


def _upper(value: Any) -> tuple[str, ...]:
    return tuple(code.upper() for code in _several(value))


def _lower(value: Any) -> tuple[str, ...]:
    return tuple(code.lower() for code in _several(value))


AnyOf = Annotated[tuple[str, ...], BeforeValidator(_several)]


class Filters(BaseModel):
    """What a creator must satisfy, all of it; within one filter any of the values will do. None and () ask nothing.

    A creator whose value is unknown satisfies no filter on it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: Annotated[tuple[str, ...], BeforeValidator(_platforms)] = ()
    #: followers in all, or on one of the platforms when `platform` is given
    min_followers: int | None = Field(default=None, ge=0)
    max_followers: int | None = Field(default=None, ge=0)
    follower_band: AnyOf = ()
    #: primary or secondary; a primary id also stands for the niches below it
    niche: AnyOf = ()
    primary_niche: AnyOf = ()
    style: AnyOf = ()
    account_kind: AnyOf = ()
    #: ISO 639-1
    language: Annotated[tuple[str, ...], BeforeValidator(_lower)] = ()
    #: ISO 3166-1 alpha-2
    country: Annotated[tuple[str, ...], BeforeValidator(_upper)] = ()
    activity: AnyOf = ()
    #: rising, steady, falling: of the followers, where a series of them is known
    momentum: AnyOf = ()

    def in_words(self) -> tuple[str, ...]:
        """One entry per filter in force.

        >>> Filters(platform=("yt", "ig"), max_followers=500_000).in_words()
        ('platform youtube or instagram', 'max followers 500,000')
        """
        given = self.model_dump(exclude_defaults=True)
        return tuple(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in given.items())


def build_filters(**values: Any) -> Filters:
    """Checked filters. Raises ConfigError naming every unknown filter or impossible value."""
    try:
        return Filters(**{name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in error.errors()]
        known = ", ".join(Filters.model_fields)
        raise ConfigError(f"filters: {'; '.join(mistakes)}", hint=f"filters are {known}") from None


@dataclass(frozen=True, slots=True)
class Query:
    #: the question as it was typed
    asked: str
    #: what is left for words and meaning once filters were taken out
    text: str
    #: folded words of `text`, without stop words, each once
    terms: tuple[str, ...]
    #: folded words that must stand side by side in one line of the creator's text
    phrases: tuple[tuple[str, ...], ...]
    #: folded words that must not appear
    excluded: tuple[str, ...]
    filters: Filters
    #: how each part of the phrase was understood, for the person who typed it
    understood: tuple[str, ...]
    #: the creator to be alike, as it was typed after `like:`: a handle, an account key or a creator id
    like: str | None = None
    #: growth counts as well
    emerging: bool = False


def _shown(value: int | tuple[str, ...]) -> str:
    return f"{value:,}" if isinstance(value, int) else " or ".join(value)
