"""Random histories of a small, crowded population: what arrives in which night, and what stands in the end.

Names, handles, bios and addresses are drawn from few, so that hubs form, words change their bands and pairs come and
go; the number of accounts crosses a power of two in many histories.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from sqlmodel import Session, delete

from base.judgement import Judgement, Verdict
from store.tables import ContentItem, CreatorAccount, HandleSpan
from tests.factories import AS_OF, an_account, an_item

PLATFORMS = ("instagram", "tiktok", "youtube", "x")
FIRST = ("mia", "luna", "otto", "kira", "nils", "vera", "anton", "sofia", "jonas", "edda")
LAST = ("moss", "ember", "stone", "vale", "frost", "reed", "quill", "thorn", "lake", "winter", "field", "crane")
SAID = (
    "bakes", "bread", "climbs", "coffee", "cold", "garden", "harbour", "hikes", "knits", "lakes", "marathon", "pottery",
    "reads", "rivers", "sails", "ski", "sourdough", "trains", "violin", "wool", "anvil", "bees", "candles", "dogs",
    "engines", "forest", "glass", "honey", "ink", "jam", "kayak", "lamps", "maps", "nettles", "orchard", "piano",
)  # fmt: skip
#: bios that several use word by word
COPIED = tuple(" ".join(SAID[start : start + 8]) for start in range(0, 40, 8))
#: how many accounts there are in the end, about
SIZES = (72, 110, 142)
VERSIONS, VERDICTS, NIGHTS = 3, 6, 3
#: a history of an account ends with one of these
LIVE, GONE, FORGOTTEN = "live", "gone", "forgotten"


@dataclass(frozen=True)
class Version:
    """One account as one delivery tells it; of two versions the higher number is newer."""

    key: str
    number: int
    state: str
    values: dict[str, Any]
    descriptions: tuple[str, ...]


@dataclass(frozen=True)
class History:
    #: what arrives, in nights; any order of versions comes to the same end
    nights: tuple[tuple[Version, ...], ...]
    #: verdicts by the night in which they are made
    verdicts: tuple[tuple[Judgement, ...], ...]

    @property
    def final(self) -> tuple[tuple[Version, ...], tuple[Judgement, ...]]:
        """The newest version of every account, and every verdict."""
        newest: dict[str, Version] = {}
        for version in (version for night in self.nights for version in night):
            if version.key not in newest or version.number > newest[version.key].number:
                newest[version.key] = version
        return tuple(newest.values()), tuple(verdict for night in self.verdicts for verdict in night)


def a_history(seed: int) -> History:
    """The same seed gives the same history."""
    dice = Random(seed)
    keys = [f"{dice.choice(PLATFORMS)}:id-{number}" for number in range(dice.choice(SIZES))]
    versions = [_version(key, number, dice) for key in keys for number in range(1 + dice.randrange(VERSIONS))]
    dice.shuffle(versions)
    nights: list[list[Version]] = [[] for _ in range(NIGHTS)]
    for version in versions:
        # Most arrive in the first night, so that later ones find something to remember.
        nights[max(0, dice.randrange(-4, NIGHTS))].append(version)
    verdicts: list[list[Judgement]] = [[] for _ in range(NIGHTS)]
    for verdict in _verdicts(keys, dice):
        verdicts[dice.randrange(NIGHTS)].append(verdict)
    return History(tuple(map(tuple, nights)), tuple(map(tuple, verdicts)))


def _version(key: str, number: int, dice: Random) -> Version:
    first, last = dice.choice(FIRST), dice.choice(LAST)
    if number and dice.random() < 0.5:
        first, last = FIRST[0], LAST[0]
    called, family = (first, last) if dice.random() < 0.5 else (dice.choice(FIRST), dice.choice(LAST))
    said = " ".join(dice.sample(SAID, 7)) if dice.random() < 0.5 else dice.choice(COPIED)
    other = _handle(dice.choice(FIRST), dice.choice(LAST), dice)
    claim = f" {dice.choice(PLATFORMS)}: @{other}" if dice.random() < 0.3 else ""
    values = {
        "handle": _handle(first, last, dice) if dice.random() < 0.95 else None,
        "display_name": f"{called} {family}".title() if dice.random() < 0.9 else None,
        "bio": said + claim,
        "email": f"{dice.choice((first, last))}@{dice.choice(SAID)}.example" if dice.random() < 0.3 else None,
        "website": f"https://{dice.choice(SAID)}.example" if dice.random() < 0.2 else None,
        "followers": dice.choice((None, 10, 900, 40_000)),
    }
    state = dice.choices((LIVE, GONE, FORGOTTEN), (85, 8, 7))[0] if number else LIVE
    texts = (f"follow https://instagram.com/{other}",) * 3 if dice.random() < 0.2 else ()
    return Version(key, number, state, values, texts)


def _handle(first: str, last: str, dice: Random) -> str:
    return first + dice.choice(("", ".", "_")) + last + dice.choice(("", "", "7", "tv"))


def _verdicts(keys: Sequence[str], dice: Random) -> list[Judgement]:
    """Verdicts that cannot contradict each other: no account stands in two."""
    named = dice.sample(keys, 2 * VERDICTS)
    return [
        Judgement(
            left=min(pair), right=max(pair), verdict=dice.choice((Verdict.SAME, Verdict.DIFFERENT)), reviewer="ida",
            decided_at=AS_OF, note="",
        )
        for pair in zip(named[::2], named[1::2], strict=True)
    ]  # fmt: skip


def deliver(session: Session, versions: Sequence[Version], seen: dict[str, int]) -> None:
    """Put what is news into the store. seen: the newest version of each account so far; it is kept up to date."""
    for version in versions:
        if version.number < seen.get(version.key, -1):
            continue
        seen[version.key] = version.number
        for table in (ContentItem, HandleSpan, CreatorAccount):
            session.exec(delete(table).where(table.account_key == version.key))  # type: ignore[attr-defined]
        if version.state != FORGOTTEN:
            _add(session, version)


def _add(session: Session, version: Version) -> None:
    handle = version.values["handle"]
    platform, _, user_id = version.key.partition(":")
    own = {"account_key": version.key, "platform_user_id": user_id, "platform": platform, "state": version.state}
    account = an_account(**(version.values | own | {"handle": handle or ""}))
    account.handle = handle
    session.add(account)
    for number, text in enumerate(version.descriptions):
        session.add(an_item(version.key, f"{version.key}-{number}", description=text))
    if handle and version.number:
        seen = AS_OF - timedelta(days=version.number)
        session.add(HandleSpan(account_key=version.key, handle=handle, first_seen=seen, last_seen=AS_OF))


def reshuffled(history: History, seed: int) -> History:
    """The same deliveries and verdicts, in other nights and another order."""
    dice = Random(seed)
    versions = [version for night in history.nights for version in night]
    dice.shuffle(versions)
    half = dice.randrange(1, len(versions))
    verdicts = [verdict for night in history.verdicts for verdict in night]
    return History((tuple(versions[:half]), tuple(versions[half:])), ((), tuple(verdicts)))
