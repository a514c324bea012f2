"""Whether an answer says only what the data say: the checks that hold when a model was talked into something."""

import re

from base.text import fold
from enrich.dossier import Dossier
from enrich.names import WORD, unknown_names
from enrich.numerals import numbers
from enrich.redaction import has_contacts
from enrich.schema import STORED_WORDS, CreatorLabels
from enrich.summary import word_count

COPIED_WORDS = 10  # this many words in a row, taken over as they stand, are a quotation and not a summary
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
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
LEAST_LATIN = 0.9  # of the letters of an English sentence that may quote a foreign title


def ungrounded(labels: CreatorLabels, dossier: Dossier, canary: str) -> list[str]:
    """What is wrong with an answer, a few words each; empty when nothing is."""
    summary, data = labels.llm_summary, dossier.vocabulary
    checks = {
        "evidence names items that are not there": not set(labels.evidence) <= {item.number for item in dossier.items},
        "summary length": word_count(summary) not in STORED_WORDS,
        "summary not in English": not _is_latin(summary),
        "more than one sentence": bool(_SENTENCE_END.search(summary)),
        "contact, link or handle in the summary": _names_a_way_to_the_person(summary, dossier),
        "a number that is not in the data": not set(numbers(summary)) <= set(numbers(data)),
        "a name that is not in the data": any(unknown_names(summary, data, labels.language)),
        "markup in the summary": bool(_MARKUP.search(summary)),
        "an instruction in the summary": bool(_ORDER.search(summary) or _FOREIGN_ORDER.search(summary)),
        "a quotation in the summary": _copied(summary, data),
        "the mark of the rules in the summary": canary in summary,
    }
    return [finding for finding, is_so in checks.items() if is_so]


def _is_latin(summary: str) -> bool:
    letters = sum(map(str.isalpha, summary))
    return len(_LATIN.findall(summary)) >= LEAST_LATIN * letters


def _names_a_way_to_the_person(summary: str, dossier: Dossier) -> bool:
    """A handle of letters only may be a plain word or a name; one with marks or digits is a way to the person."""
    if has_contacts(summary.removesuffix(".")) or _DOTTED.search(summary):
        return True
    handles = {account["handle"].casefold() for account in dossier.accounts}
    written = set(re.findall(r"[\w.]+", summary.casefold()))
    return any(not handle.isalpha() for handle in handles & {word.strip(".") for word in written})


def _copied(summary: str, vocabulary: str) -> bool:
    words, source = WORD.findall(fold(summary)), f" {' '.join(WORD.findall(fold(vocabulary)))} "
    runs = (words[start : start + COPIED_WORDS] for start in range(len(words) - COPIED_WORDS + 1))
    return any(f" {' '.join(run)} " in source for run in runs)
