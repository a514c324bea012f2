"""The misleading cases: one table of what is planted, at which rates.

Each scene casts its own people: accounts that belong together, and accounts that only look so (`is_negative`).
The numbers are permanent names. The scenes are in `imitations.py`, `affiliations.py` and `trails.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from corpus import affiliations, imitations, trails
from corpus.accounts import Account, Casting


@dataclass(frozen=True, slots=True)
class Trap:
    """One misleading case."""

    number: int
    name: str
    #: share of a corpus' accounts that stand in its scenes
    share: float
    #: share of those accounts that mislead, in a corpus of twenty thousand; the others are the positives
    negatives: float
    #: what the scene does
    what: str
    plant: Callable[[Casting], list[Account]]


TRAPS: dict[int, Trap] = {
    trap.number: trap
    for trap in (
        Trap(1, "fan page copies the bio", 0.020, 0.44,
             "a fan page repeats a star's bio and name; three of five admit it", imitations.fan_page),
        Trap(2, "fan page with the rarer handle", 0.006, 0.33,
             "the star has a short handle, the fan page the full name", imitations.rarer_fan_page),
        Trap(3, "parody in confusable letters", 0.010, 0.33,
             "look-alike letters in the name, rn/m, 1/l, 0/o in the handle", imitations.parody),
        Trap(4, "two famous people, one handle", 0.012, 0.50,
             "each owns the handle on two of the four platforms", imitations.one_handle_two_famous),
        Trap(5, "handle freed and taken", 0.009, 0.33,
             "old video descriptions still link a handle that is somebody else's now", trails.handle_taken_over),
        Trap(6, "handle swap on a rebrand", 0.008, 0.33,
             "one owner under two names, and a stranger one letter from the new one", trails.rebrand),
        Trap(7, "brand links its ambassador", 0.012, 0.50,
             "'meet our ambassador @x' on one side, the brand's site on the other", affiliations.ambassador),
        Trap(8, "agency mail on many creators", 0.022, 0.99,
             "one mail address stands in the profiles of a whole roster", affiliations.agency_mail),
        Trap(9, "network block in descriptions", 0.016, 0.97,
             "channels of one network share links under every video", affiliations.network_block),
        Trap(10, "mail typed in words", 0.009, 0.33,
             "'name [at] gmail' here, the address there, a near address at a stranger's", trails.mail_in_words),
        Trap(11, "couple with a joint channel", 0.010, 0.50,
             "two private accounts and the accounts of the pair: three owners", affiliations.couple),
        Trap(12, "podcast with two hosts", 0.008, 0.50,
             "show and hosts link each other and share the show's site", affiliations.two_hosts),
        Trap(13, "main, second and clips channel", 0.015, 0.20,
             "one owner has three channels on one platform, stated both ways", trails.three_channels),
        Trap(14, "clips by permission", 0.008, 0.33,
             "a third party cuts a star's videos and says so", imitations.licensed_clips),
        Trap(15, "automatic music channel", 0.010, 0.43,
             "'Name - Topic' made by the platform, 'nameVEVO' run by a label", imitations.automatic_channel),
        Trap(16, "franchise per country", 0.012, 0.60,
             "branches share name, bio and site, each with its own owner", affiliations.franchise),
        Trap(17, "link page of a duo", 0.008, 0.50,
             "two owners show one link-in-bio page", affiliations.duo_page),
        Trap(18, "expired domain, now a shop", 0.006, 0.33,
             "a site under old videos belongs to a shop today", trails.expired_domain),
        Trap(19, "link shortener", 0.008, 0.80,
             "strangers share a shortener's host, or a bare link-page host", trails.shortened_links),
        Trap(20, "caption without @", 0.010, 0.33,
             "captions name a friend's handle as a bare word", trails.bare_mention),
        Trap(21, "one name in two scripts", 0.012, 0.33,
             "native spelling here, Latin there, and a namesake beside them", imitations.two_scripts),
        Trap(22, "first-name handles", 0.012, 0.80,
             "four people hold one first name on four platforms", imitations.first_name_handles),
        Trap(23, "bios of one coach school", 0.014, 0.97,
             "pupils use the school's bio word for word", affiliations.coach_school),
        Trap(24, "invented persona and its maker", 0.008, 0.50,
             "a rendered person's accounts, and those of whoever renders it", imitations.invented_persona),
        Trap(25, "charity and founder", 0.008, 0.50,
             "cause and founder share a site and name each other", affiliations.charity),
        Trap(26, "link to a dead account", 0.005, 0.33,
             "the linked handle is gone, a stranger's is one letter away", trails.dead_link),
        Trap(27, "private account, never fetched", 0.008, 0.33,
             "the stated account is not in any delivery; its handle is a stranger's elsewhere", trails.private_account),
        Trap(28, "prompt injection", 0.008, 0.67,
             "a bio or description gives orders to its reader", trails.injection),
    )
}  # fmt: skip
