"""What only the whole text can tell: claims as drafted, one by one, become what the text claims.

A text that calls three accounts of one platform its own is a list of other people; in a fan's text a bare name is the
idol; a name said once more strongly is said once. Comes in: drafted claims in order. Goes out: the claims that stand.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from identity.claim import AFTER_STRENGTH, SECONDARY_STRENGTH, UNKNOWN_STRENGTH, Claim, Field
from identity.handles import near_form

_ONLY_IN_BIOS = frozenset({"unknown", "fan_of"})
_MAX_SELF_PER_PLATFORM = 2  # a text that calls three accounts of one platform its own is a list of other people


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it, and where."""

    platform: str
    #: folded; None when unknown
    handle: str | None
    field: Field
    #: a fan's account or a parody
    is_fan: bool = False


def settle(claims: Iterable[Claim], speaker: Speaker) -> list[Claim]:
    """The claims that stand, strongest per target and kind, in order of appearance."""
    claims = list(claims)
    if not claims:
        return claims
    drafted = _doubt_lists([_sober(claim, speaker) for claim in claims if not _is_own(claim, speaker)])
    if speaker.is_fan:
        drafted = [_as_fan(claim, speaker) for claim in drafted]
    if speaker.field == "content":
        # Under an item, other names are guests; who the account is a fan of is said in its bio.
        drafted = [claim._replace(kind="mention") if claim.kind in _ONLY_IN_BIOS else claim for claim in drafted]
    return _strongest(_share_doubt(drafted))


def _is_own(claim: Claim, speaker: Speaker) -> bool:
    return (
        speaker.handle is not None
        and claim.target_platform == speaker.platform
        and claim.target_handle == speaker.handle
    )


def _sober(claim: Claim, speaker: Speaker) -> Claim:
    """ "Backup of @x" on x's own platform is also what an impostor writes: it weighs less than a link across."""
    if claim.kind == "self_secondary" and claim.target_platform == speaker.platform:
        return claim._replace(strength=min(claim.strength, SECONDARY_STRENGTH))
    return claim


def _doubt_lists(claims: list[Claim]) -> list[Claim]:
    targets: dict[str, set[str | None]] = {}
    for claim in claims:
        if claim.kind == "self":
            targets.setdefault(claim.target_platform, set()).add(claim.target_handle or claim.target_user_id)
    crowded = {platform for platform, names in targets.items() if len(names) > _MAX_SELF_PER_PLATFORM}
    if not crowded:
        return claims
    return [
        claim._replace(kind="unknown") if claim.kind == "self" and claim.target_platform in crowded else claim
        for claim in claims
    ]


def _as_fan(claim: Claim, speaker: Speaker) -> Claim:
    """In a fan's text a bare name is the idol, and a labelled one may be: only the fan's own name is believed."""
    if claim.kind == "unknown":
        return claim._replace(kind="fan_of", strength=AFTER_STRENGTH)
    own, target = near_form(speaker.handle), near_form(claim.target_handle)
    is_own_name = target is not None and (target == own or "fan" in target)
    return claim if claim.kind != "self" or is_own_name else claim._replace(kind="unknown")


def _share_doubt(claims: list[Claim]) -> list[Claim]:
    """Lone names share one strength: of many, none is likely the account's own."""
    lone = sum(claim.kind == "unknown" for claim in claims)
    if not lone:
        return claims
    strength = round(UNKNOWN_STRENGTH / lone, 3)
    return [claim._replace(strength=strength) if claim.kind == "unknown" else claim for claim in claims]


def _strongest(claims: list[Claim]) -> list[Claim]:
    best: dict[tuple[str, str | None, str | None, str], Claim] = {}
    for claim in claims:
        key = (claim.target_platform, claim.target_handle, claim.target_user_id, claim.kind)
        if key not in best or claim.strength > best[key].strength:
            best[key] = claim
    return list(best.values())
