"""What scenes are made of: an account tied to another owner, one more account of an owner, a famous owner."""

from dataclasses import replace

from corpus.accounts import Account, Casting
from corpus.people import Person

#: how the owner of a misleading account stands to the owner it misleads about
RELATIONS = {
    "fan_of": "runs a page about the other",
    "impersonates": "pretends to be the other, in jest or not",
    "clips_of": "cuts the other's videos, by permission",
    "topic_of": "a channel of the other's music that the platform or a label made",
    "operates": "the person behind an invented persona",
    "managed_by": "an agency, a network or a label acts for the owner",
    "ambassador_of": "is paid to show a brand",
    "founder_of": "founded the other",
    "member_of": "one of those who make a joint account or a show",
    "partner_of": "shares a page with the other",
    "regional_of": "a brand's branch in one country",
    "pupil_of": "learned from the other, and repeats it word for word",
}


def tied(account: Account, relation: str, other: Person) -> Account:
    """The account as one that misleads, in its `relation` to the other owner."""
    return replace(account, is_negative=True, relation=relation, relation_to=other.person_id)


def linked(cast: Casting, owner: Person, platform: str, known: Account) -> Account:
    """One more account of the owner, which states the known one."""
    stated = cast.link(known.platform, known.handle or "", owner.language)
    return cast.account(owner, platform, handle=cast.handle_for(owner, platform), bio=cast.bio(owner, stated))


def famous(cast: Casting, niche: str | None = None) -> Person:
    person = cast.person(niche=niche)
    return replace(person, fame=abs(person.fame) + 2.5)


def website(platform: str, site: str) -> str | None:
    return None if platform == "youtube" else site
