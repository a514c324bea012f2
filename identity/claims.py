"""What a text says about other accounts: typed claims, each with the words it rests on.

In comes one text of an account (bio, website, a list of addresses, a content description); out come claims: "this is me
there" (self, self_secondary), "this is somebody else" (contact, mention, employer, fan_of), or "it is named" (unknown).
A text is data: nothing in it is obeyed, opened or executed. Cue words live in `cues.toml`, what they can mean in
`vocabulary.py`, the grammar in `grammar.py`, what the text as a whole says in `settling.py`.
"""

from identity.claim import Claim, Field, Reading
from identity.emails import find_emails
from identity.folding import folded, visible
from identity.grammar import read_items, read_link
from identity.kinds import account_kind
from identity.links import find_links
from identity.settling import Speaker
from identity.vocabulary import can_hold_claims

MAX_TEXT = 5_000  # the longest description a platform takes; what follows is not read


def parse_claims(text: str, field: Field, own_platform: str, own_handle: str | None = None) -> list[Claim]:
    """The claims of one text, in order of appearance, strongest per (target, kind).

    own_handle: what "same @ everywhere" refers to; without it that phrase says nothing.

    >>> for claim in parse_claims("IG: @mira.bakes, edits by @jo", "bio", own_platform="x"):
    ...     print(claim.target_platform, claim.target_handle, claim.kind)
    instagram mira.bakes self
    x jo mention
    """
    return read_text(text, field, own_platform, own_handle).claims


def read_text(
    text: str, field: Field, own_platform: str, own_handle: str | None = None, *, is_fan: bool | None = None
) -> Reading:
    """Claims, sites and e-mail addresses of one text. is_fan: whether a fan's or a parody; None: the text tells."""
    clean = visible(text[:MAX_TEXT])
    plain = folded(clean)
    if not can_hold_claims(plain):
        return Reading([], [], [], [])
    if is_fan is None:
        is_fan = field == "bio" and account_kind(clean) in {"fan", "parody"}
    return read_items(clean, plain, Speaker(own_platform, own_handle, field, is_fan))


def read_bio(text: str, plain: str, own_platform: str, own_handle: str | None, *, is_fan: bool) -> Reading:
    """`read_text` of a bio that is `visible` already; plain: the same, `folded`."""
    text, plain = text[:MAX_TEXT], plain[:MAX_TEXT]
    if not can_hold_claims(plain):
        return Reading([], [], [], [])
    return read_items(text, plain, Speaker(own_platform, own_handle, "bio", is_fan))


def read_addresses(text: str, field: Field, own_platform: str, own_handle: str | None = None) -> Reading:
    """The same for a field that holds addresses and nothing else; prose in it is not believed."""
    links = find_links(text)
    if len(links) == 1 and (links[0].start, links[0].end) == (0, len(text)) and _is_plain(text):
        return read_link(text, links[0], Speaker(own_platform, own_handle, field))
    links_only = " ".join(text[link.start : link.end] for link in links)
    return read_text(links_only, field, own_platform, own_handle)


def _is_plain(text: str) -> bool:
    """Whether an address reads the same in every respect when nothing stands around it."""
    return text.isascii() and len(text) <= MAX_TEXT and not find_emails(text)
