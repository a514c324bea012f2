"""Whether a name in an English summary stands in the data, in whatever script they are written.

A name is looked for as it is written, by its sound, and by what English calls a place or a people.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from anyascii import anyascii

from base.text import fold
from enrich.exonyms import EXONYMS

# Vowel signs of Indic and Thai scripts are no letters to `re`.
WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])+")
_NAME = re.compile(r"(?<=[\w,;:)'’] )[A-ZÀ-ÖØ-Þ][\w'’-]+")
# Words a sentence may capitalise without naming anyone.
_COMMON = {"english", "youtube", "instagram", "tiktok", "x", "shorts", "reels", "diy", "ai", "tv", "vlog"}
_OPENERS = {
    "a", "an", "the", "this", "two", "three", "official", "independent", "personal", "daily", "educational", "family",
    "everyday", "free", "honest", "practical", "short", "simple", "weekly", "cooking", "gaming", "content",
}  # fmt: skip
#: what an English sentence calls those who speak a language
_SPEAKERS = {
    "ar": "arabic arab", "bn": "bengali", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "es": "spanish",
    "fa": "persian", "fi": "finnish", "fr": "french", "he": "hebrew", "hi": "hindi indian", "hu": "hungarian",
    "id": "indonesian", "it": "italian", "ja": "japanese", "ko": "korean", "ms": "malay", "nl": "dutch",
    "no": "norwegian", "pl": "polish", "pt": "portuguese brazilian", "ro": "romanian", "ru": "russian", "sv": "swedish",
    "ta": "tamil", "te": "telugu", "th": "thai", "tr": "turkish", "uk": "ukrainian", "ur": "urdu", "vi": "vietnamese",
    "zh": "chinese mandarin",
}  # fmt: skip
_VOWELLESS = re.compile("[\u0590-\u06ff]")
_VOWELS = re.compile(r"[^a-z]|[aeiouyw]")
_DOUBLED = re.compile(r"(.)\1+")
STEM_LETTERS, STEM_SHARE = 3, 0.65  # "Nina" is grounded by "Нины": the same beginning, another ending

_HAN = re.compile("[\u3400-\u9fff]+")
_HANGUL = re.compile("[\uac00-\ud7a3]+")
_KANA = re.compile("[\u3041-\u30ff]+")
_KATAKANA = re.compile("[\u30a0-\u30ff]+")
_STOP = re.compile("[っッ]")  # doubles the next consonant
# Thai, Lao, Burmese and Khmer: words stand without spaces between them.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
_SYLLABLE = re.compile("[A-Z][a-z]*")
MOST_SYLLABLES = 4  # of a name that is written in one word
LEAST_CONSONANTS = 3  # fewer are found in any text of some length
#: Chinese characters that have another reading in names than by themselves
_OTHER_READINGS = {"重": "Chong", "长": "Chang", "長": "Chang", "都": "Du", "藏": "Zang", "行": "Hang", "乐": "Yue"}
#: ways to spell one Korean sound, and the one that is compared
_KOREAN = (("oo", "u"), ("ee", "i"), ("eo", "o"), ("eu", "u"), ("ae", "e"), ("ch", "j"))
_KOREAN_CONSONANTS = str.maketrans("kptl", "gbdr")
#: what Japanese does not tell apart in a foreign word: "Berlin" is ベルリン
_JAPANESE = (("ou", "o"), ("oo", "o"), ("uu", "u"), ("th", "s"))
_JAPANESE_CONSONANTS = str.maketrans("lvzfcq", "rbshkk")
#: a word that could be Japanese, in Hepburn's spelling
_MORAE = re.compile(
    r"(?:(?:(?:[kgnhbpmr]?y|sh|ch|j)[auo]|(?:[kgsztdnhbpmrfj]|sh|ch|ts)?[aeiou]|wa)h?"
    r"|n(?![aeiouy])|m(?=[bp])|([kstp])(?=\1)|t(?=ch))+"
)
#: parts of names that are translated, and name nobody by themselves
_TRANSLATED = {
    "bay", "beach", "bridge", "castle", "city", "coast", "country", "day", "east", "festival", "garden", "hill",
    "island", "lake", "market", "mountain", "museum", "new", "north", "old", "palace", "park", "peak", "river", "road",
    "school", "sea", "south", "station", "street", "temple", "tower", "town", "university", "valley", "village", "west",
    "world", "year",
}  # fmt: skip


def unknown_names(summary: str, text: str, language: str | None) -> Iterator[str]:
    """The names of a summary, folded, that the text does not hold. language: that the text is said to be in."""
    shown = _Shown(text, language)
    return (name for name in _names(summary) if not shown.holds(name))


class _Shown:
    """A text in the ways that a name is looked for in it, each made when a name is not found in those before."""

    def __init__(self, text: str, language: str | None) -> None:
        self._text, self._language = text, language
        self._common = _COMMON.union(_SPEAKERS.get(language or "", "").split())

    def holds(self, name: str) -> bool:
        ways = (
            self._is_written, self._is_english_for, self._sounds_like_a_word, self._is_spelled, self._is_inside,
            self._may_be_japanese,
        )  # fmt: skip
        return any(way(name) for way in ways)

    def _is_written(self, name: str) -> bool:
        """With or without a plural s: "Vegans" is grounded by "vegan"."""
        forms = {name, name.removesuffix("s"), f"{name}s"}
        return bool(forms & self._common or forms & self._told) or self._told.issuperset(WORD.findall(name))

    def _is_english_for(self, name: str) -> bool:
        """Or part of a name that a language of its own has been translated from."""
        is_translated = name in _TRANSLATED and bool(self._written)
        return is_translated or any(written in self._text for written in EXONYMS.get(name, ()))

    def _sounds_like_a_word(self, name: str) -> bool:
        return _skeleton(name) in self._skeletons or any(_same_stem(name, word) for word in self._foreign)

    def _is_spelled(self, name: str) -> bool:
        """In characters that are a syllable each."""
        return any(_is_mostly(name.replace("'", ""), part) for part in self._mandarin) or any(
            _is_mostly(_as_korean(name), part) for part in self._korean
        )

    def _is_inside(self, name: str) -> bool:
        """Of a run of words that stand without spaces, or nearly so: endings and vowels are heard in many ways."""
        stem = name[: max(STEM_LETTERS + 1, round(STEM_SHARE * len(name)))]
        if any(stem in run for run in self._unspaced) or any(_as_japanese(name) in run for run in self._kana):
            return len(name) >= STEM_LETTERS
        return _have_consonants(self._unspaced, name) or _have_consonants(self._katakana, _as_japanese(name))

    def _may_be_japanese(self, name: str) -> bool:
        """A Chinese character has several Japanese readings, and no table of ours knows them."""
        is_japanese = self._language == "ja" or bool(self._kana)
        return is_japanese and bool(_HAN.search(self._text)) and bool(_MORAE.fullmatch(name))

    @cached_property
    def _told(self) -> set[str]:
        return set(WORD.findall(fold(self._text)))

    @cached_property
    def _written(self) -> list[str]:
        return [word for word in WORD.findall(self._text) if not word.isascii()]

    @cached_property
    def _foreign(self) -> set[str]:
        sounds = {anyascii(word).lower() for word in self._written}
        return sounds if self._language == "en" else sounds | self._told

    @cached_property
    def _skeletons(self) -> set[str]:
        return {_skeleton(anyascii(word)) for word in self._written if _VOWELLESS.search(word)}

    @cached_property
    def _mandarin(self) -> set[str]:
        if self._language == "ja":
            return set()
        runs = _HAN.findall(self._text)
        others = [re.sub(".", lambda one: _OTHER_READINGS.get(one[0], one[0]), run) for run in runs]
        return _parts(anyascii(run) for run in {*runs, *others})

    @cached_property
    def _korean(self) -> set[str]:
        return {_as_korean(part) for part in _parts(map(anyascii, _HANGUL.findall(self._text)))}

    @cached_property
    def _kana(self) -> list[str]:
        return [_heard(run) for run in _KANA.findall(self._text)]

    @cached_property
    def _katakana(self) -> list[str]:
        """Where foreign words stand."""
        return [_heard(run) for run in _KATAKANA.findall(self._text)]

    @cached_property
    def _unspaced(self) -> list[str]:
        return [anyascii(run).lower() for run in _UNSPACED.findall(self._text)]


def _parts(runs: Iterable[str]) -> set[str]:
    """Neighbouring syllables, each begun by a capital, up to as many as make a name.

    >>> sorted(_parts(["BeiJing"]))
    ['bei', 'beijing', 'jing']
    """
    return {
        "".join(syllables[start : start + count]).lower()
        for syllables in map(_SYLLABLE.findall, runs)
        for count in range(1, MOST_SYLLABLES + 1)
        for start in range(len(syllables) - count + 1)
    }


def _names(summary: str) -> Iterator[str]:
    """Capitalised words, folded, without the possessive s; the first word too, unless it can open a sentence."""
    first = summary.split(" ", 1)[0].strip(",;:")
    opens = first.lower() in _OPENERS or first.lower().endswith(("s", "ing", "al", "ic", "ful", "ive"))
    for written in _NAME.findall(summary) + ([] if opens else [first]):
        for part in re.sub(r"['’]s?$", "", written).split("-"):
            if part[:1].isupper():
                yield fold(part)


def _skeleton(word: str) -> str:
    """The consonants, for scripts that write little else; doubled ones once."""
    return _DOUBLED.sub(r"\1", _VOWELS.sub("", word.lower()))


def _have_consonants(runs: Iterable[str], name: str) -> bool:
    own = _skeleton(name).replace("h", "")
    return len(own) >= LEAST_CONSONANTS and any(own in _skeleton(run).replace("h", "") for run in runs)


def _as_korean(sound: str) -> str:
    """
    >>> _as_korean("jihoon"), _as_korean("jihun"), _as_korean("soojin")
    ('jihun', 'jihun', 'sujin')
    """
    for spelled, heard in _KOREAN:
        sound = sound.replace(spelled, heard)
    return sound.translate(_KOREAN_CONSONANTS)


def _heard(kana: str) -> str:
    """
    >>> _heard("バッキンガム")
    'bakingamu'
    """
    return _as_japanese(anyascii(_STOP.sub("", kana)).lower())


def _as_japanese(sound: str) -> str:
    """
    >>> _as_japanese("toukyou"), _as_japanese("leo"), _as_japanese("reo")
    ('tokyo', 'reo', 'reo')
    """
    for spelled, heard in _JAPANESE:
        sound = sound.replace(spelled, heard)
    return sound.translate(_JAPANESE_CONSONANTS)


def _same_stem(name: str, word: str) -> bool:
    shared = next((at for at, pair in enumerate(zip(name, word, strict=False)) if pair[0] != pair[1]), None)
    shorter = min(len(name), len(word))
    length = shorter if shared is None else shared
    return length >= STEM_LETTERS and length >= STEM_SHARE * shorter


def _is_mostly(name: str, part: str) -> bool:
    """The part, or the part with an English ending: "Sichuanese" is grounded by 四川."""
    return name == part or (len(part) >= STEM_LETTERS and name.startswith(part) and len(part) >= STEM_SHARE * len(name))
