"""Words that speak for a label: `cues.yaml` in, votes per text out. Plain counting, so that a person can see why."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from base.fingerprint import fingerprint
from base.text import fold
from base.yaml_files import read_yaml

CUES_PATH = Path(__file__).with_name("cues.yaml")
HINT = "~"
OPEN_LENGTH = 5  # a shorter cue inside a longer word is chance: "cat" in "education"
HINT_WEIGHT = 0.3  # of a cue marked ~: half a text's vote takes two of them
REMEMBERED_WORDS = 1 << 18
# Vowel signs of Indic and Thai scripts are no letters to `re`; an emoji is a word by itself.
WORD = re.compile(r"#?(?:[^\W_]|[\u0900-\u0dff\u0e00-\u0e7f])+|[\u2600-\u27bf\U0001f300-\U0001faff]")
# Scripts that write a word in two or three characters, and without spaces or with joined particles.
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_JOINED = re.compile("[\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f]")

# Scripts that name their language; Cyrillic, Arabic and Latin are shared and need words.
_SCRIPTS = {
    "ko": re.compile("[\uac00-\ud7af]"), "ja": re.compile("[\u3040-\u30ff]"), "zh": re.compile("[\u4e00-\u9fff]"),
    "th": re.compile("[\u0e00-\u0e7f]"), "he": re.compile("[\u0590-\u05ff]"), "el": re.compile("[\u0370-\u03ff]"),
    "hi": re.compile("[\u0900-\u097f]"), "bn": re.compile("[\u0980-\u09ff]"), "ta": re.compile("[\u0b80-\u0bff]"),
    "te": re.compile("[\u0c00-\u0c7f]"), "ka": re.compile("[\u10a0-\u10ff]"), "hy": re.compile("[\u0530-\u058f]"),
    "ru": re.compile("[\u0400-\u04ff]"), "ar": re.compile("[\u0600-\u06ff]"),
}  # fmt: skip
_KANA = re.compile("[\u3040-\u30ff]")
_UKRAINIAN = re.compile("[\u0404\u0406\u0407\u0454\u0456\u0457\u0490\u0491]")
_PERSIAN_OR_URDU = re.compile("[\u067e\u0686\u0698\u06a9\u06af\u06cc\u0679\u0688\u0691\u06d2]")
SCRIPT_SHARE = 0.3  # of all letters; Japanese and Chinese captions mix in much Latin
ENOUGH_WORDS = 200  # to tell a language
MINIMUM_STOP_WORDS = 2
CLEAR_LEAD = 1.5  # times the runner-up; Spanish and Portuguese share many small words

#: (what it speaks for, how much: 1, or HINT_WEIGHT)
Votes = tuple[tuple[int, float], ...]
_Labels = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Cues:
    """One word table per axis; the niches' table also looks into longer words and hashtags."""

    fingerprint: str
    niche_ids: tuple[str, ...]
    #: niche → its cue words in one line
    niche_words: Mapping[str, str]
    #: word, as `WORD` finds it in case-folded text → positions in `niche_ids` and weights
    niches_of: Callable[[str], "Votes"]
    #: sentences that anyone posts
    small_talk: tuple[str, ...]
    styles: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, tuple[str, ...]]
    stop_words: Mapping[str, tuple[str, ...]]

    def niche_votes(self, words: Iterable[str]) -> dict[int, float]:
        """Position in `niche_ids` → how much its words weigh."""
        votes: dict[int, float] = {}
        for niche, weight in chain.from_iterable(map(self.niches_of, words)):
            votes[niche] = votes.get(niche, 0.0) + weight
        return votes

    def niche_shares(self, votes_by_text: Iterable[Mapping[int, float]]) -> npt.NDArray[np.float32]:
        """Each text shares out one vote among its niches; the mean, drawn to zero when few texts have a cue.

        A text whose cues are all hints gives away less than a whole vote.
        """
        shares = [0.0] * len(self.niche_ids)
        for votes in votes_by_text:
            total = max(1.0, sum(votes.values()))
            for niche, count in votes.items():
                shares[niche] += count / total
        return np.array(shares, np.float32) / (sum(shares) + 1)


@lru_cache(maxsize=1)
def load_cues() -> Cues:
    """The shipped cue words, of every label they know."""
    content = _content()
    return cues_for(tuple(content["niches"]), tuple(content["styles"]), tuple(content["kinds"]))


@lru_cache(maxsize=4)
def cues_for(niche_ids: tuple[str, ...], style_ids: tuple[str, ...], kind_ids: tuple[str, ...]) -> Cues:
    """The shipped cue words that speak for these labels; a label of one's own has none, and lives by its definition."""
    content = _content()
    niches, further = (_of_labels(content[table], niche_ids) for table in ("niches", "further"))
    return Cues(
        fingerprint(content),
        niche_ids,
        {niche: words.replace(HINT, "") for niche, words in niches.items()},
        _open_lookup(_weighted(niches, further), niche_ids, content["fillers"].split()),
        tuple(content["small_talk"]),
        _by_word(_of_labels(content["styles"], style_ids)),
        _by_word(_of_labels(content["kinds"], kind_ids)),
        _by_word(content["languages"]),
    )


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    content: dict[str, Any] = read_yaml(CUES_PATH)
    return content


def _of_labels(table: Mapping[str, str], ids: Collection[str]) -> dict[str, str]:
    return {label: words for label, words in table.items() if label in ids}


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
    if language == "zh" and _KANA.search(text):
        return "ja"
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


def _weighted(*tables: Mapping[str, str]) -> _Labels:
    """Folded word → niche → weight; what stands in several places weighs the most it does anywhere."""
    labels: _Labels = {}
    for niche, words in chain.from_iterable(table.items() for table in tables):
        for word in words.split():
            weights = labels.setdefault(fold(word.removesuffix(HINT)), {})
            weights[niche] = max(weights.get(niche, 0.0), HINT_WEIGHT if word.endswith(HINT) else 1.0)
    return labels


def _open_lookup(labels: _Labels, ids: tuple[str, ...], fillers: Iterable[str]) -> Callable[[str], Votes]:
    """Whole word, else its singular, else the cues inside it."""
    parts = _Vocabulary(labels, frozenset(fillers))

    @lru_cache(maxsize=REMEMBERED_WORDS)  # words repeat: most texts cost a dictionary look-up per word
    def niches_of(word: str) -> Votes:
        bare = word.removeprefix("#")
        bare = bare if bare.isascii() else fold(bare)
        cues = [bare] if bare in labels else [bare.removesuffix("s")] if bare.removesuffix("s") in labels else None
        found = cues or parts.inside(bare, is_tag=word.startswith("#"))
        weights: dict[int, float] = {}
        for niche, weight in chain.from_iterable(labels[cue].items() for cue in found):
            weights[ids.index(niche)] = max(weights.get(ids.index(niche), 0.0), weight)
        return tuple(sorted(weights.items()))

    return niches_of


class _Vocabulary:
    """Finds cues in longer words: a run of characters, a tag made of known words, the beginning of a word."""

    def __init__(self, labels: Collection[str], fillers: frozenset[str]) -> None:
        self._labels, self._fillers = labels, fillers
        self._longest = max(map(len, {*labels, *fillers}))

    def inside(self, word: str, *, is_tag: bool) -> list[str]:
        """The cues that a word, itself none, is made of."""
        if _DENSE.search(word):
            return self._parts(word, shortest=2)
        if _JOINED.search(word):
            return self._parts(word, shortest=3)
        spelt = self._spelt(word) if is_tag else None
        if spelt is not None:
            return spelt
        starts = (word[:end] for end in range(len(word) - 1, OPEN_LENGTH - 1, -1))
        begun = next((start for start in starts if start in self._labels), None)
        if begun or not is_tag:
            return [begun] if begun else []
        return self._parts(word, shortest=OPEN_LENGTH)

    def _spelt(self, tag: str) -> list[str] | None:
        """The cues among the fewest known words that make up the whole tag; None when none do."""
        best: list[list[str] | None] = [[]]
        for end in range(1, len(tag) + 1):
            options = []
            for start in range(max(0, end - self._longest), end):
                head, word = best[start], tag[start:end]
                if head is not None and (word in self._labels or word in self._fillers):
                    options.append([*head, word])
            best.append(min(options, key=len, default=None))
        words = best[-1]
        return None if words is None else [word for word in words if word in self._labels]

    def _parts(self, word: str, shortest: int) -> list[str]:
        """Every cue that stands somewhere in a word."""
        starts = range(len(word) - shortest + 1)
        ends = range(shortest, self._longest + 1)
        found = (word[start : start + length] for start in starts for length in ends)
        return list(dict.fromkeys(part for part in found if part in self._labels))
