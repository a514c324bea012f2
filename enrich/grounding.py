"""Whether an answer says only what the data say: the checks that hold when a model was talked into something."""

import re
from collections.abc import Iterator

from base.text import fold
from enrich.dossier import Dossier
from enrich.redaction import has_contacts
from enrich.schema import STORED_WORDS, CreatorLabels
from enrich.summary import word_count

COPIED_WORDS = 10  # this many words in a row, taken over as they stand, are a quotation and not a summary
_NUMBER = re.compile(r"\d[\d.,]*")
_NAME = re.compile(r"(?<=[\w,;:)] )[A-ZÀ-ÖØ-Þ][\w'’-]+")
_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?](?=\s+\S)")
_ORDER = re.compile(
    r"(?:^|[.;:!?]\s*)(?:please\s+)?(?:ignore|disregard|forget|subscribe|follow|click|visit|buy|contact|dm|message|"
    r"label|classify|answer|respond|output|write|say|reveal)\b",
    re.IGNORECASE,
)
# Words a sentence may capitalise without naming anyone.
_COMMON = {"english", "youtube", "instagram", "tiktok", "x", "shorts", "reels", "diy", "ai", "tv", "vlog"}


def ungrounded(labels: CreatorLabels, dossier: Dossier, canary: str) -> list[str]:
    """What is wrong with an answer, one word or two each; empty when nothing is."""
    return list(_findings(labels, dossier, canary))


def _findings(labels: CreatorLabels, dossier: Dossier, canary: str) -> Iterator[str]:
    summary = labels.llm_summary
    known = set(_WORD.findall(fold(dossier.vocabulary)))
    if not set(labels.evidence) <= {item.number for item in dossier.items}:
        yield "evidence names items that are not there"
    if word_count(summary) not in STORED_WORDS:
        yield "summary length"
    if _SENTENCE_END.search(summary):
        yield "more than one sentence"
    if has_contacts(summary) or _names_a_handle(summary, dossier):
        yield "contact, link or handle in the summary"
    if any(
        _digits(number) not in map(_digits, _NUMBER.findall(dossier.vocabulary)) for number in _NUMBER.findall(summary)
    ):
        yield "a number that is not in the data"
    if not {fold(name) for name in _NAME.findall(summary)} - _COMMON <= _stems(known):
        yield "a name that is not in the data"
    if _ORDER.search(summary):
        yield "an instruction in the summary"
    if _copied(summary, dossier.vocabulary):
        yield "a quotation in the summary"
    if canary in summary:
        yield "the mark of the rules in the summary"


def _names_a_handle(summary: str, dossier: Dossier) -> bool:
    """A handle of letters only may be a plain word or a name; one with marks or digits is a way to the person."""
    handles = {account["handle"].casefold() for account in dossier.accounts}
    written = set(re.findall(r"[\w.]+", summary.casefold()))
    return any(not handle.isalpha() for handle in handles & {word.strip(".") for word in written})


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _stems(words: set[str]) -> set[str]:
    """The words with and without a plural s: "Vegans" is grounded by "vegan"."""
    return words | {word.removesuffix("s") for word in words} | {f"{word}s" for word in words}


def _copied(summary: str, vocabulary: str) -> bool:
    words, source = _WORD.findall(fold(summary)), f" {' '.join(_WORD.findall(fold(vocabulary)))} "
    runs = (words[start : start + COPIED_WORDS] for start in range(len(words) - COPIED_WORDS + 1))
    return any(f" {' '.join(run)} " in source for run in runs)
