"""The words of the corpus, read once from the YAML files beside this module. Knows no randomness."""

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from base.yaml_files import read_yaml


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


#: (native spelling, Latin spelling); the same twice where the script is Latin
Spelling = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Culture:
    """Where names come from, and the language their owners write."""

    name: str
    language: str
    country: str
    given: list[Spelling]
    family: list[Spelling]
    #: parts of further names; empty where names are not put together
    heads: list[Spelling]
    tails: list[Spelling]
    given_heads: list[Spelling]
    given_tails: list[Spelling]
    #: what people add to be told apart: "family", "given" or ""
    second: str
    family_first: bool
    #: what stands between the names in the native spelling
    joint: str

    @property
    def is_native_script(self) -> bool:
        return self.given[0][0] != self.given[0][1]


@dataclass(frozen=True)
class Vocabulary:
    """Every word list, with the cumulative shares that weigh the cultures."""

    niches: dict[str, Niche]
    cultures: list[Culture]
    culture_shares: list[int]
    #: flat lists: stage_first, show_words, cities, …
    names: dict[str, Any]
    #: bio, title, link_cues, …
    phrases: dict[str, Any]

    @cached_property
    def every_niche(self) -> list[Niche]:
        return list(self.niches.values())


@cache
def read_vocabulary() -> Vocabulary:
    """The words, parsed once per process."""
    niches, names, phrases = _read("niches"), _read("names"), _read("phrases")
    entries = [*names["latin"], *names["native"]]
    return Vocabulary(
        niches={key: Niche(id=key, **value) for key, value in niches.items()},
        cultures=[_culture(entry) for entry in entries],
        culture_shares=list(accumulate(entry["share"] for entry in entries)),
        names=names,
        phrases=phrases,
    )


def _read(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = read_yaml(Path(__file__).with_name(f"{name}.yaml"))
    return parsed


def _culture(entry: dict[str, Any]) -> Culture:
    lists = ("given", "family", "heads", "tails", "given_heads", "given_tails")
    return Culture(
        name=entry["culture"],
        language=entry["language"],
        country=entry["country"],
        second=entry.get("second", ""),
        family_first=entry.get("family_first", False),
        joint=entry.get("joint", " "),
        **{name: [_spelling(part) for part in entry.get(name, [])] for name in lists},
    )


def _spelling(part: str | list[str]) -> Spelling:
    if isinstance(part, str):
        return part, part
    native, latin = part
    return native, latin
