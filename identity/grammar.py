"""The grammar of claims: one pass over the tokens of a text, from left to right.

A platform word or icon close to a target and no foreign cue is a self claim; a foreign cue within its reach wins. What
a word can mean is `vocabulary.py`; what the text as a whole says of the claims found here is `settling.py`.
"""

import re
from collections.abc import Callable, Mapping

from identity.attention import Attention, Draft
from identity.claim import (
    AFTER_STRENGTH,
    CUED_STRENGTH,
    EVERYWHERE_STRENGTH,
    LABEL_STRENGTH,
    LEGACY_DISCOUNT,
    LINK_STRENGTH,
    MAX_SPAN,
    PLACED_STRENGTH,
    PLAIN_LABEL_STRENGTH,
    WEAK_LABEL_STRENGTH,
    Claim,
    Reading,
)
from identity.handles import near_form, normal_handle
from identity.links import FoundLink, ProfileLink, unglued
from identity.masking import mask_addresses
from identity.settling import Speaker, settle
from identity.vocabulary import (
    CONNECTORS,
    EVERYWHERE_PLATFORMS,
    HEADING_ENDS,
    ICONS,
    LONE_LETTERS,
    NEVER_HANDLES,
    PLACE_WORDS,
    SEPARATORS,
    STRONG_SEPARATORS,
    WEAK_PLATFORM_WORDS,
    Cue,
    Item,
    Kind,
    Meaning,
    items,
)

_WORDS_OF_GRAMMAR = {*LONE_LETTERS, *CONNECTORS, *PLACE_WORDS}
_LABEL_REACH = 4  # words that may stand between "instagram" and its handle
_PLAIN_HANDLE = re.compile(r"[a-z0-9_][a-z0-9_.]{2,29}")
_COUNT = re.compile(r"[\d.]+[km]?")  # "Instagram: 100k"
_MADE_UP = re.compile(r"[\d._]")
_EMAIL_JOINTS = frozenset({"/", ",", "&", "|", "and", "or", "\n"})
_FOREIGN = frozenset({"mention", "employer", "fan_of"})


def read_items(text: str, folded_text: str, speaker: Speaker) -> Reading:
    """What a text says; folded_text: the same text folded, character for character."""
    masked, emails, links = mask_addresses(text, folded_text)
    return _Reader(text, items(masked), emails, links, speaker).read()


def read_link(text: str, link: FoundLink, speaker: Speaker) -> Reading:
    """What a text says that is one address and nothing else."""
    if link.link is None or link.link.platform == "web":
        return Reading([], [link.link.value] if link.link else [], [], [])  # most addresses: nobody's, or a site
    return _Reader(text, [Item("link", text, 0, len(text))], [], [link], speaker).read()


class _Reader:
    """One pass over the items of one text."""

    def __init__(
        self, text: str, found: list[Item], emails: list[str], links: list[FoundLink], speaker: Speaker
    ) -> None:
        self.text = text
        self.speaker = speaker
        self.items = found
        self.unread_emails = emails
        self.unread_links = links
        self.state = Attention()
        self.drafts: list[Draft] = []
        self.sites: list[str] = []
        self.emails: list[str] = []
        self.agency_emails: list[str] = []
        self.last_email_is_agency = False

    def read(self) -> Reading:
        handlers: Mapping[str, Callable[[int, Item], None]] = {
            "phrase": self._on_phrase, "word": self._on_word, "handle": self._on_handle, "link": self._on_link,
            "email": self._on_email, "break": self._on_break, "soft": self._on_soft, "mark": self._on_mark,
        }  # fmt: skip
        for index, item in enumerate(self.items):
            if item.type == "word" and item.text not in _WORDS_OF_GRAMMAR:
                self.state.count_word()  # most items: a word that says nothing here
            else:
                handlers[item.type](index, item)
        claims = settle((draft.claim for draft in self.drafts), self.speaker)
        return Reading(claims, self.sites, self.emails, self.agency_emails)

    # Words: each either waits for a target or speaks of the last one.

    def _on_word(self, index: int, item: Item) -> None:
        if item.text in LONE_LETTERS and (following := self._item(index + 1)) and following.text in SEPARATORS:
            self._label(index, LONE_LETTERS[item.text])
        elif item.text in PLACE_WORDS and item.text not in CONNECTORS:
            self.state.count_place_word()
        elif item.text not in CONNECTORS:
            self.state.count_word()

    def _on_phrase(self, index: int, item: Item) -> None:
        meaning = item.meaning or Meaning()
        if meaning.everywhere:
            self._everywhere(index, meaning.everywhere)
        elif meaning.platform and self._is_label(index, item):
            self._label(index, meaning.platform)
        elif meaning.after and self._ends_target(index):
            self._qualify_last(meaning.after)
        elif meaning.after and meaning.after.is_agency and self._follows_email(index):
            self._disown_email()
        elif meaning.before:
            self._hear_cue(meaning.before)
        else:
            self._on_word(index, item)

    def _on_mark(self, index: int, item: Item) -> None:
        state, following = self.state, self._item(index + 1)
        if item.text in ICONS and following and (following.type == "handle" or following.text == ":"):
            self._on_icon(index, ICONS[item.text])
        elif item.text in SEPARATORS:
            state.has_separator = True
            state.is_list_open = state.is_list_open and item.text == "/"
        elif item.text not in CONNECTORS:
            state.is_list_open = False

    def _on_icon(self, index: int, platform: str) -> None:
        if platform == self.speaker.platform:
            self._hear_cue(Cue("mention", 0))  # a camera on Instagram credits the photographer
        elif not (self.state.cue and self.state.cue.kind in _FOREIGN and self.state.cue_gap == 0):
            self._label(index, platform)

    def _on_soft(self, index: int, item: Item) -> None:
        self.state.end_clause()
        self.state.has_separator = item.text != ";"

    def _on_break(self, index: int, item: Item) -> None:
        state, previous = self.state, self._item(index - 1)
        if previous and previous.text in HEADING_ENDS and state.cue and state.cue_gap == 0 and state.target_gap:
            state.heading = state.cue
        elif item.text == "\n" and previous and previous.type in {"word", "phrase"} and state.target_gap:
            state.heading = None  # a line of prose ends the list below a heading
        state.end_clause()

    def _is_label(self, index: int, item: Item) -> bool:
        """Short names such as "ig" label something only right before a mark, a target or another name."""
        following = self._item(index + 1)
        is_bare_word = following is not None and following.type == "word" and following.text not in CONNECTORS
        return item.text not in WEAK_PLATFORM_WORDS or not is_bare_word

    def _label(self, index: int, platform: str) -> None:
        if self._names_place_of_last(index):
            self._rebind_last(platform)
            return
        state, cue = self.state, self.state.cue
        before = self._item(index - 1)
        is_joint = (
            state.platform_gap == 0 and before is not None and before.text not in STRONG_SEPARATORS
        )  # "IG & TikTok: @x"
        state.platforms = [*state.platforms, platform] if is_joint else [platform]
        state.cue_governs_label = (
            cue is not None
            and state.cue_gap == 0
            and (cue.kind == "self_secondary" or (not state.cue_is_old and (cue.kind in _FOREIGN or cue.is_agency)))
        )
        state.platform_gap, state.has_separator, state.is_list_open = 0, False, False
        self._try_plain_handle(index)

    def _names_place_of_last(self, index: int) -> bool:
        """Whether the platform comes after its target: "@x on Instagram", "@x (IG)"."""
        before, following = self._item(index - 1), self._item(index + 1)
        if not self.drafts or self.state.target_gap or self.drafts[-1].is_plain_spoken:
            return False
        leads_on = following is not None and (following.text in SEPARATORS or following.type in {"handle", "link"})
        return before is not None and before.text in PLACE_WORDS and not leads_on

    def _rebind_last(self, platform: str) -> None:
        draft = self.drafts[-1]
        if handle := normal_handle(platform, draft.claim.target_handle or ""):
            is_self = draft.claim.kind == "unknown" and platform != self.speaker.platform
            kind: Kind = "self" if is_self else draft.claim.kind
            draft.claim = draft.claim._replace(
                target_platform=platform, target_handle=handle, strength=PLACED_STRENGTH, kind=kind
            )
            draft.is_plain_spoken = True

    def _hear_cue(self, cue: Cue) -> None:
        state = self.state
        if cue.kind == "self" and state.cue and state.cue.kind in _FOREIGN and state.cue_gap == 0:
            return  # "shout out to my …"
        state.cue, state.cue_gap, state.cue_is_old = cue, 0, False
        state.cue_governs_label = state.platform_gap <= 1 and not state.has_separator
        state.target_gap += 1
        state.is_list_open = False

    def _ends_target(self, index: int) -> bool:
        """Whether a phrase speaks of the target before it: "@x clips" does, "@x clips: @y" does not."""
        following = self._item(index + 1)
        leads_on = following is not None and (following.text in SEPARATORS or following.type in {"handle", "link"})
        return bool(self.drafts) and self.state.target_gap == 0 and not leads_on

    def _follows_email(self, index: int) -> bool:
        before = self._item(index - 1)
        if before is not None and before.text in {"(", "-", "–"}:
            before = self._item(index - 2)
        return before is not None and before.type == "email"

    def _qualify_last(self, cue: Cue) -> None:
        draft = self.drafts[-1]
        if draft.claim.kind == "unknown":
            draft.claim = draft.claim._replace(kind=cue.kind, strength=AFTER_STRENGTH)
        self.state.target_gap += 1

    # Targets: e-mail addresses, handles, links.

    def _on_email(self, index: int, item: Item) -> None:
        cue, before = self._active_cue(), self._item(index - 1)
        is_agency = cue is not None and cue.is_agency
        if before and before.text in _EMAIL_JOINTS and (first := self._item(index - 2)) and first.type == "email":
            is_agency = self.last_email_is_agency
        (self.agency_emails if is_agency else self.emails).append(self.unread_emails.pop(0))
        self.last_email_is_agency = is_agency
        self.state.address_said()

    def _disown_email(self) -> None:
        """ "x@agency.com (management)": the address before belongs to people who act for the owner."""
        if self.emails:
            self.agency_emails.append(self.emails.pop())

    def _on_handle(self, index: int, item: Item) -> None:
        if self.speaker.field == "content" and self.speaker.platform == "instagram":
            return  # captions reach us without "@": what is left of it is a guess (POL-04)
        self._name(self.text[item.start + 1 : item.end], item, LABEL_STRENGTH)

    def _name(self, raw: str, item: Item, strength: float) -> None:
        """Claims for a handle: on the labelled platforms, or on the account's own when none is labelled."""
        state, cue = self.state, self._active_cue()
        platforms = state.platforms if state.platform_gap <= _LABEL_REACH else []
        rules_label = cue is not None and (state.cue_governs_label or not platforms) and cue.kind != "self"
        kind: Kind = cue.kind if cue and rules_label else "self" if platforms else "unknown"
        for platform in platforms or [self.speaker.platform]:
            if handle := normal_handle(platform, unglued(raw)):
                said: Kind = "unknown" if kind == "self" and platform == self.speaker.platform else kind
                claim = Claim(platform, said, strength, self.speaker.field, self._span(item), handle)
                self.drafts.append(Draft(claim, bool(platforms), cue))
        state.target_said()

    def _on_link(self, index: int, item: Item) -> None:
        found, state = self.unread_links.pop(0), self.state
        if (
            found.is_bare
            and state.platform_gap == 0
            and state.has_separator
            and (not found.link or found.link.kind == "site")
        ):
            self._name(self.text[found.start : found.end], item, PLAIN_LABEL_STRENGTH)  # "insta: mira.co"
        elif found.link and found.link.platform == "web":
            cue = self._active_cue()
            if not (cue and (cue.kind in _FOREIGN or cue.is_agency)):
                self.sites.append(found.link.value)
            self.state.address_said()
        elif found.link:
            self._point(found.link, item)

    def _point(self, link: ProfileLink, item: Item) -> None:
        """The claim of an address of a profile."""
        cue = self._active_cue()
        kind = self._link_kind(link.platform, cue)
        is_cued = self.speaker.field == "bio" and (cue is not None or bool(self.state.platforms))
        strength = CUED_STRENGTH if kind == "self" and is_cued else LINK_STRENGTH[self.speaker.field]
        strength = round(strength * LEGACY_DISCOUNT, 3) if link.legacy else strength
        handle, user_id = (None, link.value) if link.kind == "id" else (link.value, None)
        claim = Claim(link.platform, kind, strength, self.speaker.field, self._span(item), handle, user_id)
        self.drafts.append(Draft(claim, is_plain_spoken=True, cue=cue))
        self.state.target_said()

    def _link_kind(self, platform: str, cue: Cue | None) -> Kind:
        own: Kind = "self_secondary" if self.speaker.field == "website" else "unknown"
        by_itself: Kind = "self" if platform != self.speaker.platform else own
        if self.speaker.field in {"website", "external_urls"} or cue is None or cue.kind == "self":
            return by_itself
        is_labelled = platform in self.state.platforms and self.state.platform_gap <= _LABEL_REACH
        is_own_contact = cue.kind == "contact" and not cue.is_agency  # "contact: instagram.com/…"
        return by_itself if is_own_contact or (is_labelled and not self.state.cue_governs_label) else cue.kind

    def _active_cue(self) -> Cue | None:
        state = self.state
        if state.is_list_open and self.drafts:
            return self.drafts[-1].cue
        return state.cue if state.cue and state.cue_gap <= state.cue.reach else state.heading

    # Handles without "@", and "the same everywhere".

    def _try_plain_handle(self, index: int) -> None:
        """A handle without "@" after a label and a separator: "insta ➡ x", "ig // x", "Instagram - x"."""
        marks: list[str] = []
        while (item := self._item(index + 1 + len(marks))) and item.text in SEPARATORS:
            marks.append(item.text)
        if not marks or item is None or item.type != "word":
            return
        is_strong = not STRONG_SEPARATORS.isdisjoint(marks) or marks == ["/", "/"]
        if self._is_plain_handle(item.text, index + 1 + len(marks), is_strong):
            self.state.has_separator = True
            strength = PLAIN_LABEL_STRENGTH if is_strong else WEAK_LABEL_STRENGTH
            self._name(self.text[item.start : item.end], item, strength)

    def _is_plain_handle(self, word: str, position: int, is_strong: bool) -> bool:
        if not _PLAIN_HANDLE.fullmatch(word) or _COUNT.fullmatch(word) or word in NEVER_HANDLES:
            return False
        if self.speaker.handle and near_form(word) == near_form(self.speaker.handle):
            return True
        following = self._item(position + 1)
        is_last = following is None or following.type not in {"word", "phrase"} or _names_platform(following)
        return is_last and (is_strong or _MADE_UP.search(word) is not None)

    def _everywhere(self, index: int, whose: str) -> None:
        handle = self.speaker.handle
        if whose == "handle_after":
            if not self.drafts or self.state.target_gap:
                return
            handle = self.drafts[-1].claim.target_handle
        for platform in self._platforms_after(index) or EVERYWHERE_PLATFORMS:
            known = normal_handle(platform, handle or "")
            if known and platform != self.speaker.platform:
                span = self._span(self.items[index])
                claim = Claim(platform, "self", EVERYWHERE_STRENGTH, self.speaker.field, span, known)
                self.drafts.append(Draft(claim, is_plain_spoken=True, cue=None))

    def _platforms_after(self, index: int) -> list[str]:
        """The platforms listed right after a phrase: "same @ on IG and TikTok"."""
        platforms = []
        for item in self.items[index + 1 :]:
            if item.meaning and item.meaning.platform:
                platforms.append(item.meaning.platform)
            elif item.text not in CONNECTORS and item.text not in PLACE_WORDS:
                break
        return platforms

    def _item(self, index: int) -> Item | None:
        return self.items[index] if 0 <= index < len(self.items) else None

    def _span(self, item: Item) -> str:
        """The target with the words before it on its line, as evidence."""
        line = self.text.rfind("\n", 0, item.start) + 1
        start = max(line, item.start - MAX_SPAN // 2)
        if start > line:
            start = max(start, self.text.find(" ", start, item.start) + 1)
        return self.text[start : item.end].strip()[-MAX_SPAN:]


def _names_platform(item: Item) -> bool:
    return item.meaning is not None and item.meaning.platform is not None
