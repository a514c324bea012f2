"""What the grammar of claims keeps in mind between two words: what was said and still waits for its target."""

from dataclasses import dataclass, field

from identity.claim import Claim
from identity.vocabulary import Cue


@dataclass(slots=True)
class Draft:
    """A claim that words after its target may still change."""

    claim: Claim
    #: made by a label or an address: it names the platform itself
    is_plain_spoken: bool
    cue: Cue | None


@dataclass(slots=True)
class Attention:
    """What has been said since the last break and still waits for its target. Gaps count words; 99 means never."""

    platforms: list[str] = field(default_factory=list)
    platform_gap: int = 99
    has_separator: bool = False
    cue: Cue | None = None
    cue_gap: int = 99
    #: the cue belongs to the platform label: "edited by IG @x", "IG clips: @x"
    cue_governs_label: bool = False
    #: the cue was said in an earlier clause: "fan account / YT: @x" does not call x the idol
    cue_is_old: bool = False
    #: a cue that ended its line with a colon speaks for the lines below it
    heading: Cue | None = None
    #: words since the last target
    target_gap: int = 99
    #: words of the clause that wait for nothing
    idle_words: int = 0
    #: only "and", commas and the like since the last target
    is_list_open: bool = False

    def count_word(self) -> None:
        self.platform_gap += 1  # as for a place word, spelled out: most words of all bios come by here
        self.cue_gap += 1
        self.idle_words += 1
        self.is_list_open = False
        self.target_gap += 1

    def count_place_word(self) -> None:
        """ "@x on Instagram": the word does not part the two."""
        self.platform_gap += 1
        self.cue_gap += 1
        self.idle_words += 1
        self.is_list_open = False

    def end_clause(self) -> None:
        """A clause is over: a cue or label lives on only when it was the whole clause."""
        if self.cue_gap > 0 or self.target_gap == 0 or self.idle_words:
            self.cue, self.cue_gap = None, 99
        if self.platform_gap > 0 or self.target_gap == 0 or self.idle_words:
            self.platforms, self.platform_gap = [], 99
        self.is_list_open, self.target_gap, self.idle_words = False, 99, 0
        self.cue_is_old = True

    def address_said(self) -> None:
        """A site or e-mail address uses up its cue but is no claim that later words could change."""
        self.target_said()
        self.target_gap, self.is_list_open = 99, False

    def target_said(self) -> None:
        self.platforms, self.platform_gap, self.has_separator = [], 99, False
        self.cue, self.cue_gap, self.cue_governs_label = None, 99, False
        self.target_gap, self.is_list_open = 0, True
