"""What a claim is: one statement of a text about another account, and how plainly each form of it speaks."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from identity.vocabulary import Kind

Field = Literal["bio", "website", "external_urls", "content"]

MAX_SPAN = 80  # characters of matched text kept as evidence

#: strength of a self claim, by how it is made
LINK_STRENGTH = {"website": 0.97, "external_urls": 0.92, "bio": 0.88, "content": 0.8}
LABEL_STRENGTH = 0.92  # "IG: @x"
CUED_STRENGTH = 0.95  # "follow me on Instagram: <link>"
PLAIN_LABEL_STRENGTH = 0.8  # "insta: x", no "@"
EVERYWHERE_STRENGTH = 0.75  # "same @ everywhere"
WEAK_LABEL_STRENGTH = 0.65  # "Instagram - x"
PLACED_STRENGTH = 0.85  # "@x on Instagram"
AFTER_STRENGTH = 0.8  # "@x talent", "@x fan page"
SECONDARY_STRENGTH = 0.7  # a second account on the same platform, said by one side
UNKNOWN_STRENGTH = 0.5  # a lone "@x"; shared among all of them in the text
LEGACY_DISCOUNT = 0.85  # /c/ and /user/ names of YouTube need not be today's handle


class Claim(NamedTuple):
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
