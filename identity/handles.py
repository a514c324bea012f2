"""Handles as platforms read them, and as people disguise them.

Two forms come out. The *normal form* is what a platform treats as equal (case, a leading "@"). The *near form* is what
people recognise as the same name: separators, affixes such as "official", look-alike letters and digits for letters are
gone. Equal near forms make a candidate pair, never a link: a parody has its victim's near form on purpose.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import pyarrow.compute as pc

from base.text import fold
from identity.columns import Texts, by_difficulty, is_not_ascii, matches, nothing_as_null

MIN_CORE_LENGTH = 3  # shorter cores are initials: half a platform shares them
MIN_LETTERS = 4

_GRAMMARS = {
    "x": re.compile(r"[a-z0-9_]{1,15}"),
    "instagram": re.compile(r"(?!.*\.\.)(?!\.)[a-z0-9._]{1,30}(?<!\.)"),
    "threads": re.compile(r"(?!.*\.\.)(?!\.)[a-z0-9._]{1,30}(?<!\.)"),
    "tiktok": re.compile(r"[a-z0-9._]{2,24}(?<!\.)"),
    # 75 languages, but one script per handle: Latin letters, or none of them
    "youtube": re.compile(
        r"(?=.{3,30}$)(?![.·-])(?:[a-z0-9_.·\-ß-ɏ]+|(?:[\d_.·-]|[^\W\x00-ɏ]|[\u0300-\u036f\u0900-\u0eff])+)(?<![.·-])"
    ),
    "twitch": re.compile(r"[a-z0-9_]{2,25}"),
    "github": re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,38}"),
    "facebook": re.compile(r"[a-z0-9.]{3,50}"),
    "snapchat": re.compile(r"[a-z][a-z0-9._-]{2,14}"),
    "bluesky": re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+"),
}
_ANY_PLATFORM = re.compile(r"[\w.·-]{2,50}")

# Letters of other scripts that pass for Latin ones. Only read so in a word that mixes scripts: a word wholly in
# Cyrillic is a word, not a disguise.
_LOOKALIKES = str.maketrans(
    "авгекмнорстухѕіјԁӏһԛԝьпиαβεηικνορτυχωγςσոսցօհ",
    "abrekmhopctyxsijdlhqwbnuabenikvoptuxwysonugoh",
)
# Latin letters that decomposition leaves alone: strokes, dotless i, small capitals of decorated names.
_DECORATED = str.maketrans("ıłøđħŧɡɑɩɴʟʀʏꜱᴀʙᴄᴅᴇꜰɢʜɪᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "ilodhtgainlrysabcdefghijkmoptuvwz")
_LEET = str.maketrans("0134578", "oieastb")
_LEET_WORD = re.compile(r"(?<=[^\W\d_])[0134578]+(?=[^\W\d_])|^[0134578](?=[^\W\d_]{2})")
_WORD = re.compile(r"[^\W_]+")
_SEPARATORS = re.compile(r"[\W_]+")

# Words that say "this is really me" or name the platform; they tell nobody apart.
_AFFIX_WORDS = frozenset(
    [
        "official",
        "officiel",
        "oficial",
        "offiziell",
        "ufficiale",
        "resmi",
        "ofc",
        "real",
        "the",
        "its",
        "im",
        "iam",
        "tv",
        "yt",
        "hq",
        "ig",
        "tt",
        "fb",
        "insta",
        "instagram",
        "youtube",
        "tiktok",
        "twitter",
        "channel",
        "vlog",
        "vlogs",
        "xo",
        "page",
        "not",
        "a",
    ]
)
_GLUED_PREFIXES = (
    "theofficial",
    "thereal",
    "official",
    "officiel",
    "oficial",
    "therealofficial",
    "real",
    "its",
    "iam",
    "the",
)
_GLUED_SUFFIXES = (
    "theofficial",
    "official",
    "officiel",
    "oficial",
    "ofc",
    "channel",
    "vlogs",
    "vlog",
    "tiktok",
    "tv",
    "yt",
    "hq",
)
_MIN_GLUED_REST = 4  # "realtor", "party": what a glued affix leaves must still be a name

# The same in RE2, for columns.
_ASCII_SPACES = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
_LEET_HINT = "[A-Za-z][0134578]+[A-Za-z]|^[^A-Za-z]*[0134578][A-Za-z]"
_AFFIX_WORD = f" (?:{'|'.join(sorted(_AFFIX_WORDS))}) "
_GLUED_PREFIX = f"^(?:{'|'.join(_GLUED_PREFIXES)})(.{{{_MIN_GLUED_REST},}})$"
_GLUED_SUFFIX = f"^(.{{{_MIN_GLUED_REST},}}?)(?:{'|'.join(_GLUED_SUFFIXES)})$"


@lru_cache(maxsize=65_536)
def normal_handle(platform: str, text: str) -> str | None:
    """The handle as the platform compares it: no "@", case folded; None when the platform's grammar refuses it.

    >>> normal_handle("instagram", "@Mira.Bakes"), normal_handle("x", "mira.bakes")
    ('mira.bakes', None)
    """
    handle = folded_handle(text)
    if handle is None or (handle.isdigit() and len(handle) < 3):
        return None
    return handle if _GRAMMARS.get(platform, _ANY_PLATFORM).fullmatch(handle) else None


def folded_handle(text: str | None) -> str | None:
    """Case folded, without "@" and surrounding space; None when nothing is left. Believes the platform's grammar.

    >>> folded_handle(" @MiraBakes ")
    'mirabakes'
    """
    if not text:
        return None
    return unicodedata.normalize("NFKC", text).strip().lstrip("@").strip().casefold() or None


def folded_handles(column: Texts) -> Texts:
    """`folded_handle` of a column."""
    return nothing_as_null(by_difficulty(column, is_not_ascii(column), _folded_ascii, folded_handle))


def _folded_ascii(column: Texts) -> Texts:
    bare = pc.utf8_ltrim(pc.utf8_trim(column, _ASCII_SPACES), "@")
    return pc.ascii_lower(pc.utf8_trim(bare, _ASCII_SPACES))


@lru_cache(maxsize=65_536)
def near_form(handle: str | None) -> str | None:
    """The core that a person would recognise; None when shorter than three characters.

    >>> near_form("the_real.mira_bakes_tv"), near_form("m1rabakes"), near_form("yt")
    ('mirabakes', 'mirabakes', None)
    """
    if not handle:
        return None
    words = [word for word in _SEPARATORS.split(skeleton(handle)) if word]
    core = _strip_glued("".join(_strip_words(words)))
    return core if len(core) >= MIN_CORE_LENGTH else None


def letters_of(cores: Texts) -> Texts:
    """Handle cores without digits: people add numbers where a name is taken. None where few letters are left."""
    letters = pc.replace_substring_regex(cores, r"\d+", "")
    return pc.if_else(pc.greater_equal(pc.utf8_length(letters), MIN_LETTERS), letters, None)


def near_forms(column: Texts) -> Texts:
    """`near_form` of a column."""
    is_hard = pc.or_(is_not_ascii(column), matches(column, _LEET_HINT))
    return by_difficulty(column, is_hard, _near_plain, near_form)


def _near_plain(column: Texts) -> Texts:
    """Near forms of ASCII handles without digits for letters. Two spaces part words, so that each has its own."""
    words = pc.replace_substring_regex(pc.ascii_lower(column), "[^a-z0-9]+", "  ")
    spread = pc.binary_join_element_wise(" ", words, " ", "")
    everything = pc.replace_substring(spread, " ", "")
    named = pc.replace_substring(pc.replace_substring_regex(spread, _AFFIX_WORD, ""), " ", "")
    core = pc.if_else(pc.greater_equal(pc.binary_length(named), MIN_CORE_LENGTH), named, everything)
    core = pc.replace_substring_regex(core, _GLUED_PREFIX, r"\1", max_replacements=1)
    core = pc.replace_substring_regex(core, _GLUED_SUFFIX, r"\1", max_replacements=1)
    return pc.if_else(pc.greater_equal(pc.binary_length(core), MIN_CORE_LENGTH), core, None)


def skeleton(text: str) -> str:
    """Folded text with look-alike letters and digits-for-letters read as the Latin letters they imitate.

    >>> skeleton("mіrа"), skeleton("b4kes"), skeleton("mira95")
    ('mira', 'bakes', 'mira95')
    """
    return _LEET_WORD.sub(lambda digits: digits.group().translate(_LEET), plain_letters(text))


def plain_letters(text: str) -> str:
    """Folded text in which a word that mixes scripts is read as the Latin word it imitates.

    >>> plain_letters("ᴍɪʀᴀ mіra"), plain_letters("мир")
    ('mira mira', 'мир')
    """
    if text.isascii():
        return " ".join(text.lower().split())
    folded = fold(text)
    return folded if folded.isascii() else _WORD.sub(lambda word: _unmask(word.group()), folded.translate(_DECORATED))


def _unmask(word: str) -> str:
    has_latin = any(character.isascii() and character.isalpha() for character in word)
    return word.translate(_LOOKALIKES) if has_latin and not word.isascii() else word


def _strip_words(words: Sequence[str]) -> Sequence[str]:
    kept = [word for word in words if word not in _AFFIX_WORDS]
    return kept if len("".join(kept)) >= MIN_CORE_LENGTH else words


def _strip_glued(joined: str) -> str:
    for prefix in _GLUED_PREFIXES:
        if joined.startswith(prefix) and len(joined) - len(prefix) >= _MIN_GLUED_REST:
            joined = joined[len(prefix) :]
            break
    for suffix in _GLUED_SUFFIXES:
        if joined.endswith(suffix) and len(joined) - len(suffix) >= _MIN_GLUED_REST:
            return joined[: -len(suffix)]
    return joined
