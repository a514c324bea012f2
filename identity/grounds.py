"""What a person's decision about two accounts stood on, and what of it is no longer so.

Comes in: the two accounts as they are known when somebody decides, and again on a later night. Goes out: the names,
addresses and statements of each side as plain values that can be kept, and sentences about what has changed. Only
what speaks of ownership counts: a new bio is no reason to look again, a handle in other hands is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from base.fingerprint import canonical_json
from identity.claim import Claim, Field, Reading
from identity.claims import read_text
from identity.handles import folded_handle
from identity.kinds import account_kind

_FIELDS: tuple[Field, ...] = ("website", "external_urls", "bio")


@dataclass(frozen=True, slots=True)
class Grounds:
    """One account's side of a decision."""

    handle: str | None
    #: e-mail addresses of its owner, lower case, sorted
    emails: tuple[str, ...]
    #: its own sites and link pages, sorted
    sites: tuple[str, ...]
    #: what it says of the other account: kinds of claims, sorted
    claims: tuple[str, ...]

    def to_json(self) -> str:
        return canonical_json(asdict(self))

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Grounds":
        """What `to_json` wrote, parsed."""
        return cls(values["handle"], *(tuple(values[name]) for name in ("emails", "sites", "claims")))


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not what it was."""

    #: claim_appeared · claim_vanished
    reason: str
    #: a sentence for the reviewer
    detail: str


def grounds_of(account: Mapping[str, Any], other: Mapping[str, Any]) -> Grounds:
    """What `account` says of itself and of `other`.

    Both: platform, platform_user_id, handle, display_name, bio, website, email, external_urls (one text), nullable.
    """
    readings = list(_readings(account))
    agency = {email for reading in readings for email in reading.agency_emails}
    given = {email.strip().lower() for email in [account["email"]] if email}
    emails = given | {email for reading in readings for email in reading.emails}
    return Grounds(
        handle=folded_handle(account["handle"]),
        emails=tuple(sorted(emails - agency)),
        sites=tuple(sorted({site for reading in readings for site in reading.sites})),
        claims=tuple(sorted({claim.kind for reading in readings for claim in reading.claims if _means(claim, other)})),
    )


def changed_claims(before: Grounds, now: Grounds, source: str, target: str) -> list[Change]:
    """What one account says of the other now and did not say, and the other way round. source, target: their keys."""
    appeared = [
        Change("claim_appeared", f"{source} names {target} now ({_words(kind)})")
        for kind in now.claims
        if kind not in before.claims
    ]
    vanished = [
        Change("claim_vanished", f"{source} no longer names {target} ({_words(kind)})")
        for kind in before.claims
        if kind not in now.claims
    ]
    return appeared + vanished


def given_up(before: Grounds, now: Grounds) -> tuple[list[str], list[str]]:
    """E-mail addresses and sites that an account showed and shows no longer."""
    return sorted(set(before.emails) - set(now.emails)), sorted(set(before.sites) - set(now.sites))


def _readings(account: Mapping[str, Any]) -> Iterator[Reading]:
    handle = folded_handle(account["handle"])
    kind = account_kind(account["bio"] or "", account["display_name"] or "", account["handle"] or "")
    for field in _FIELDS:
        is_fan = field == "bio" and kind in {"fan", "parody"}
        yield read_text(account[field] or "", field, account["platform"], handle, is_fan=is_fan)


def _means(claim: Claim, other: Mapping[str, Any]) -> bool:
    """Whether a claim is about the other account, by id or by the handle it has."""
    if claim.target_platform != other["platform"]:
        return False
    if claim.target_user_id is not None:
        return bool(claim.target_user_id == other["platform_user_id"])
    return claim.target_handle is not None and claim.target_handle == folded_handle(other["handle"])


def _words(kind: str) -> str:
    return {"self": "as its own", "self_secondary": "as its second"}.get(kind, kind.replace("_", " "))
