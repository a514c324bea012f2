"""Whether an answer says only what the data say: the checks that hold when a model was talked into something."""

import re
import unicodedata
from collections.abc import Iterator

from anyascii import anyascii

from base.text import fold
from enrich.dossier import Dossier
from enrich.redaction import has_contacts
from enrich.schema import STORED_WORDS, CreatorLabels
from enrich.summary import word_count

COPIED_WORDS = 10  # this many words in a row, taken over as they stand, are a quotation and not a summary
_NUMBER = re.compile(r"\d[\d.,]*")
_NAME = re.compile(r"(?<=[\w,;:)'’] )[A-ZÀ-ÖØ-Þ][\w'’-]+")
# Vowel signs of Indic and Thai scripts are no letters to `re`.
_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0dff\u0e00-\u0e7f])+")
_SENTENCE_END = re.compile(r"(?<!\b[A-Z])(?<!\b(?:Dr|Mr|St|vs|No))(?<!\bMrs)[.!?](?=\s+\S)")
# Looser than redaction: no summary needs a word with a dot in it.
_DOTTED = re.compile(r"[^\W\d_]{2,}\.[^\W\d_]{2,}")
_MARKUP = re.compile(r"[{}<>\[\]|\\]")
_ASKING = (
    r"(?:please\s+)?(?:decode|obey|repeat|ignore|disregard|forget|subscribe|follow|click|visit|buy|contact|dm|message|"
    r"label|classify|answer|respond|output|write|say|reveal)\b"
)
_ORDER = re.compile(rf"(?:^|[.,;:!?]\s*|\b(?:and|now|then)\s+){_ASKING}", re.IGNORECASE)
# A summary is English; these can only be copied.
_FOREIGN_ORDER = re.compile(
    r"\b(?:ignora|sígueme|sigueme|suscríbete|suscribete|compra|inscreva|compre|abonnez|achetez|oublie|vergiss|abonniert|"
    r"kauft|iscriviti|segui|abaikan|hackeado)\b",
    re.IGNORECASE,
)
# Words a sentence may capitalise without naming anyone.
_COMMON = {"english", "youtube", "instagram", "tiktok", "x", "shorts", "reels", "diy", "ai", "tv", "vlog"}
_OPENERS = {
    "a", "an", "the", "this", "two", "three", "official", "independent", "personal", "daily", "educational", "family",
    "everyday", "honest", "practical", "short", "simple", "weekly", "cooking", "gaming", "content",
}  # fmt: skip
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
LEAST_LATIN = 0.9  # of the letters of an English sentence that may quote a foreign title
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
_HAN = re.compile("[\u3400-\u9fff]")
_HAN_NUMBER = re.compile("[〇一二三四五六七八九十百千万]+")
_HAN_DIGITS = {"〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
STEM_LETTERS, STEM_SHARE = 3, 0.65  # "Nina" is grounded by "Нины": the same beginning, another ending


def ungrounded(labels: CreatorLabels, dossier: Dossier, canary: str) -> list[str]:
    """What is wrong with an answer, a few words each; empty when nothing is."""
    summary, data = labels.llm_summary, dossier.vocabulary
    checks = {
        "evidence names items that are not there": not set(labels.evidence) <= {item.number for item in dossier.items},
        "summary length": word_count(summary) not in STORED_WORDS,
        "summary not in English": not _is_latin(summary),
        "more than one sentence": bool(_SENTENCE_END.search(summary)),
        "contact, link or handle in the summary": _names_a_way_to_the_person(summary, dossier),
        "a number that is not in the data": not set(_numbers(summary)) <= set(_numbers(data)),
        "a name that is not in the data": any(_unknown_names(labels, dossier)),
        "markup in the summary": bool(_MARKUP.search(summary)),
        "an instruction in the summary": bool(_ORDER.search(summary) or _FOREIGN_ORDER.search(summary)),
        "a quotation in the summary": _copied(summary, data),
        "the mark of the rules in the summary": canary in summary,
    }
    return [finding for finding, is_so in checks.items() if is_so]


def _unknown_names(labels: CreatorLabels, dossier: Dossier) -> Iterator[str]:
    """Names the data do not hold, in whatever script or inflection.

    Han characters have no reading of their own: where the data hold any, an unknown name may be one of them.
    """
    if _HAN.search(dossier.vocabulary):
        return
    told = _WORD.findall(fold(dossier.vocabulary))
    known = _stems({*told, *_COMMON, *_SPEAKERS.get(labels.language or "", "").split()})
    written = _WORD.findall(dossier.vocabulary)
    foreign = {anyascii(word).lower() for word in written if not word.isascii()}
    if labels.language != "en":
        foreign |= set(told)
    skeletons = {_skeleton(anyascii(word)) for word in written if _VOWELLESS.search(word)}
    for name in _names(labels.llm_summary):
        is_known = name in known or _skeleton(name) in skeletons
        if not is_known and not any(_same_stem(name, word) for word in foreign):
            yield name


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


def _same_stem(name: str, word: str) -> bool:
    shared = next((at for at, pair in enumerate(zip(name, word, strict=False)) if pair[0] != pair[1]), None)
    shorter = min(len(name), len(word))
    length = shorter if shared is None else shared
    return length >= STEM_LETTERS and length >= STEM_SHARE * shorter


def _is_latin(summary: str) -> bool:
    letters = sum(map(str.isalpha, summary))
    return len(_LATIN.findall(summary)) >= LEAST_LATIN * letters


def _numbers(text: str) -> Iterator[str]:
    """Numbers as plain digits, whatever digits they are written in."""
    for number in _NUMBER.findall(text):
        yield "".join(str(unicodedata.digit(character)) for character in number if character.isdigit())
    for number in _HAN_NUMBER.findall(text):
        yield str(_han_value(number))


def _han_value(number: str) -> int:
    """The value of a number in Chinese characters, up to 99,999,999.

    >>> _han_value("十五"), _han_value("三千二十"), _han_value("二万")
    (15, 3020, 20000)
    """
    total = section = digit = 0
    for character in number:
        if character in _HAN_DIGITS:
            digit = 10 * digit + _HAN_DIGITS[character]
        elif character == "万":
            total, section, digit = (section + digit or 1) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _HAN_UNITS[character], 0
    return total + section + digit


def _names_a_way_to_the_person(summary: str, dossier: Dossier) -> bool:
    """A handle of letters only may be a plain word or a name; one with marks or digits is a way to the person."""
    if has_contacts(summary) or _DOTTED.search(summary):
        return True
    handles = {account["handle"].casefold() for account in dossier.accounts}
    written = set(re.findall(r"[\w.]+", summary.casefold()))
    return any(not handle.isalpha() for handle in handles & {word.strip(".") for word in written})


def _stems(words: set[str]) -> set[str]:
    """The words with and without a plural s: "Vegans" is grounded by "vegan"."""
    return words | {word.removesuffix("s") for word in words} | {f"{word}s" for word in words}


def _copied(summary: str, vocabulary: str) -> bool:
    words, source = _WORD.findall(fold(summary)), f" {' '.join(_WORD.findall(fold(vocabulary)))} "
    runs = (words[start : start + COPIED_WORDS] for start in range(len(words) - COPIED_WORDS + 1))
    return any(f" {' '.join(run)} " in source for run in runs)
