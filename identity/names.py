"""Display names in comparable forms: folded words, the same words in order, and written in Latin letters."""

import re

import pyarrow.compute as pc
from anyascii import anyascii

from identity.columns import Texts, by_difficulty, is_not_ascii, matches, nothing_as_null
from identity.handles import plain_letters

_DECORATION = re.compile(r"[^\w\s]+|_+")
_NOT_A_NAME = frozenset(
    {"official", "oficial", "officiel", "officielle", "offiziell", "ufficiale", "vevo", "topic", "tm"}
)
_NOT_A_NAME_HINT = "|".join(sorted(_NOT_A_NAME))
_NOT_LATIN = re.compile(r"[^a-z0-9 ]+")


def folded_name(name: str) -> str | None:
    """Folded words of a display name, without emoji, decoration and words such as "official".

    >>> folded_name("✨ Mira O'Neil (Official) ✨")
    'mira oneil'
    """
    words = _DECORATION.sub(" ", plain_letters(name.replace("'", "").replace("’", ""))).split()
    kept = [word for word in words if word not in _NOT_A_NAME]
    return " ".join(kept or words) or None


def folded_names(column: Texts) -> Texts:
    """`folded_name` of a column."""
    is_hard = pc.or_(is_not_ascii(column), matches(pc.ascii_lower(column), _NOT_A_NAME_HINT))
    return nothing_as_null(by_difficulty(column, is_hard, _words_only, folded_name))


def _words_only(column: Texts) -> Texts:
    words = pc.replace_substring_regex(pc.ascii_lower(pc.replace_substring(column, "'", "")), "[^a-z0-9]+", " ")
    return pc.ascii_trim(words, " ")


def name_key(name: str | None) -> str | None:
    """The words of a folded name in order, so that "Ito Mira" equals "Mira Ito"."""
    return " ".join(sorted(name.split())) if name else None


def name_latin(key: str | None) -> str | None:
    """A name key in Latin letters, its words in order again; Latin names are left as they are.

    Letters are replaced one by one, so it is bad at what letters do not show: Chinese characters are read as Chinese in
    Japanese and Korean names too, Arabic and Hebrew have no short vowels, Thai and Hindi lack inherent ones. None when
    nothing has a Latin form.

    >>> name_latin("анна щукина"), name_latin("佐藤 さくら"), name_latin("حسن محمد")
    ('anna shchukina', 'sakura zuoteng', 'hsn mhmd')
    """
    if not key or key.isascii():
        return key
    return " ".join(sorted(_NOT_LATIN.sub("", anyascii(key).lower()).split())) or None
