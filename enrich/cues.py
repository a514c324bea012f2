"""Words that speak for a label: `cues.yaml` in, votes per text out. Plain counting, so that a person can see why."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from base.fingerprint import fingerprint
from base.text import fold

CUES_PATH = Path(__file__).with_name("cues.yaml")
OPEN_LENGTH = 5  # a shorter cue inside a longer word is chance: "cat" in "education"
REMEMBERED_WORDS = 1 << 18
WORD = re.compile(r"#?[^\W_]+")

# Scripts that name their language; Cyrillic, Arabic and Latin are shared and need words.
_SCRIPTS = {
    "ko": re.compile("[\uac00-\ud7af]"), "ja": re.compile("[\u3040-\u30ff]"), "zh": re.compile("[\u4e00-\u9fff]"),
    "th": re.compile("[\u0e00-\u0e7f]"), "he": re.compile("[\u0590-\u05ff]"), "el": re.compile("[\u0370-\u03ff]"),
    "hi": re.compile("[\u0900-\u097f]"), "bn": re.compile("[\u0980-\u09ff]"), "ta": re.compile("[\u0b80-\u0bff]"),
    "te": re.compile("[\u0c00-\u0c7f]"), "ka": re.compile("[\u10a0-\u10ff]"), "hy": re.compile("[\u0530-\u058f]"),
    "ru": re.compile("[\u0400-\u04ff]"), "ar": re.compile("[\u0600-\u06ff]"),
}  # fmt: skip
_UKRAINIAN = re.compile("[\u0404\u0406\u0407\u0454\u0456\u0457\u0490\u0491]")
_PERSIAN_OR_URDU = re.compile("[\u067e\u0686\u0698\u06a9\u06af\u06cc\u0679\u0688\u0691\u06d2]")
SCRIPT_SHARE = 0.3  # of all letters; Japanese and Chinese captions mix in much Latin
ENOUGH_WORDS = 200  # to tell a language
MINIMUM_STOP_WORDS = 3
CLEAR_LEAD = 1.5  # times the runner-up; Spanish and Portuguese share many small words


@dataclass(frozen=True, slots=True)
class Cues:
    """One word table per axis; the niches' table also looks into longer words and hashtags."""

    fingerprint: str
    niche_ids: tuple[str, ...]
    #: niche → its cue words in one line
    niche_words: Mapping[str, str]
    #: word, as `WORD` finds it in case-folded text → positions in `niche_ids`
    niches_of: Callable[[str], tuple[int, ...]]
    styles: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, tuple[str, ...]]
    stop_words: Mapping[str, tuple[str, ...]]

    def niche_votes(self, words: Iterable[str]) -> dict[int, int]:
        """Position in `niche_ids` → how many words speak for it."""
        return Counter(chain.from_iterable(map(self.niches_of, words)))

    def niche_shares(self, votes_by_text: Iterable[Mapping[int, int]]) -> npt.NDArray[np.float32]:
        """Each text shares out one vote among its niches; the mean, drawn to zero when few texts have a cue."""
        shares = [0.0] * len(self.niche_ids)
        for votes in votes_by_text:
            total = sum(votes.values())
            for niche, count in votes.items():
                shares[niche] += count / total
        return np.array(shares, np.float32) / (sum(shares) + 1)


@lru_cache(maxsize=1)
def load_cues() -> Cues:
    """The shipped cue words."""
    content: dict[str, dict[str, Any]] = yaml.safe_load(CUES_PATH.read_text(encoding="utf-8"))
    niche_ids = tuple(content["niches"])
    return Cues(
        fingerprint(content),
        niche_ids,
        content["niches"],
        _open_lookup(_by_word(content["niches"]), niche_ids),
        *(_by_word(content[axis]) for axis in ("styles", "kinds", "languages")),
    )


def words_of(text: str) -> list[str]:
    """The words of a text, case-folded; a hashtag keeps its mark.

    >>> words_of("New #VeganRecipes every day")
    ['new', '#veganrecipes', 'every', 'day']
    """
    return WORD.findall(text.casefold())


def clear_winner(votes: Counter[str], *, minimum: int, lead: float = 1.0) -> str | None:
    """The label with the most votes; None below `minimum`, or when the next has nearly as many (`lead` times less)."""
    ranked = sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))[:2]
    if not ranked or ranked[0][1] < minimum:
        return None
    return None if len(ranked) > 1 and ranked[0][1] <= ranked[1][1] * lead else ranked[0][0]


def language_of(text: str, words: Iterable[str], stop_words: Mapping[str, tuple[str, ...]]) -> str | None:
    """The language of a text by its script, else by its small words; None when unsure."""
    if not text.isascii():
        letters = max(1, sum(map(str.isalpha, text)))
        for language, script in _SCRIPTS.items():
            if len(script.findall(text)) >= SCRIPT_SHARE * letters:
                return _narrowed(language, text)
    telling = filter(None, map(stop_words.get, islice(words, ENOUGH_WORDS)))
    votes = Counter(chain.from_iterable(telling))
    return clear_winner(votes, minimum=MINIMUM_STOP_WORDS, lead=CLEAR_LEAD)


def _narrowed(language: str, text: str) -> str | None:
    if language == "ru" and _UKRAINIAN.search(text):
        return "uk"
    if language == "ar" and _PERSIAN_OR_URDU.search(text):
        return None
    return language


def _by_word(words_by_label: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    labels: dict[str, tuple[str, ...]] = {}
    for label, words in words_by_label.items():
        for word in words.split():
            labels[word] = (*labels.get(word, ()), label)
    return labels


def _open_lookup(labels: Mapping[str, tuple[str, ...]], ids: tuple[str, ...]) -> Callable[[str], tuple[int, ...]]:
    """Whole word, else its singular, else the longest cue it begins with, else (a hashtag) the cues inside it."""
    longest = max(map(len, labels))

    def found(word: str) -> Iterable[str]:
        bare = word.removeprefix("#")
        bare = bare if bare.isascii() else fold(bare)
        whole = labels.get(bare) or labels.get(bare.removesuffix("s"))
        if whole:
            return whole
        starts = (bare[:end] for end in range(len(bare) - 1, OPEN_LENGTH - 1, -1))
        begun = next((labels[start] for start in starts if start in labels), None)
        if begun or not word.startswith("#"):
            return begun or ()
        return (label for cue in _parts(bare, longest) for label in labels.get(cue, ()))

    @lru_cache(maxsize=REMEMBERED_WORDS)  # words repeat: most texts cost a dictionary look-up per word
    def niches_of(word: str) -> tuple[int, ...]:
        return tuple(sorted({ids.index(label) for label in found(word)}))

    return niches_of


def _parts(word: str, longest: int) -> Iterable[str]:
    """Every part of a word that is long enough, and not too long, to be a cue."""
    for start in range(len(word) - OPEN_LENGTH + 1):
        for end in range(start + OPEN_LENGTH, min(len(word), start + longest) + 1):
            yield word[start:end]
