"""The words claims are made of: text as a person sees it, cut into tokens, with known phrases joined.

The words themselves are data in many languages (`cues.toml`). This file knows what a phrase can mean, not what a text
says: that is `claims.py`.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from identity.folding import folded

Kind = Literal["self", "self_secondary", "contact", "mention", "employer", "fan_of", "unknown"]

#: placeholders for addresses already found: one character, then filler, so that offsets hold and neighbours stay apart
LINK, EMAIL, FILLER = "\ue000", "\ue001", "\ue002"

CUES: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "cues.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Cue:
    """What a word near a target says about it."""

    kind: Kind
    #: how many other words may stand between the phrase and its target
    reach: int
    #: speaks of people who act for the creator
    is_agency: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase can mean; several things at once ("clips" before or after a target)."""

    platform: str | None = None
    before: Cue | None = None
    after: Cue | None = None
    everywhere: Literal["own", "handle_after"] | None = None


class Item(NamedTuple):
    """A token, or a whole phrase with its meaning."""

    type: Literal["word", "phrase", "handle", "link", "email", "mark", "soft", "break"]
    text: str
    start: int
    end: int
    meaning: Meaning | None = None


def items(text: str) -> list[Item]:
    """The tokens of a folded text, with known phrases joined (longest first)."""
    tokens = _tokens(text)
    joined: list[Item] = []
    done = 0
    for start in [index for index, token in enumerate(tokens) if token[1] in _PHRASES]:
        if start >= done and (known := _longest(_PHRASES[tokens[start].text], tokens, start)):
            joined += tokens[done:start]
            done = start + len(known.words)
            joined.append(Item("phrase", tokens[start].text, tokens[start].start, tokens[done - 1].end, known.meaning))
    return joined + tokens[done:]


def can_hold_claims(text: str) -> bool:
    """Whether a folded text can hold a claim, a site or an address; most bios cannot, and are not tokenised."""
    return "@" in text or _MAYBE.search(text) is not None


# Thai, kana, Han, Hangul: words are not set apart by spaces.
UNSPACED_SCRIPTS = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af々〇ー"
# Most words begin no special: they are tried first. The order of the other alternatives matters.
_TOKEN = re.compile(
    rf"""[ ]*(?:(?P<plain>[a-gi-rt-vx-z03-9_][a-z0-9_]*(?:\.[a-z0-9_]+)*)
    |(?P<link>{LINK}{FILLER}*)|(?P<email>{EMAIL}{FILLER}*)
    |(?P<special>(?<!\w)(?:w/|s/o|h/t|1/2|2nd\b|2eme\b|\#ad\b))
    |(?P<unspaced>[{UNSPACED_SCRIPTS}]+)
    |(?P<handle>(?<![a-z0-9_.])@\.?(?:[a-z0-9_](?:[a-z0-9_.\-·]*[a-z0-9_\-])?|[^\W\u0e00-\uffff]+(?:[._-]?\w+)*|\w+))
    |(?P<word>[a-z0-9_]+(?:\.[a-z0-9_]+)*|[^\W\u0e00-\uffff]+)
    |(?P<break>\n|[!?]|\.(?=\s|$))
    |(?P<soft>[|•·;‧・★☆✦│┃◦●])
    |(?P<mark>[^\w\s'’\-{FILLER}]|(?<!\S)['’-]|['’-](?!\S)))""",
    re.VERBOSE,
)


_UNSPACED_GROUP = _TOKEN.groupindex["unspaced"]
_TYPE_OF_GROUP = ["", *({"plain": "word", "special": "word"}.get(name, name) for name in _TOKEN.groupindex)]


def _tokens(text: str) -> list[Item]:
    found: list[Item] = []
    add, new = found.append, tuple.__new__
    for match in _TOKEN.finditer(text):
        group = match.lastindex or 0
        start, end = match.span(group)
        if group == _UNSPACED_GROUP:
            found += _unspaced(text[start:end], start)
        else:
            # Every word of every bio is one of these; the constructor of a named tuple costs twice as much.
            add(new(Item, (_TYPE_OF_GROUP[group], text[start:end], start, end, None)))
    return found


def _unspaced(run: str, offset: int) -> Iterator[Item]:
    """A run of a script without spaces, cut at the phrases we know."""
    pieces = _UNSPACED.split(run)
    start = offset
    for piece in pieces:
        if piece:
            yield Item("word", piece, start, start + len(piece))
        start += len(piece)


def _all_meanings() -> Iterator[tuple[str, Meaning]]:
    for platform, names in CUES["platforms"].items():
        yield from ((name, Meaning(platform=platform)) for name in names)
    for group in CUES["cues"]:
        cue = Cue(group["kind"], group["reach"], group.get("agency", False))
        yield from ((phrase, Meaning(before=cue)) for phrase in group.get("before", ()))
        yield from ((phrase, Meaning(after=cue)) for phrase in group.get("after", ()))
    yield from ((phrase, Meaning(everywhere="own")) for phrase in CUES["everywhere"]["own"])
    yield from ((phrase, Meaning(everywhere="handle_after")) for phrase in CUES["everywhere"]["handle_after"])


def _either(left: Meaning, right: Meaning) -> Meaning:
    return Meaning(
        left.platform or right.platform, left.before or right.before,
        left.after or right.after, left.everywhere or right.everywhere,
    )  # fmt: skip


class _Phrase(NamedTuple):
    words: tuple[str, ...]
    meaning: Meaning


def _longest(phrases: Sequence[_Phrase], tokens: Sequence[Item], index: int) -> _Phrase | None:
    for phrase in phrases:
        length = len(phrase.words)
        if length == 1 or tuple([token.text for token in tokens[index : index + length]]) == phrase.words:
            return phrase
    return None


def _phrase_table() -> dict[str, list[_Phrase]]:
    """Phrases by their first word, longest first."""
    meanings: dict[tuple[str, ...], Meaning] = {}
    for phrase, meaning in _all_meanings():
        words = tuple(token.text for token in _tokens(folded(phrase)))
        meanings[words] = _either(meanings.get(words, Meaning()), meaning)
    table: dict[str, list[_Phrase]] = {}
    for words, meaning in sorted(meanings.items(), key=lambda entry: (-len(entry[0]), entry[0])):
        table.setdefault(words[0], []).append(_Phrase(words, meaning))
    return table


def alternatives(phrases: Collection[str]) -> str:
    """A pattern for any of the phrases, longest first: a tree by letters, so that each letter of a text is tried once.

    >>> alternatives(["fan", "fan page", "mcn"])
    '(?:fan(?:\\\\ page)?|mcn)'
    """
    tails: dict[str, list[str]] = {}
    for phrase in phrases:
        if phrase:
            tails.setdefault(phrase[0], []).append(phrase[1:])
    branches = [re.escape(letter) + alternatives(tails[letter]) for letter in sorted(tails)]
    can_end = "" in phrases
    body = "|".join(branches)
    grouped = f"(?:{body})" if len(branches) > 1 or (branches and can_end) else body
    return grouped + ("?" if branches and can_end else "")


def is_unspaced(phrase: str) -> bool:
    return re.match(f"[{UNSPACED_SCRIPTS}]", phrase) is not None


def anywhere(phrases: Sequence[str]) -> str:
    """A pattern for whole words of alphabets, and for substrings in scripts without spaces."""
    spaced = alternatives([folded(phrase) for phrase in phrases if not is_unspaced(phrase)])
    unspaced = alternatives([phrase for phrase in phrases if is_unspaced(phrase)])
    return rf"(?<!\w)(?:{spaced})(?!\w)" + (f"|{unspaced}" if unspaced else "")


def hint_of(phrases: Iterable[str], between: str = r"\b") -> str:
    """An RE2 pattern found wherever one of the phrases stands, and in some places where none does.

    between: what parts words of Latin letters; RE2 knows the edges of no others, so those are found inside words too.
    """
    known = [folded(phrase) for phrase in phrases]
    latin, other = (
        "|".join(sorted(re.escape(phrase) for phrase in known if bool(_LATIN_WORDS.fullmatch(phrase)) is is_latin))
        for is_latin in (True, False)
    )
    before, after = (between, between) if between == r"\b" else (f"(?:^|{between})", f"(?:{between}|$)")
    return f"{before}(?:{latin}){after}" + (f"|{other}" if other else "")


_LATIN_WORDS = re.compile(r"[a-z0-9_](?:.*[a-z0-9_])?", re.ASCII)
_UNSPACED = re.compile(f"({alternatives([phrase for phrase, _ in _all_meanings() if is_unspaced(phrase)])})")
_PHRASES = _phrase_table()
_PLATFORM_NAMES = [name for names in CUES["platforms"].values() for name in names]
_OPENERS = [*_PLATFORM_NAMES, *CUES["everywhere"]["own"]]
_MAYBE = re.compile(r"\.[a-z]{2}|[\[({]\s?(?:at|dot)\s?[\])}]|\sat\s.{1,40}\sdot\s|\bsame\b|" + anywhere(_OPENERS))
#: RE2, over folded texts: what this does not find holds no claim
CLAIM_HINT = r"@|\.[a-z]{2}|\b(?:at|dot|same)\b|" + hint_of(_OPENERS)

STOP_WORDS = frozenset(CUES["stop_words"]["words"])
NEVER_HANDLES = STOP_WORDS | frozenset(CUES["grammar"]["never_handles"])
WEAK_PLATFORM_WORDS = frozenset(CUES["weak_platform_words"]["words"])
LONE_LETTERS: Mapping[str, str] = CUES["lone_platform_letters"]
ICONS = {icon: platform for platform, icons in CUES["icons"].items() for icon in icons}
EVERYWHERE_PLATFORMS: Sequence[str] = CUES["everywhere"]["platforms"]
CONNECTORS = frozenset(CUES["grammar"]["connectors"])
PLACE_WORDS = frozenset(CUES["grammar"]["place_words"])
STRONG_SEPARATORS = frozenset(CUES["grammar"]["strong_separators"])
SEPARATORS = STRONG_SEPARATORS | frozenset(CUES["grammar"]["weak_separators"])
HEADING_ENDS = frozenset(CUES["grammar"]["heading_ends"])
