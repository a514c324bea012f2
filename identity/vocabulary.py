"""The words claims are made of: text as a person sees it, cut into tokens, with known phrases joined.

The words themselves are data in many languages (`cues.toml`). This file knows what a phrase can mean, not what a text
says: that is `claims.py`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

Kind = Literal["self", "self_secondary", "contact", "mention", "employer", "fan_of", "unknown"]

#: placeholders for addresses already found: one character, then filler, so that offsets hold and neighbours stay apart
LINK, EMAIL, FILLER = "\ue000", "\ue001", "\ue002"

_DATA: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "cues.toml").read_text(encoding="utf-8"))


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


def visible(text: str) -> str:
    """What a person sees: compatibility form, without zero-width, direction and variation characters.

    >>> visible("i\\u200bg: @mira\\ufe0f")
    'ig: @mira'
    """
    return text if text.isascii() else unicodedata.normalize("NFKC", _HIDDEN.sub("", text))


def folded(text: str) -> str:
    """Lower case without accents, character for character: offsets stay valid."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def items(text: str) -> list[Item]:
    """The tokens of a folded text, with known phrases joined (longest first)."""
    tokens = list(_tokens(text))
    joined: list[Item] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        length, meaning = _longest_phrase(tokens, index)
        joined.append(
            token
            if meaning is None
            else Item("phrase", token.text, token.start, tokens[index + length - 1].end, meaning)
        )
        index += length
    return joined


def account_kind(bio: str, name: str = "", handle: str = "") -> str | None:
    """What kind of account its words speak of: parody, fan, agency, regional, brand; None when they say nothing.

    >>> account_kind("Daily clips, fan page of Mira"), account_kind("", "Ola Knits Brasil"), account_kind("I bake")
    ('fan', 'regional', None)
    """
    kinds = {_KIND_OF_PHRASE[phrase] for phrase in _ACCOUNT_KIND.findall(folded(f"{name}\n{bio}").replace("-", " "))}
    name_words, handle_words = (_NAME_WORD.findall(folded(text)) for text in (name, handle))
    kinds |= {kind for word in [*name_words, *handle_words] if (kind := _KIND_OF_NAME_WORD.get(word))}
    if len(name_words) > 1 and name_words[-1] in _COUNTRIES:
        kinds.add("regional")
    return next((kind for kind in _DATA["account_kinds"] if kind in kinds), None)


def content_words(text: str, limit: int) -> list[str]:
    """The first `limit` distinct words that say something, sorted: no addresses, handles or stop words.

    >>> content_words("I bake sourdough. IG: @mira mira.com", 10)
    ['bake', 'sourdough']
    """
    plain = _ADDRESS.sub(" ", folded(text))
    distinct = dict.fromkeys(word for word in _CONTENT_WORD.findall(plain) if word not in STOP_WORDS)
    return sorted([*distinct][:limit])


def can_hold_claims(text: str) -> bool:
    """Whether a folded text can hold a claim, a site or an address; most bios cannot, and are not tokenised."""
    return _MAYBE.search(text) is not None


class _FoldTable(dict[int, str]):
    """One character for one character; filled on demand."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        # Hangul and kana decompose into letters that carry meaning; only accents of alphabets are dropped.
        plain = unicodedata.normalize("NFKD", character)[0] if code < 0x0600 or 0x1E00 <= code < 0x2000 else character
        lowered = plain.lower()
        self[code] = lowered if len(lowered) == 1 else plain
        return self[code]


_FOLD = _FoldTable()
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ue000-\ue002\U000e0000-\U000e0fff]"
)

# Thai, kana, Han, Hangul: words are not set apart by spaces.
_UNSPACED_SCRIPTS = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af々〇ー"
_TOKEN = re.compile(
    rf"""(?P<link>{LINK}{FILLER}*)|(?P<email>{EMAIL}{FILLER}*)
    |(?P<special>(?<!\w)(?:w/|s/o|h/t|1/2|2nd\b|2eme\b|\#ad\b))
    |(?P<unspaced>[{_UNSPACED_SCRIPTS}]+)
    |(?P<handle>(?<![a-z0-9_.])@\.?(?:[a-z0-9_](?:[a-z0-9_.\-·]*[a-z0-9_\-])?|[^\W\u0e00-\uffff]+(?:[._-]?\w+)*|\w+))
    |(?P<word>[a-z0-9_]+(?:\.[a-z0-9_]+)*|[^\W\u0e00-\uffff]+)
    |(?P<break>\n|[!?]|\.(?=\s|$))
    |(?P<soft>[|•·;‧・★☆✦│┃◦●])
    |(?P<mark>[^\w\s'’\-{FILLER}]|(?<!\S)['’-]|['’-](?!\S))""",
    re.VERBOSE,
)


def _tokens(text: str) -> Iterator[Item]:
    for match in _TOKEN.finditer(text):
        kind: Any = match.lastgroup
        if kind == "unspaced":
            yield from _unspaced(match.group(), match.start())
        else:
            yield Item("word" if kind == "special" else kind, match.group(), match.start(), match.end())


def _unspaced(run: str, offset: int) -> Iterator[Item]:
    """A run of a script without spaces, cut at the phrases we know."""
    pieces = _UNSPACED.split(run)
    start = offset
    for piece in pieces:
        if piece:
            yield Item("word", piece, start, start + len(piece))
        start += len(piece)


def _all_meanings() -> Iterator[tuple[str, Meaning]]:
    for platform, names in _DATA["platforms"].items():
        yield from ((name, Meaning(platform=platform)) for name in names)
    for group in _DATA["cues"]:
        cue = Cue(group["kind"], group["reach"], group.get("agency", False))
        yield from ((phrase, Meaning(before=cue)) for phrase in group.get("before", ()))
        yield from ((phrase, Meaning(after=cue)) for phrase in group.get("after", ()))
    yield from ((phrase, Meaning(everywhere="own")) for phrase in _DATA["everywhere"]["own"])
    yield from ((phrase, Meaning(everywhere="handle_after")) for phrase in _DATA["everywhere"]["handle_after"])


def _either(left: Meaning, right: Meaning) -> Meaning:
    return Meaning(
        left.platform or right.platform, left.before or right.before,
        left.after or right.after, left.everywhere or right.everywhere,
    )  # fmt: skip


def _longest_phrase(tokens: Sequence[Item], index: int) -> tuple[int, Meaning | None]:
    for words, meaning in _PHRASES.get(tokens[index].text, ()):
        length = len(words)
        if length == 1 or tuple(token.text for token in tokens[index : index + length]) == words:
            return length, meaning
    return 1, None


def _phrase_table() -> dict[str, list[tuple[tuple[str, ...], Meaning]]]:
    """Phrases by their first word, longest first."""
    meanings: dict[tuple[str, ...], Meaning] = {}
    for phrase, meaning in _all_meanings():
        words = tuple(token.text for token in _tokens(folded(phrase)))
        meanings[words] = _either(meanings.get(words, Meaning()), meaning)
    table: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
    for words, meaning in sorted(meanings.items(), key=lambda entry: (-len(entry[0]), entry[0])):
        table.setdefault(words[0], []).append((words, meaning))
    return table


def _alternatives(phrases: Collection[str]) -> str:
    """A pattern for any of the phrases, longest first: a tree by letters, so that each letter of a text is tried once.

    >>> _alternatives(["fan", "fan page", "mcn"])
    '(?:fan(?:\\\\ page)?|mcn)'
    """
    tails: dict[str, list[str]] = {}
    for phrase in phrases:
        if phrase:
            tails.setdefault(phrase[0], []).append(phrase[1:])
    branches = [re.escape(letter) + _alternatives(tails[letter]) for letter in sorted(tails)]
    can_end = "" in phrases
    body = "|".join(branches)
    grouped = f"(?:{body})" if len(branches) > 1 or (branches and can_end) else body
    return grouped + ("?" if branches and can_end else "")


def _is_unspaced(phrase: str) -> bool:
    return re.match(f"[{_UNSPACED_SCRIPTS}]", phrase) is not None


def _anywhere(phrases: Sequence[str]) -> str:
    """A pattern for whole words of alphabets, and for substrings in scripts without spaces."""
    spaced = _alternatives([folded(phrase) for phrase in phrases if not _is_unspaced(phrase)])
    unspaced = _alternatives([phrase for phrase in phrases if _is_unspaced(phrase)])
    return rf"(?<!\w)(?:{spaced})(?!\w)" + (f"|{unspaced}" if unspaced else "")


_UNSPACED = re.compile(f"({_alternatives([phrase for phrase, _ in _all_meanings() if _is_unspaced(phrase)])})")
_PHRASES = _phrase_table()
_KIND_OF_PHRASE = {folded(phrase): kind for kind, phrases in _DATA["account_kinds"].items() for phrase in phrases}
_ACCOUNT_KIND = re.compile(_anywhere([*_KIND_OF_PHRASE]))
_KIND_OF_NAME_WORD = {
    word: kind for kind, words in _DATA["account_kind_names"].items() if kind != "regional_last" for word in words
}
_COUNTRIES = frozenset(_DATA["account_kind_names"]["regional_last"])
_NAME_WORD = re.compile(r"[^\W_]+")
_MAYBE = re.compile(
    r"@|\.[a-z]{2}|[\[({]\s?(?:at|dot)\s?[\])}]|\sat\s.{1,40}\sdot\s|\bsame\b|"
    + _anywhere([name for names in _DATA["platforms"].values() for name in names])
)
_ADDRESS = re.compile(r"\S*[@/]\S*|\S+\.[a-z]{2,}\b")
_CONTENT_WORD = re.compile(rf"[^\W\d_\u0e00-\uffff]{{3,}}|[{_UNSPACED_SCRIPTS}]{{2}}")

STOP_WORDS = frozenset(_DATA["stop_words"]["words"])
NEVER_HANDLES = STOP_WORDS | frozenset(_DATA["grammar"]["never_handles"])
WEAK_PLATFORM_WORDS = frozenset(_DATA["weak_platform_words"]["words"])
LONE_LETTERS: Mapping[str, str] = _DATA["lone_platform_letters"]
ICONS = {icon: platform for platform, icons in _DATA["icons"].items() for icon in icons}
EVERYWHERE_PLATFORMS: Sequence[str] = _DATA["everywhere"]["platforms"]
CONNECTORS = frozenset(_DATA["grammar"]["connectors"])
PLACE_WORDS = frozenset(_DATA["grammar"]["place_words"])
STRONG_SEPARATORS = frozenset(_DATA["grammar"]["strong_separators"])
SEPARATORS = STRONG_SEPARATORS | frozenset(_DATA["grammar"]["weak_separators"])
HEADING_ENDS = frozenset(_DATA["grammar"]["heading_ends"])
