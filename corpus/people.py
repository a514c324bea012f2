"""Who owns accounts: an invented person, brand or duo with a name, a subject and perhaps a site and a mail address."""

import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from base.text import fold
from corpus.vocabulary import Culture, Niche, Spelling, Vocabulary

STAGE_NAME_SHARE = 0.34
COINED_NAME_SHARE = 0.7
SECOND_NAME_SHARE = 0.65
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
    #: what they call themselves; the whole name where it is a stage name
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


@lru_cache(maxsize=1 << 16)
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
    if name is not None:
        given, (native, latin) = name.split()[0], (name, name)
    elif is_brand or (culture is None and rng.random() < STAGE_NAME_SHARE):
        invented = _invent_brand_name(rng, vocabulary) if is_brand else _invent_stage_name(rng, vocabulary, subject)
        given, (native, latin) = invented, (invented, invented)
    else:
        given, (native, latin) = _invent_name(rng, home)
    core = _invent_core(rng, latin, subject)
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


def _invent_name(rng: Random, culture: Culture) -> tuple[str, Spelling]:
    """(given name in Latin letters, full name)"""
    given = _put_together(rng, culture.given, culture.given_heads, culture.given_tails)
    family = _put_together(rng, culture.family, culture.heads, culture.tails)
    native, latin = [given[0], family[0]], [given[1], family[1]]
    if culture.second and rng.random() < SECOND_NAME_SHARE:
        pool = culture.given if culture.second == "given" else culture.family
        extra = rng.choice([name for name in pool if name not in (given, family)])
        place = 1 if culture.second == "given" else 2
        native.insert(place, extra[0])
        latin.insert(place, extra[1])
    if culture.family_first:
        native.reverse()
    return given[1], (culture.joint.join(native), " ".join(latin))


def _put_together(rng: Random, whole: list[Spelling], heads: list[Spelling], tails: list[Spelling]) -> Spelling:
    if not heads or rng.random() > COINED_NAME_SHARE:
        return rng.choice(whole)
    (head_native, head), (tail_native, tail) = rng.choice(heads), rng.choice(tails)
    return head_native + tail_native, head + tail


def _invent_stage_name(rng: Random, vocabulary: Vocabulary, niche: Niche) -> str:
    names = vocabulary.names
    first, second, other = (
        rng.choice(names["stage_first"]),
        rng.choice(names["stage_second"]),
        rng.choice(names["stage_second"]),
    )
    place = rng.choice(names["surnames"]["heads"]) + rng.choice(names["surnames"]["tails"])
    word = rng.choice(niche.words).title()
    shapes = (
        f"{first} {second}", f"{second} and {other}", f"{place} {word}", f"{second} {word}",
        f"{first} {second} {rng.choice(names['show_words'])}", f"{place} {second}",
    )  # fmt: skip
    return rng.choice(shapes)


def _invent_brand_name(rng: Random, vocabulary: Vocabulary) -> str:
    names = vocabulary.names
    return " ".join(rng.choice(names[words]) for words in ("stage_first", "stage_second", "brand_tails"))


def _invent_core(rng: Random, name: str, niche: Niche) -> str:
    words = [slug(word) for word in name.split() if word != "and"]
    first, rest = words[0], "".join(words[1:3]) or rng.choice(niche.words)
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
