"""Profiles of owners: handles, names, bios, links and numbers, as each platform would show them."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any

from base.clock import to_micros
from corpus.people import Person, invent_person, slug
from corpus.phrasebook import SubjectTalk, write_bio
from corpus.reference import DAY, REFERENCE
from corpus.vocabulary import Vocabulary

PLATFORMS = ("youtube", "instagram", "tiktok", "x")
PLATFORM_SHARES = (38, 36, 16, 10)
#: longest handle each platform takes
HANDLE_LIMIT = {"youtube": 30, "instagram": 30, "tiktok": 24, "x": 15}
#: most characters of a bio
BIO_LIMIT = {"youtube": 1000, "instagram": 150, "tiktok": 80, "x": 160}
#: median followers and spread (of the natural logarithm) per platform
FOLLOWERS = {"youtube": (9.0, 1.3), "instagram": (8.7, 1.1), "tiktok": (9.3, 1.4), "x": (7.6, 1.2)}
ENDINGS = [
    "online",
    "notes",
    "space",
    "talks",
    "log",
    "hello",
    "club",
    "project",
    "makes",
    "at.large",
    "world",
    "co",
    "post",
    "now",
    "frames",
]
STARTS = ["hey", "ask", "meet", "by", "dear", "el", "hola", "this.is.", "oh", "studio", "with"]
SIDE_ENDINGS = ["second", "too", "offcuts", "uncut", "afterhours", "archive"]
ACTIVITY = ("active", "semi", "tail")
ACTIVITY_SHARES = (24, 26, 50)

SAME_HANDLE, VARIANT_HANDLE = 0.5, 0.3  # else an unrelated handle
SAME_NAME, VARIANT_NAME = 0.6, 0.25
STATES_SIBLING = 0.42
SHOWS_SITE, SHOWS_MAIL, MENTIONS_OTHER, EMPTY_BIO = 0.55, 0.4, 0.06, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One profile on one platform, with the truth about its owner beside it."""

    person_id: str
    platform: str
    #: None where the delivery does not know it (a vendor's TikTok rows)
    platform_user_id: str | None
    #: None where a channel never chose one
    handle: str | None
    display_name: str
    bio: str
    website: str | None = None
    email: str | None = None
    #: None where the platform hides it
    followers: int | None
    following: int
    content_count: int
    country: str
    language: str
    verified: bool
    #: int64 microseconds
    created_at: int
    first_seen: int = 0
    fetched_at: int = 0
    niche: str
    #: secondary niches it posts about, most first
    subjects: tuple[str, ...]
    city: str
    role: str
    #: active, semi or tail: how often it posts
    activity: str
    #: lines repeated under every video
    boilerplate: tuple[str, ...] = ()
    #: handles named in some captions
    mentions: tuple[str, ...] = ()
    #: number in the list of traps; None for an ordinary account
    trap: int | None = None
    #: stands there to mislead: it resembles accounts of another owner
    is_negative: bool = False
    #: how its owner stands to another owner of the scene, a word of `scene.RELATIONS`, and that owner's person_id
    relation: str | None = None
    relation_to: str | None = None

    @property
    def account_key(self) -> str:
        if self.platform_user_id is not None:
            return f"{self.platform}:{self.platform_user_id}"
        return f"{self.platform}:@{(self.handle or '').casefold()}"


class Casting:
    """Makes owners and their accounts from one seeded source, and keeps handles, ids and sites unique."""

    def __init__(self, rng: Random, vocabulary: Vocabulary, *, crowd: int, as_of: datetime = REFERENCE) -> None:
        self.rng = rng
        self.as_of = to_micros(as_of)
        #: how many owners stand in a scene about a crowd (an agency's roster)
        self.crowd = crowd
        self.vocabulary = vocabulary
        self.phrases = vocabulary.phrases
        self._people = 0
        self._cores: set[str] = set()
        self._handles: set[tuple[str, str]] = set()
        #: some handles of earlier accounts, for mentions of strangers
        self._strangers: list[str] = []

    def person(self, **fixed: Any) -> Person:
        """A new owner; most whose favourite handle is taken choose a longer one, as in life."""
        self._people += 1
        person = invent_person(self.rng, self.vocabulary, f"p{self._people:07d}", **fixed)
        core = person.core
        while core in self._cores and self.rng.random() < 0.9:
            core = person.core + self.rng.choice(
                (self.rng.choice(person.niche.words), str(self.rng.randrange(3, 9999)))
            )
        if core != person.core:
            person = _renamed(person, core)
        self._cores.add(core)
        return person

    def platforms(self, count: int) -> list[str]:
        """Distinct platforms for an owner's accounts, by how common they are."""
        chosen: list[str] = []
        while len(chosen) < count:
            (platform,) = self.rng.choices(PLATFORMS, weights=PLATFORM_SHARES)
            if platform not in chosen:
                chosen.append(platform)
        return chosen

    def household(self, person: Person, platforms: Sequence[str], **fixed: Any) -> list[Account]:
        """All accounts of one owner: handles that agree or not, and links that are stated or not."""
        handles = [self.handle_for(person, platform, is_first=not place) for place, platform in enumerate(platforms)]
        siblings = list(zip(platforms, handles, strict=True))
        return [
            self._with_links(
                person, platform, handle, [other for other in siblings if other != (platform, handle)], fixed
            )
            for platform, handle in siblings
        ]

    def account(
        self, person: Person, platform: str, *, handle: str | None = None, has_handle: bool = True, **fixed: Any
    ) -> Account:
        """One account of `person`; anything given in `fixed` is taken as it is."""
        rng = self.rng
        if handle is None and has_handle:
            handle = self.handle_for(person, platform, is_first=True)
        if handle is not None and rng.random() < 0.1:
            self._strangers.append(handle)
        centre, spread = FOLLOWERS[platform]
        followers = int(2.718281828 ** (centre + person.fame + rng.gauss(0.0, spread * 0.6))) + 3
        (activity,) = rng.choices(ACTIVITY, weights=ACTIVITY_SHARES)
        defaults: dict[str, Any] = {
            "person_id": person.person_id,
            "platform": platform,
            "platform_user_id": self._platform_user_id(platform),
            "handle": handle,
            "display_name": self.display_name(person, handle),
            "bio": self.bio(person),
            "followers": _shown_followers(rng, platform, followers),
            "following": rng.randrange(10, 2000),
            "content_count": rng.randrange(8, 900),
            "country": person.country,
            "language": person.language,
            "verified": followers > 200_000 and rng.random() < 0.6,
            "created_at": self.as_of - rng.randrange(200, 4500) * DAY - rng.randrange(DAY),
            "niche": person.niche.id,
            "subjects": person.subjects,
            "city": person.city,
            "role": person.role,
            "activity": activity,
        }
        chosen = defaults | fixed
        return Account(**(chosen | {"bio": _within(BIO_LIMIT[platform], chosen["bio"])}))

    def decoy(self, person: Person, platform: str, **fixed: Any) -> Account:
        """An account of somebody else that resembles the scene's accounts."""
        return self.account(person, platform, is_negative=True, **fixed)

    def handle_for(self, person: Person, platform: str, *, is_first: bool = False) -> str:
        dice = self.rng.random()
        if dice < SAME_HANDLE or is_first:
            wanted = person.core
        elif dice < SAME_HANDLE + VARIANT_HANDLE:
            wanted = self._variant(person.core)
        else:
            wanted = self._unrelated(person)
        return self.free_handle(platform, wanted)

    def free_handle(self, platform: str, wanted: str) -> str:
        """`wanted`, in the platform's grammar, or the nearest form nobody has there yet."""
        handle = _fit(platform, wanted)
        while (platform, handle) in self._handles:
            handle = _fit(platform, wanted[: HANDLE_LIMIT[platform] - 5] + str(self.rng.randrange(2, 99999)))
        self._handles.add((platform, handle))
        return handle

    def share_handle(self, handle: str, *platforms: str) -> list[str]:
        """The same handle on each platform, for owners who are meant to collide."""
        return [self.free_handle(platform, handle) for platform in platforms]

    def bio(self, person: Person, *extra: str) -> str:
        """A bio in the owner's words, with `extra` lines after it."""
        rng = self.rng
        if rng.random() < EMPTY_BIO:
            return "\n".join(extra)
        talk = SubjectTalk(person.niche, person.subjects, person.role, person.city)
        text = write_bio(rng, self.phrases, talk, person.given, person.fact, person.language)
        return rng.choice((" | ", "\n", " ", " · ")).join((text, *extra)) if extra else text

    def link(self, platform: str, handle: str, language: str = "en") -> str:
        """A sentence that states an account of one's own."""
        if language in self.phrases["abroad_cues"] and self.rng.random() < 0.6:
            name = {"youtube": "YouTube", "instagram": "Instagram", "tiktok": "TikTok", "x": "X"}[platform]
            return str(self.rng.choice(self.phrases["abroad_cues"][language])).format(P=name, h=handle)
        return str(self.rng.choice(self.phrases["link_cues"][platform])).format(h=handle)

    def display_name(self, person: Person, handle: str | None) -> str:
        rng, dice = self.rng, self.rng.random()
        name = person.native_name if rng.random() < 0.55 else person.name
        if dice < SAME_NAME:
            return name
        if dice < SAME_NAME + VARIANT_NAME:
            word = rng.choice(person.niche.words)
            return rng.choice(
                (f"{name} ✦", name.upper(), f"{name} | {word}", person.given, name.lower(), f"{name} ({person.city})")
            )
        return rng.choice((handle or name, person.given, f"{person.city} {rng.choice(person.niche.words)}"))

    def _with_links(
        self, person: Person, platform: str, handle: str, siblings: list[tuple[str, str]], fixed: dict[str, Any]
    ) -> Account:
        rng, phrases = self.rng, self.phrases
        states = [
            self.link(other, name, person.language) for other, name in siblings if rng.random() < STATES_SIBLING
        ]  # fmt: skip
        if siblings and all(name == handle for _, name in siblings) and rng.random() < 0.15:
            states = [rng.choice(phrases["same_handle"]).format(h=handle)]
        page = f"https://{person.site}" if person.site and rng.random() < SHOWS_SITE else None
        mail = person.mail if person.mail and rng.random() < SHOWS_MAIL else None
        has_website, has_mail = platform != "youtube", platform in {"tiktok", "x"}
        extra = list(states)
        if mail and not has_mail:
            extra.append(rng.choice(phrases["mail_cues"]).format(m=mail))
        if page and not has_website:
            extra.append(rng.choice(phrases["page_cues"]).format(w=page))
        extra += [rng.choice(phrases["mention_cues"]).format(h=other) for other in self._some_stranger(MENTIONS_OTHER)]
        under_videos = [self.link(other, name) for other, name in siblings if rng.random() < 0.5]
        if page and under_videos:
            under_videos.append(page)
        return self.account(
            person,
            platform,
            handle=handle,
            **({
                "bio": self.bio(person, *extra),
                "website": page if has_website else None,
                "email": mail if has_mail else None,
                "boilerplate": tuple(under_videos) if platform == "youtube" else (),
                "mentions": self._some_stranger(0.2),
            } | fixed),
        )  # fmt: skip

    def _some_stranger(self, share: float) -> tuple[str, ...]:
        """Now and then the handle of somebody unrelated."""
        return (self.rng.choice(self._strangers),) if self._strangers and self.rng.random() < share else ()

    def _variant(self, core: str) -> str:
        rng, flat = self.rng, slug(core)
        shapes = (
            flat + rng.choice(ENDINGS), rng.choice(STARTS) + flat, f"{flat}{rng.randrange(2, 99)}", f"{flat}_",
            f"{flat[: len(flat) // 2]}_{flat[len(flat) // 2 :]}", f"_{flat}",
            flat[:-1] if len(flat) > 7 else flat + flat[-1],
            core.replace(".", "_") if "." in core else f"{flat}.{rng.choice(ENDINGS)}",
        )  # fmt: skip
        return rng.choice(shapes)

    def _unrelated(self, person: Person) -> str:
        rng, names = self.rng, self.vocabulary.names
        word = rng.choice(person.niche.words)
        stage = slug(rng.choice(names["stage_first"])), slug(rng.choice(names["stage_second"]))
        return rng.choice(
            (
                stage[0] + word,
                word + stage[1],
                f"{stage[0]}{stage[1]}{rng.randrange(1, 99)}",
                f"{word}.in.{slug(person.city)}",
            )
        )

    def _platform_user_id(self, platform: str) -> str | None:
        rng = self.rng
        if platform == "youtube":
            return "UC" + base64.urlsafe_b64encode(rng.randbytes(16)).decode()[:22]
        if platform == "instagram":
            return f"178414{rng.randrange(10**10, 10**11)}"
        if platform == "tiktok":
            return str(rng.randrange(6 * 10**18, 7 * 10**18)) if rng.random() < 0.7 else None
        return str(rng.randrange(10**8, 2 * 10**18))


def _renamed(person: Person, core: str) -> Person:
    """The same owner under another favourite handle; site and mail follow it, as they are chosen after it."""
    before, after = slug(person.core), slug(core)
    return replace(
        person,
        core=core,
        site=person.site.replace(before, after) if person.site else None,
        mail=person.mail.replace(before, after) if person.mail else None,
    )


def _fit(platform: str, wanted: str) -> str:
    """`wanted` in the grammar of the platform."""
    if platform == "x":
        wanted = wanted.replace(".", "_").replace("-", "_")
    handle = wanted[: HANDLE_LIMIT[platform]]
    if platform in {"instagram", "tiktok", "youtube"}:
        handle = handle.strip(".")
    return handle if len(handle) >= 4 else f"{handle}{'_on' if platform == 'x' else '.on'}"


def _within(limit: int, bio: str) -> str:
    """The bio in at most `limit` characters: people shorten the prose before they drop a link at the end."""
    if len(bio) <= limit:
        return bio
    if "@" in bio or "/" in bio:
        return bio[-limit:].partition(" ")[2]
    return bio[:limit].rpartition(" ")[0]


def _shown_followers(rng: Random, platform: str, followers: int) -> int | None:
    """What the platform tells: YouTube rounds to three significant figures and lets a channel hide the number."""
    if platform != "youtube":
        return followers
    if rng.random() < 0.03:
        return None
    magnitude: int = 10 ** max(0, len(str(followers)) - 3)
    return followers // magnitude * magnitude
