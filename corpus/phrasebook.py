"""Sentences from templates: a subject and the dice come in, a bio, a title or a description comes out."""

from dataclasses import dataclass
from random import Random
from typing import Any

from corpus.dice import draw, pick
from corpus.vocabulary import Niche


@dataclass(frozen=True, slots=True)
class SubjectTalk:
    """What somebody has to talk about."""

    niche: Niche
    #: secondary niches, most first
    subjects: tuple[str, ...]
    role: str
    city: str

    def phrases(self, rng: Random, count: int) -> list[str]:
        """Different noun phrases: mostly of the first subject, about one in five of the second."""
        chosen = draw(rng, self.niche.subjects[self.subjects[0]], count)
        if rng.random() < 0.6:
            chosen[int(rng.random() * count)] = pick(rng, self.niche.subjects[self.subjects[-1]])
        return chosen


def write_bio(rng: Random, phrases: dict[str, Any], talk: SubjectTalk, name: str, fact: str, language: str) -> str:
    """One sentence of self-description."""
    template = pick(rng, phrases["bio"].get(language, phrases["bio"]["en"]))
    return _fill(rng, template, talk, phrases, language, name=name, fact=fact)


def write_title(rng: Random, phrases: dict[str, Any], talk: SubjectTalk, language: str) -> str:
    """A title or caption of roughly eight to twenty words."""
    templates = phrases["title"]
    template = pick(rng, templates[language] if language in templates and rng.random() < 0.7 else templates["en"])
    return _fill(rng, template, talk, phrases, language)


def write_description(rng: Random, phrases: dict[str, Any], talk: SubjectTalk) -> str:
    """The sentence under a video."""
    return _fill(rng, pick(rng, phrases["description"]), talk, phrases, "en")


def write_hashtags(rng: Random, phrases: dict[str, Any], talk: SubjectTalk) -> str:
    template: str = pick(rng, phrases["hashtags"])
    return template.format(t=pick(rng, talk.niche.words), u=talk.subjects[0].partition(".")[2].replace("_", ""))


def _fill(
    rng: Random,
    template: str,
    talk: SubjectTalk,
    phrases: dict[str, Any],
    language: str,
    name: str = "",
    fact: str = "",
) -> str:
    a, b, c = talk.phrases(rng, 3)
    return template.format(
        a=a, b=b, c=c, A=_capital(a), role=talk.role, Role=_capital(talk.role), city=talk.city, City=talk.city,
        n=3 + int(rng.random() * 87), day=pick(rng, phrases["days"]), name=name, fact=fact, Fact=_capital(fact),
        word=talk.niche.abroad.get(language, talk.niche.id),
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
