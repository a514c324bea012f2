"""The words of the corpus, read once from the YAML files beside this module. Knows no randomness."""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Niche:
    """What people of one primary niche say."""

    id: str
    roles: list[str]
    #: short words for handles and hashtags
    words: list[str]
    #: language → what the niche is called there
    abroad: dict[str, str]
    #: secondary niche → noun phrases
    subjects: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Culture:
    """Where names come from, and the language their owners write."""

    name: str
    language: str
    country: str
    #: (native spelling, Latin spelling); the same twice where the script is Latin
    given: list[tuple[str, str]]
    family: list[tuple[str, str]]
    family_first: bool = False
    #: what stands between the two names in the native spelling
    joint: str = " "

    @property
    def is_native_script(self) -> bool:
        return self.given[0][0] != self.given[0][1]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every word list, with the cumulative shares that weigh the cultures."""

    niches: dict[str, Niche]
    cultures: list[Culture]
    culture_shares: list[int]
    #: flat lists: stage_first, surname_heads, cities, …
    names: dict[str, Any]
    #: bio, title, link_cues, …
    phrases: dict[str, Any]


@cache
def read_vocabulary() -> Vocabulary:
    """The words, parsed once per process."""
    niches, names, phrases = _read("niches"), _read("names"), _read("phrases")
    cultures = [*map(_latin, names["latin"]), *map(_native, names["native"])]
    shares = [entry["share"] for entry in [*names["latin"], *names["native"]]]
    return Vocabulary(
        niches={key: Niche(id=key, **value) for key, value in niches.items()},
        cultures=cultures,
        culture_shares=list(accumulate(shares)),
        names=names,
        phrases=phrases,
    )


def _read(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))
    return parsed


def _latin(entry: dict[str, Any]) -> Culture:
    return Culture(
        name=entry["culture"],
        language=entry["language"],
        country=entry["country"],
        given=[(name, name) for name in entry["given"]],
        family=[(name, name) for name in entry["family"]],
    )


def _native(entry: dict[str, Any]) -> Culture:
    return Culture(
        name=entry["culture"],
        language=entry["language"],
        country=entry["country"],
        given=[(native, latin) for native, latin in entry["given"]],
        family=[(native, latin) for native, latin in entry["family"]],
        family_first=entry["family_first"],
        joint=entry["joint"],
    )
