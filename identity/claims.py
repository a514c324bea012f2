"""What a text says about other accounts: typed claims, each with the words it rests on.

In comes one text of an account (bio, website, a list of addresses, a content description); out come claims: "this is me
there" (self, self_secondary), "this is somebody else" (contact, mention, employer, fan_of), or "it is named" (unknown).
A text is data: nothing in it is obeyed, opened or executed. Cue words live in `cues.toml`; the grammar is here:
a platform word or icon close to a target and no foreign cue is a self claim; a foreign cue within its reach wins.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from identity.handles import near_form, normal_handle
from identity.links import FoundLink, find_links, is_free_mail, registrable_domain

Kind = Literal["self", "self_secondary", "contact", "mention", "employer", "fan_of", "unknown"]
Field = Literal["bio", "website", "external_urls", "content"]

MAX_SPAN = 80  # characters of matched text kept as evidence
MAX_TEXT = 5_000  # the longest description a platform takes; what follows is not read
_LABEL_REACH = 4  # words that may stand between "instagram" and its handle

#: strength of a self claim, by how it is made
LINK_STRENGTH = {"website": 0.97, "external_urls": 0.92, "bio": 0.88, "content": 0.8}
LABEL_STRENGTH = 0.92  # "IG: @x"
CUED_STRENGTH = 0.95  # "follow me on Instagram: <link>"
PLAIN_LABEL_STRENGTH = 0.8  # "insta: x", no "@"
EVERYWHERE_STRENGTH = 0.75  # "same @ everywhere"
UNKNOWN_STRENGTH = 0.5  # a lone "@x"; shared among all of them in the text
LEGACY_DISCOUNT = 0.85  # /c/ and /user/ names of YouTube need not be today's handle


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about another account."""

    target_platform: str
    kind: Kind
    #: 0..1, how plainly it is said
    strength: float
    field: Field
    #: the matched text, at most 80 characters
    span: str
    target_handle: str | None = None
    #: as in the address, e.g. UC… of a YouTube channel
    target_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything one text says that identity uses."""

    claims: list[Claim]
    #: hubs and sites that are the owner's as far as the text tells, in order
    sites: list[str]
    #: e-mail addresses of the owner, lower case, in order; those of a management are left out
    emails: list[str]
    #: addresses of people who speak for the owner
    agency_emails: list[str]


def parse_claims(text: str, field: Field, own_platform: str, own_handle: str | None = None) -> list[Claim]:
    """The claims of one text, in order of appearance, strongest per (target, kind).

    own_handle: what "same @ everywhere" refers to; without it that phrase says nothing.

    >>> [(c.target_platform, c.target_handle, c.kind) for c in parse_claims("IG: @mira.bakes, edits by @jo", "bio", "x")]
    [('instagram', 'mira.bakes', 'self'), ('x', 'jo', 'mention')]
    """
    return read_text(text, field, own_platform, own_handle).claims


def read_text(text: str, field: Field, own_platform: str, own_handle: str | None = None) -> Reading:
    """Claims, sites and e-mail addresses of one text."""
    clean = visible(text[:MAX_TEXT])
    if not needs_reading(clean):
        return Reading([], [], [], [])
    return _Reader(clean, field, own_platform, own_handle).read()


def account_kind(text: str) -> str | None:
    """What kind of account a name and bio speak of: parody, fan, agency, regional, brand; None when they say nothing.

    >>> account_kind("Daily clips, fan page of Mira"), account_kind("I bake")
    ('fan', None)
    """
    found = _ACCOUNT_KIND.search(folded(visible(text)).replace("-", " "))
    if not found:
        return None
    kinds = {
        _KIND_OF_PHRASE[match.group()] for match in _ACCOUNT_KIND.finditer(folded(visible(text)).replace("-", " "))
    }
    return next(kind for kind in _DATA["account_kinds"] if kind in kinds)


def content_words(text: str, limit: int) -> list[str]:
    """The first `limit` distinct words that say something, sorted: no addresses, handles, cues or stop words.

    >>> content_words("I bake sourdough. IG: @mira mira.com", 10)
    ['bake', 'sourdough']
    """
    plain = _ADDRESS.sub(" ", folded(text))
    words = dict.fromkeys(word for word in _CONTENT_WORD.findall(plain) if word not in _STOP_WORDS)
    return sorted([*words][:limit])


def visible(text: str) -> str:
    """What a person sees: compatibility form, without zero-width, direction and variation characters.

    >>> visible("i\\u200bg: @mira\\ufe0f")
    'ig: @mira'
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _HIDDEN.sub("", text))


def folded(text: str) -> str:
    """Lower case without accents, character for character: offsets stay valid."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def needs_reading(text: str) -> bool:
    """Whether the text can hold any claim, site or address; most bios cannot, and are not tokenised."""
    return _MAYBE.search(folded(text)) is not None


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
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True)
class _Cue:
    kind: Kind
    reach: int
    is_agency: bool = False


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a phrase can mean; several at once ("clips" before or after a target)."""

    platform: str | None = None
    before: _Cue | None = None
    after: _Cue | None = None
    everywhere: Literal["own", "handle_after"] | None = None


_DATA: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "cues.toml").read_text(encoding="utf-8"))
_WEAK = frozenset(_DATA["weak_platform_words"]["words"])
_LONE_LETTERS: Mapping[str, str] = _DATA["lone_platform_letters"]
_ICONS = {icon: platform for platform, icons in _DATA["icons"].items() for icon in icons}
_EVERYWHERE_PLATFORMS: Sequence[str] = _DATA["everywhere"]["platforms"]
_UNSPACED_START = "\u0e00"  # Thai, kana, Han, Hangul: words are not set apart by spaces

_SPECIAL_WORDS = r"w/|s/o|h/t|1/2|2nd|2eme|\#ad\b"
_EMAIL = re.compile(r"[a-z0-9][\w.+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
_AT = r"\s?[\[({<]\s?(?:at|@|arroba|ät)\s?[\])}>]\s?|\s(?:\(at\)|at|arroba)\s"
_DOT = r"\s?[\[({<]\s?(?:dot|\.|punkt|punto|ponto|point)\s?[\])}>]\s?|\s(?:dot|punkt|punto|ponto)\s|\."
_SPELLED_EMAIL = re.compile(
    rf"(?P<name>[a-z0-9][\w.+-]{{1,63}})(?P<at>{_AT}|@)(?P<host>[a-z0-9-]{{2,40}}(?:(?:{_DOT})[a-z0-9-]{{2,20}}){{1,2}})",
    re.IGNORECASE,
)
_DOT_SPELLINGS = re.compile(_DOT, re.IGNORECASE)


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(token.text for token in _tokens(folded(phrase)) if token.type == "word" or token.text in _PHRASE_MARKS)


@dataclass(frozen=True, slots=True)
class _Token:
    type: str  # word, handle, mark, soft (| •), break (end of line or sentence), link, email
    text: str
    start: int
    end: int


_LINK, _MAIL = "\ue000", "\ue001"
_TOKEN = re.compile(
    rf"""(?P<link>{_LINK}+)|(?P<email>{_MAIL}+)
    |(?P<special>(?<!\w)(?:{_SPECIAL_WORDS}))
    |(?P<unspaced>[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af々〇ー]+)
    |(?P<handle>(?<![a-z0-9_.])@\.?(?:[a-z0-9_](?:[a-z0-9_.\-·]*[a-z0-9_\-])?|[^\W\u0e00-\uffff]+(?:[._-]?\w+)*|\w+))
    |(?P<word>[a-z0-9_]+(?:\.[a-z0-9_]+)*|[^\W\u0e00-\uffff]+)
    |(?P<break>\n|[.!?](?=\s|$))
    |(?P<soft>[|•·;‧・★☆✦│┃◦●])
    |(?P<mark>[^\w\s'’-]|(?<![^\s])['’-]|['’-](?![^\s]))""",
    re.VERBOSE,
)


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        if kind == "unspaced":
            yield from _unspaced(match.group(), match.start())
        else:
            yield _Token("word" if kind == "special" else kind, match.group(), match.start(), match.end())


def _unspaced(run: str, offset: int) -> Iterator[_Token]:
    """A run of a script without spaces, cut at the phrases we know."""
    position = 0
    for match in _UNSPACED.finditer(run):
        if match.start() > position:
            yield _Token("word", run[position : match.start()], offset + position, offset + match.start())
        yield _Token("word", match.group(), offset + match.start(), offset + match.end())
        position = match.end()
    if position < len(run):
        yield _Token("word", run[position:], offset + position, offset + len(run))


def _all_phrases() -> Iterator[tuple[str, _Meaning]]:
    for platform, names in _DATA["platforms"].items():
        yield from ((name, _Meaning(platform=platform)) for name in names)
    for group in _DATA["cues"]:
        cue = _Cue(group["kind"], group["reach"], group.get("agency", False))
        yield from ((phrase, _Meaning(before=cue)) for phrase in group.get("before", ()))
        yield from ((phrase, _Meaning(after=cue)) for phrase in group.get("after", ()))
    for phrase in _DATA["everywhere"]["own"]:
        yield phrase, _Meaning(everywhere="own")
    for phrase in _DATA["everywhere"]["handle_after"]:
        yield phrase, _Meaning(everywhere="handle_after")


_PHRASE_MARKS = {"@"} | {phrase for phrase, _ in _all_phrases() if len(phrase) == 1 and not phrase.isalnum()}
_UNSPACED = re.compile(
    "|".join(
        re.escape(phrase)
        for phrase in sorted(
            {phrase for phrase, _ in _all_phrases() if phrase[0] >= _UNSPACED_START and phrase[0] < "\ue000"},
            key=lambda p: (-len(p), p),
        )
    )
)


def _merge(left: _Meaning, right: _Meaning) -> _Meaning:
    return _Meaning(
        left.platform or right.platform,
        left.before or right.before,
        left.after or right.after,
        left.everywhere or right.everywhere,
    )


def _phrase_table() -> dict[str, list[tuple[tuple[str, ...], _Meaning]]]:
    """Phrases by their first word, longest first."""
    meanings: dict[tuple[str, ...], _Meaning] = {}
    for phrase, meaning in _all_phrases():
        if words := _words(phrase):
            meanings[words] = _merge(meanings.get(words, _Meaning()), meaning)
    table: dict[str, list[tuple[tuple[str, ...], _Meaning]]] = {}
    for words, meaning in sorted(meanings.items(), key=lambda item: (-len(item[0]), item[0])):
        table.setdefault(words[0], []).append((words, meaning))
    return table


_PHRASES = _phrase_table()


@dataclass(frozen=True, slots=True)
class _Item:
    """A token with its meaning, or a whole phrase."""

    type: str  # as _Token, besides "phrase"
    text: str
    start: int
    end: int
    meaning: _Meaning | None = None


def _items(text: str) -> list[_Item]:
    tokens = list(_tokens(text))
    items: list[_Item] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        length, meaning = _longest_phrase(tokens, index)
        if meaning:
            items.append(_Item("phrase", token.text, token.start, tokens[index + length - 1].end, meaning))
        else:
            items.append(_Item(token.type, token.text, token.start, token.end))
        index += max(length, 1)
    return items


def _longest_phrase(tokens: Sequence[_Token], index: int) -> tuple[int, _Meaning | None]:
    if tokens[index].type in {"word", "mark"}:
        for words, meaning in _PHRASES.get(tokens[index].text, ()):
            length = len(words)
            if length == 1 or tuple(token.text for token in tokens[index : index + length]) == words:
                return length, meaning
    return 0, None


_CONNECTORS = frozenset(["and", "y", "und", "et", "e", "og", "i", "en", "&", "+", ",", "/", "and/or", "ve", "och", "oraz", "и"])
_ON = frozenset(["on", "en", "auf", "sur", "su", "em", "no", "na", "op", "pa", "at", "over", "в", "на", "("])
_STRONG_SEPARATORS = frozenset([":", "➡", "→", "👉", ">", "=", "@", "⇒", "»", "➜", "▸", "►", "⮕", "⟶", "⤵", "↓", "⬇", "👇", "(", "["])
_WEAK_SEPARATORS = frozenset(["-", "–", "—", "/", "|", "~", "・", "·"])
_SEPARATORS = _STRONG_SEPARATORS | _WEAK_SEPARATORS
_POINTS_DOWN = frozenset([":", "⬇", "↓", "👇", "⤵", "➡", "→", "👉"])
_PLAIN_HANDLE = re.compile(r"[a-z0-9_][a-z0-9_.]{2,29}")
_FOREIGN = frozenset({"mention", "employer", "fan_of"})
_FAN_TEXT = frozenset(tuple(_words(phrase)) for kind in ("fan", "parody") for phrase in _DATA["account_kinds"][kind])
_MAX_SELF_PER_PLATFORM = 2  # a text that calls three accounts of one platform its own is a list of other people


@dataclass(slots=True)
class _Draft:
    claim: Claim
    is_labelled: bool
    cue: _Cue | None


@dataclass(slots=True)
class _State:
    """What has been said since the last break and still waits for its target."""

    platforms: list[str] = field(default_factory=list)
    platform_gap: int = 99
    has_separator: bool = False
    cue: _Cue | None = None
    cue_gap: int = 99
    #: the cue belongs to the platform label: "edited by IG @x", "IG clips: @x"
    cue_governs_label: bool = False
    heading: _Cue | None = None
    drafts: list[_Draft] = field(default_factory=list)
    target_gap: int = 99
    is_list_open: bool = False


class _Reader:
    """One pass over the items of one text."""

    def __init__(self, text: str, field: Field, own_platform: str, own_handle: str | None) -> None:
        self.text = text
        self.field = field
        self.own_platform = own_platform
        self.own_handle = own_handle
        self.state = _State()
        self.reading = Reading([], [], [], [])

    def read(self) -> Reading:
        masked, self.emails, self.links = _mask(self.text)
        self.items = _items(folded(masked))
        handlers: Mapping[str, Callable[[int, _Item], None]] = {
            "phrase": self._on_phrase,
            "word": self._on_word,
            "handle": self._on_handle,
            "link": self._on_link,
            "email": self._on_email,
            "break": self._on_break,
            "soft": self._on_soft,
            "mark": self._on_mark,
        }
        for index, item in enumerate(self.items):
            handlers[item.type](index, item)
        return replace(self.reading, claims=self._settle())

    def _next(self, index: int) -> _Item | None:
        return self.items[index + 1] if index + 1 < len(self.items) else None

    def _on_word(self, index: int, item: _Item) -> None:
        following = self._next(index)
        if item.text in _LONE_LETTERS and following and following.text in _SEPARATORS:
            self._label(index, _LONE_LETTERS[item.text])
            return
        if item.text in _CONNECTORS:
            return
        state = self.state
        state.platform_gap += 1
        state.cue_gap += 1
        state.target_gap += 0 if item.text in _ON else 1
        state.is_list_open = False

    def _on_phrase(self, index: int, item: _Item) -> None:
        meaning = item.meaning
        assert meaning is not None
        if meaning.everywhere:
            self._everywhere(index, meaning.everywhere)
        elif meaning.platform and self._is_label(index, item):
            self._label(index, meaning.platform)
        elif meaning.after and self._ends_target(index):
            self._qualify_last(meaning.after)
        elif meaning.before:
            self._set_cue(meaning.before)
        elif item.text in _ICONS:
            self._on_mark(index, item)
        else:
            self._on_word(index, item)

    def _is_label(self, index: int, item: _Item) -> bool:
        following = self._next(index)
        if item.text not in _WEAK:
            return True
        return (
            following is None
            or following.type in {"mark", "handle", "link", "soft", "phrase", "break"}
            or following.text in _CONNECTORS
        )

    def _label(self, index: int, platform: str) -> None:
        state = self.state
        if state.drafts and self._names_place_of_last(index):
            self._rebind_last(platform)
            return
        is_joint = state.platform_gap == 0 and not state.has_separator
        state.platforms = [*state.platforms, platform] if is_joint else [platform]
        state.cue_governs_label = (
            state.cue is not None
            and state.cue_gap == 0
            and (state.cue.kind in _FOREIGN or state.cue.kind == "self_secondary" or state.cue.is_agency)
        )
        state.platform_gap = 0
        state.has_separator = False
        state.is_list_open = False
        self._try_plain_handle(index)

    def _names_place_of_last(self, index: int) -> bool:
        """ "@x on Instagram", "@x (IG)": the platform comes after its target."""
        before, following = self.items[index - 1], self._next(index)
        if self.state.target_gap or self.state.drafts[-1].is_labelled or before.text not in _ON:
            return False
        return following is None or (following.text not in _SEPARATORS and following.type not in {"handle", "link"})

    def _rebind_last(self, platform: str) -> None:
        draft = self.state.drafts[-1]
        handle = normal_handle(platform, draft.claim.target_handle or "")
        if handle:
            kind: Kind = "self" if draft.claim.kind == "unknown" and platform != self.own_platform else draft.claim.kind
            draft.claim = replace(draft.claim, target_platform=platform, target_handle=handle, kind=kind, strength=0.85)
            draft.is_labelled = True

    def _set_cue(self, cue: _Cue) -> None:
        state = self.state
        if cue.kind == "self" and state.cue and state.cue.kind in _FOREIGN and state.cue_gap == 0:
            return  # "shout out to my …"
        state.cue, state.cue_gap = cue, 0
        state.cue_governs_label = state.platform_gap <= 1 and not state.has_separator
        state.target_gap += 1
        state.is_list_open = False

    def _ends_target(self, index: int) -> bool:
        """ "@x clips" qualifies @x; "@x clips: @y" labels @y."""
        following = self._next(index)
        is_label = following is not None and (following.text in _SEPARATORS or following.type in {"handle", "link"})
        return bool(self.state.drafts) and self.state.target_gap == 0 and not is_label

    def _qualify_last(self, cue: _Cue) -> None:
        draft = self.state.drafts[-1]
        if draft.claim.kind == "unknown" or (cue.kind == "fan_of" and not draft.is_labelled):
            draft.claim = replace(draft.claim, kind=cue.kind, strength=0.8)
        self.state.target_gap += 1

    def _on_mark(self, index: int, item: _Item) -> None:
        state = self.state
        following = self._next(index)
        if item.text in _ICONS and following and (following.type == "handle" or following.text == ":"):
            if _ICONS[item.text] == self.own_platform:
                self._set_cue(_Cue("mention", 0))  # a camera on Instagram credits the photographer
            elif not (state.cue and state.cue.kind in _FOREIGN and state.cue_gap == 0):
                self._label(index, _ICONS[item.text])
        elif item.text in _SEPARATORS:
            state.has_separator = True
            state.is_list_open = state.is_list_open and item.text == "/"
        elif item.text not in _CONNECTORS:
            state.is_list_open = False

    def _on_soft(self, index: int, item: _Item) -> None:
        self._clear_spent()
        if item.text != ";":
            self.state.has_separator = True

    def _on_break(self, index: int, item: _Item) -> None:
        state = self.state
        previous = self.items[index - 1] if index else None
        if previous and previous.text in _POINTS_DOWN and state.cue and state.cue_gap == 0 and state.target_gap:
            state.heading = state.cue
        elif item.text == "\n" and previous and previous.type in {"word", "phrase"} and state.target_gap:
            state.heading = None
        self._clear_spent()

    def _clear_spent(self) -> None:
        """A clause is over: a cue or label lives on only when it was the last thing said."""
        state = self.state
        if state.cue_gap > 0 or state.target_gap == 0:
            state.cue = None
        if state.platform_gap > 0 or state.target_gap == 0:
            state.platforms, state.platform_gap = [], 99
        state.is_list_open = False
        state.target_gap = 99

    def _on_email(self, index: int, item: _Item) -> None:
        address = self.emails.pop(0)
        cue = self.state.cue
        is_agency = cue is not None and cue.is_agency and self.state.cue_gap <= cue.reach
        (self.reading.agency_emails if is_agency else self.reading.emails).append(address)
        self.state.target_gap = 99

    def _on_handle(self, index: int, item: _Item) -> None:
        raw = self.text[item.start + 1 : item.end]
        if self.field == "content" and self.own_platform == "instagram":
            return  # captions reach us without "@": what is left of it is a guess (POL-04)
        self._targets(raw, item)

    def _targets(self, raw: str, item: _Item, *, strength: float = LABEL_STRENGTH) -> None:
        """Claims for a handle: on the labelled platforms, or on the account's own when none is named."""
        state = self.state
        platforms = state.platforms if state.platform_gap <= _LABEL_REACH else []
        cue = self._active_cue()
        kind: Kind
        if platforms:
            kind = cue.kind if cue and state.cue_governs_label and cue.kind not in {"self", "unknown"} else "self"
        else:
            kind = cue.kind if cue and cue.kind != "self" else "unknown"
        for platform in platforms or [self.own_platform]:
            said = kind if kind != "self" or platform != self.own_platform else "unknown"
            handle = normal_handle(platform, raw)
            if handle:
                self._draft(
                    Claim(platform, said, strength, self.field, self._span(item), handle),
                    is_labelled=bool(platforms),
                    cue=cue,
                )
        self._target_said(cue)

    def _on_link(self, index: int, item: _Item) -> None:
        found = self.links.pop(0)
        state = self.state
        if (
            found.is_bare
            and state.platforms
            and state.platform_gap == 0
            and state.has_separator
            and (found.link is None or found.link.kind == "site")
        ):
            self._targets(self.text[found.start : found.end], item, strength=PLAIN_LABEL_STRENGTH)
            return
        cue = self._active_cue()
        if found.link is None:
            return
        if found.link.platform == "web":
            if not (cue and (cue.kind in _FOREIGN or cue.is_agency)):
                self.reading.sites.append(found.link.value)
            return
        kind = self._link_kind(found.link.platform, cue)
        strength = (
            CUED_STRENGTH
            if kind == "self" and self.field == "bio" and (cue or state.platforms)
            else LINK_STRENGTH[self.field]
        )
        strength = strength * LEGACY_DISCOUNT if found.link.legacy else strength
        is_id = found.link.kind == "id"
        self._draft(
            Claim(found.link.platform, kind, round(strength, 3), self.field, self._span(item),
                  None if is_id else found.link.value, found.link.value if is_id else None),
            is_labelled=True, cue=cue,
        )  # fmt: skip
        self._target_said(cue)

    def _link_kind(self, platform: str, cue: _Cue | None) -> Kind:
        if self.field in {"website", "external_urls"}:
            return "self" if platform != self.own_platform else "unknown"
        is_labelled = platform in self.state.platforms and self.state.platform_gap <= _LABEL_REACH
        if (
            cue
            and cue.kind != "self"
            and (cue.is_agency or cue.kind != "contact")
            and (self.state.cue_governs_label or not is_labelled)
        ):
            return cue.kind
        return "self" if platform != self.own_platform else "unknown"

    def _active_cue(self) -> _Cue | None:
        state = self.state
        if state.is_list_open and state.drafts:
            return state.drafts[-1].cue
        if state.cue and state.cue_gap <= state.cue.reach:
            return state.cue
        return state.heading

    def _target_said(self, cue: _Cue | None) -> None:
        state = self.state
        state.platforms, state.platform_gap, state.has_separator = [], 99, False
        state.cue, state.cue_gap, state.cue_governs_label = None, 99, False
        state.target_gap, state.is_list_open = 0, True

    def _draft(self, claim: Claim, *, is_labelled: bool, cue: _Cue | None) -> None:
        self.state.drafts.append(_Draft(claim, is_labelled, cue))

    def _span(self, item: _Item) -> str:
        """The target with the words before it on its line, as evidence."""
        line = self.text.rfind("\n", 0, item.start) + 1
        start = max(line, item.end - MAX_SPAN, item.start - 40)
        return self.text[start : item.end].strip()[:MAX_SPAN]

    def _try_plain_handle(self, index: int) -> None:
        """ "insta ➡ x", "Instagram - x": a handle without "@" after a label and a separator."""
        position = index + 1
        marks = []
        while (
            (position < len(self.items)
            and self.items[position].type in {"mark", "soft"})
            or (position < len(self.items) and self.items[position].text in _SEPARATORS)
        ):
            marks.append(self.items[position].text)
            position += 1
        if position >= len(self.items) or not marks or not set(marks) <= _SEPARATORS:
            return
        item = self.items[position]
        is_strong = bool(_STRONG_SEPARATORS & set(marks)) or "".join(marks) == "//"
        if item.type == "word" and self._is_plain_handle(item.text, position, is_strong):
            self.state.has_separator = True
            self._targets(self.text[item.start : item.end], item, strength=PLAIN_LABEL_STRENGTH if is_strong else 0.65)

    def _is_plain_handle(self, word: str, position: int, is_strong: bool) -> bool:
        if not _PLAIN_HANDLE.fullmatch(word) or word.isdigit() or word in _STOP_WORDS:
            return False
        if self.own_handle and near_form(word) == near_form(self.own_handle):
            return True
        following = self._next(position)
        ends_clause = (
            following is None
            or following.type in {"break", "soft", "link", "handle"}
            or following.type == "mark"
            or (following.meaning is not None and following.meaning.platform is not None)
        )
        looks_made_up = bool(re.search(r"[\d._]", word))
        return (
            (looks_made_up and (is_strong or ends_clause)) or (is_strong and ends_clause) or (ends_clause and looks_made_up)
        )

    def _everywhere(self, index: int, meaning: str) -> None:
        state = self.state
        handle = self.own_handle
        if meaning == "handle_after":
            if not state.drafts or state.target_gap:
                return
            handle = state.drafts[-1].claim.target_handle
        item = self.items[index]
        for platform in self._platforms_after(index) or _EVERYWHERE_PLATFORMS:
            known = normal_handle(platform, handle or "")
            if known and platform != self.own_platform:
                self._draft(
                    Claim(platform, "self", EVERYWHERE_STRENGTH, self.field, self._span(item), known),
                    is_labelled=True,
                    cue=None,
                )

    def _platforms_after(self, index: int) -> list[str]:
        """ "same @ on IG and TikTok": the platforms listed right after the phrase."""
        platforms = []
        for item in self.items[index + 1 :]:
            if item.meaning and item.meaning.platform:
                platforms.append(item.meaning.platform)
            elif item.text not in _CONNECTORS and item.text not in _ON:
                break
        return platforms

    def _settle(self) -> list[Claim]:
        """Claims after what only the whole text can tell: lists of others, fan pages, the account itself."""
        claims = [draft.claim for draft in self.state.drafts]
        claims = [claim for claim in claims if not self._is_own(claim)]
        claims = _doubt_lists(claims)
        if self._is_fan_text():
            claims = [self._as_fan(claim) for claim in claims]
        lone = sum(claim.kind == "unknown" for claim in claims)
        claims = [
            replace(claim, strength=round(UNKNOWN_STRENGTH / lone, 3)) if claim.kind == "unknown" else claim
            for claim in claims
        ]
        if self.field == "content":
            claims = [replace(claim, kind="mention") if claim.kind == "unknown" else claim for claim in claims]
        return _strongest(claims)

    def _is_own(self, claim: Claim) -> bool:
        return (
            claim.target_platform == self.own_platform
            and claim.target_handle is not None
            and claim.target_handle == self.own_handle
        )

    def _is_fan_text(self) -> bool:
        words = [item.text for item in _tokens(folded(self.text)) if item.type == "word"]
        return any(
            tuple(words[start : start + size]) in _FAN_TEXT for start in range(len(words)) for size in (1, 2, 3, 4)
        )

    def _as_fan(self, claim: Claim) -> Claim:
        """In a fan's text a bare name is the idol, and a labelled one may be: only the fan's own name is believed."""
        if claim.kind == "unknown":
            return replace(claim, kind="fan_of", strength=0.8)
        own, target = near_form(self.own_handle), near_form(claim.target_handle)
        if claim.kind == "self" and not (own and target and (own == target or "fan" in target)):
            return replace(claim, kind="unknown")
        return claim


def _doubt_lists(claims: Sequence[Claim]) -> list[Claim]:
    targets: dict[str, set[str | None]] = {}
    for claim in claims:
        if claim.kind == "self":
            targets.setdefault(claim.target_platform, set()).add(claim.target_handle or claim.target_user_id)
    crowded = {platform for platform, names in targets.items() if len(names) > _MAX_SELF_PER_PLATFORM}
    return [
        replace(claim, kind="unknown") if claim.kind == "self" and claim.target_platform in crowded else claim
        for claim in claims
    ]


def _strongest(claims: Sequence[Claim]) -> list[Claim]:
    best: dict[tuple[str, str | None, str | None, str], Claim] = {}
    for claim in claims:
        key = (claim.target_platform, claim.target_handle, claim.target_user_id, claim.kind)
        if key not in best or claim.strength > best[key].strength:
            best[key] = claim
    return list(best.values())


_STOP_WORDS = frozenset(_DATA["stop_words"]["words"]) | {
    "soon",
    "coming",
    "comedy",
    "daily",
    "vlogs",
    "me",
    "my",
    "influencer",
    "partner",
    "shorts",
    "verified",
    "star",
    "stars",
    "famous",
    "model",
    "none",
    "n/a",
    "same",
    "here",
    "above",
}


def _mask(text: str) -> tuple[str, list[str], list[FoundLink]]:
    """The text with addresses replaced by placeholders of the same length, and the addresses in order."""
    emails: list[str] = []
    for match in [*_find_emails(text)]:
        emails.append(match[1])
        text = text[: match[0][0]] + _MAIL * (match[0][1] - match[0][0]) + text[match[0][1] :]
    links = find_links(text)
    for found in links:
        text = text[: found.start] + _LINK * (found.end - found.start) + text[found.end :]
    return text, emails, links


def _find_emails(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    if _SPELLED_HINT.search(text):
        pattern = _SPELLED_EMAIL
    elif "@" in text:
        pattern = _EMAIL
    else:
        return
    for match in pattern.finditer(text):
        address = match.group() if pattern is _EMAIL else _spelled(match)
        if address and (domain := address.rpartition("@")[2].lower()) and registrable_domain(domain):
            yield match.span(), address.lower()


_SPELLED_HINT = re.compile(
    r"[\[({<]\s?(?:at|@|arroba|dot)\s?[\])}>]|\s(?:at|arroba)\s.{1,40}\s(?:dot|punto|ponto|punkt)\s|\s(?:at|arroba)\s\w+\.",
    re.IGNORECASE,
)


def _spelled(match: re.Match[str]) -> str | None:
    """The address that was spelled out; plain " at " is believed only before a free mail host ("find me at …")."""
    domain = _DOT_SPELLINGS.sub(".", match["host"]).lower()
    is_plain = match["at"].strip().lower() in {"at", "arroba"}
    return f"{match['name']}@{domain}" if not is_plain or is_free_mail(domain) else None


_MAYBE = re.compile(
    r"@|\.[a-z]{2}|[\[({]\s?(?:at|dot)\s?[\])}]| at .{1,40} dot |\bsame |"
     r"\b(?:"
    + "|".join(sorted(re.escape(folded(n)) for ns in _DATA["platforms"].values() for n in ns if n[0] < _UNSPACED_START))
    + r")\b|"
    + "|".join(sorted(re.escape(n) for ns in _DATA["platforms"].values() for n in ns if n[0] >= _UNSPACED_START))
)

_KIND_OF_PHRASE = {folded(phrase): kind for kind, phrases in _DATA["account_kinds"].items() for phrase in phrases}
_ACCOUNT_KIND = re.compile(
    r"(?<![a-z0-9])(?:" + "|".join(re.escape(p) for p in sorted(_KIND_OF_PHRASE, key=lambda p: (-len(p), p)) if p[0] < _UNSPACED_START)
    + r")(?![a-z0-9])|" + "|".join(re.escape(p) for p in sorted(_KIND_OF_PHRASE, key=lambda p: (-len(p), p)) if p[0] >= _UNSPACED_START)
)  # fmt: skip
_ADDRESS = re.compile(r"\S*[@/]\S*|\S+\.[a-z]{2,}\b")
_CONTENT_WORD = re.compile(r"[^\W\d_\u0e00-\uffff]{3,}|[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")
