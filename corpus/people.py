"""Who owns accounts: an invented person, brand or duo with a name, a subject and perhaps a site and a mail address."""

import re
from dataclasses import dataclass
from random import Random

from base.text import fold
from corpus.vocabulary import Culture, Niche, Vocabulary

STAGE_NAME_SHARE = 0.34
COINED_SURNAME_SHARE = 0.4
SITE_SHARE = 0.34
MAIL_SHARE = 0.42

FREE_MAIL = ["gmail.com"] * 9 + ["outlook.com", "icloud.com", "proton.me", "yahoo.com", "gmx.net"]
LINK_PAGES = ["linktr.ee"] * 6 + ["beacons.ai", "bio.link", "campsite.bio", "lnk.bio", "taplink.cc"]
SITE_ENDINGS = [".com"] * 6 + [".net", ".org", ".co", ".studio", ".me", ".eu"]

_NOT_LETTERS = re.compile(r"[^a-z0-9]")
_UNDECOMPOSED = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "’": ""})


@dataclass(frozen=True, slots=True)
class Person:
    """An owner of accounts. A brand or a duo is one owner too."""

    person_id: str
    #: as written in Latin letters
    name: str
    given: str
    #: as written at home; equals `name` where the script is Latin or the name is a stage name
    native_name: str
    #: the handle this owner would like everywhere, letters and digits with at most one "." or "_"
    core: str
    niche: Niche
    #: the secondary niches this owner talks about, most first
    subjects: tuple[str, ...]
    role: str
    city: str
    country: str
    language: str
    fact: str
    #: host of an own domain or host/path of a link-in-bio page
    site: str | None
    mail: str | None
    #: natural logarithm of how well known this owner is, 0 = median
    fame: float


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits of a name.

    >>> slug("Élodie Łuk")
    'elodieluk'
    """
    return _NOT_LETTERS.sub("", fold(text).translate(_UNDECOMPOSED))


def invent_person(
    rng: Random,
    vocabulary: Vocabulary,
    person_id: str,
    *,
    niche: str | None = None,
    culture: str | None = None,
    name: str | None = None,
    is_brand: bool = False,
) -> Person:
    """One new owner. `name` fixes the name (Latin), the rest follows the dice."""
    home = _pick_culture(rng, vocabulary, culture)
    subject = vocabulary.niches[niche or rng.choice(list(vocabulary.niches))]
    given, latin, native = _invent_name(rng, vocabulary, home, is_brand, culture is not None)
    if name is not None:
        given, latin, native = name.split()[0], name, name
    core = _invent_core(rng, given, latin, subject)
    return Person(
        person_id=person_id,
        name=latin,
        given=given,
        native_name=native,
        core=core,
        niche=subject,
        subjects=tuple(rng.sample(list(subject.subjects), k=2)),
        role=rng.choice(subject.roles),
        city=rng.choice(vocabulary.names["cities"]),
        country=home.country,
        language=home.language if rng.random() < 0.7 else "en",
        fact=rng.choice(vocabulary.phrases["facts"]),
        site=_invent_site(rng, core) if rng.random() < SITE_SHARE else None,
        mail=_invent_mail(rng, core) if rng.random() < MAIL_SHARE else None,
        fame=rng.gauss(0.0, 1.4),
    )


def _pick_culture(rng: Random, vocabulary: Vocabulary, name: str | None) -> Culture:
    if name is None:
        return rng.choices(vocabulary.cultures, cum_weights=vocabulary.culture_shares)[0]
    return next(culture for culture in vocabulary.cultures if culture.name == name)


def _invent_name(
    rng: Random, vocabulary: Vocabulary, culture: Culture, is_brand: bool, keeps_culture: bool
) -> tuple[str, str, str]:
    """(given, Latin full name, native full name); stage names and brands have one form only."""
    names = vocabulary.names
    if is_brand or (not keeps_culture and rng.random() < STAGE_NAME_SHARE):
        words = [rng.choice(names["stage_first"]), rng.choice(names["stage_second"])]
        if is_brand:
            words.append(rng.choice(names["brand_tails"]))
        stage = " ".join(words)
        return words[0], stage, stage
    (given_native, given), (family_native, family) = rng.choice(culture.given), rng.choice(culture.family)
    if culture.name in {"british", "american"} and rng.random() < COINED_SURNAME_SHARE:
        family = family_native = rng.choice(names["surname_heads"]) + rng.choice(names["surname_tails"])
    pair = (family_native, given_native) if culture.family_first else (given_native, family_native)
    return given, f"{given} {family}", culture.joint.join(pair)


def _invent_core(rng: Random, given: str, name: str, niche: Niche) -> str:
    first, rest = slug(given), slug(name[len(given) :]) or rng.choice(niche.words)
    shapes = (
        first + rest, first + rest, first + rest, f"{first}.{rest}", f"{first}_{rest}", first[0] + rest,
        rest + first, first + rng.choice(niche.words), f"{first}_{rng.choice(niche.words)}",
        rest + rng.choice(niche.words),
    )  # fmt: skip
    return rng.choice(shapes)


def _invent_site(rng: Random, core: str) -> str:
    flat = slug(core)
    return flat + rng.choice(SITE_ENDINGS) if rng.random() < 0.42 else f"{rng.choice(LINK_PAGES)}/{flat}"


def _invent_mail(rng: Random, core: str) -> str:
    box = rng.choice(
        (slug(core), slug(core), f"write.{slug(core)}", f"{slug(core)}.work", f"{slug(core)}{rng.randrange(10, 99)}")
    )
    return f"{box}@{rng.choice(FREE_MAIL)}"
