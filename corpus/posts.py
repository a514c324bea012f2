"""What an account published lately: the same account and seed give the same posts, so nothing has to be kept."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from corpus.accounts import Account
from corpus.dice import draw, pick
from corpus.phrasebook import SubjectTalk, write_description, write_hashtags, write_title
from corpus.reference import DAY, SECOND
from corpus.vocabulary import Vocabulary

#: activity → (fewest, most) posts delivered, days since the newest, mean days between two
RHYTHM = {"active": (6, 10, 4, 2.5), "semi": (3, 6, 40, 12.0), "tail": (0, 4, 400, 45.0)}
#: share of posts about something else than the account's own subjects
STRAYS = 0.08
#: posts of an account on average, and what the rhythms above come to unscaled
ITEMS, UNSCALED_ITEMS = 4.0, 4.09


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One content item."""

    content_id: str
    kind: str
    subtype: str
    text: str
    #: only videos have one
    description: str | None
    language: str
    duration_seconds: int | None
    #: int64 microseconds
    published_at: int
    views: int | None
    #: None where the owner hides them
    likes: int | None
    comments: int


def posts_of(account: Account, seed: int, vocabulary: Vocabulary, items: float = ITEMS) -> Iterator[Post]:
    """The account's recent posts, newest first; over many accounts about `items` each."""
    rng = Random(f"{seed}:{account.account_key}")
    fewest, most, newest_days, gap_days = RHYTHM[account.activity]
    instant = account.fetched_at - int(rng.random() * newest_days * DAY) - 3600 * SECOND
    talk = SubjectTalk(vocabulary.niches[account.niche], account.subjects, account.role, account.city)
    count = (fewest + int(rng.random() * (most - fewest + 1))) * items / UNSCALED_ITEMS
    for _ in range(int(count + rng.random())):
        if instant <= account.created_at:
            return
        yield _post(rng, account, talk, vocabulary, instant)
        instant -= int(rng.expovariate(1 / gap_days) * DAY) + 600 * SECOND


def _post(rng: Random, account: Account, talk: SubjectTalk, vocabulary: Vocabulary, published_at: int) -> Post:
    if rng.random() < STRAYS:
        niche = pick(rng, vocabulary.every_niche)
        talk = SubjectTalk(niche, tuple(draw(rng, list(niche.subjects), 2)), talk.role, talk.city)
    language = account.language if rng.random() < 0.8 else "en"
    kind, subtype, duration = _form(rng, account.platform)
    audience = account.followers or 1000
    views = int(audience * rng.lognormvariate(-1.2, 0.9)) + 5
    likes = int(views * rng.uniform(0.01, 0.09))
    hides_likes = account.platform == "instagram" and rng.random() < 0.07
    is_video = account.platform == "youtube"
    text = write_title(rng, vocabulary.phrases, talk, language)
    return Post(
        content_id=_content_id(rng, account.platform),
        kind=kind,
        subtype=subtype,
        text=text if is_video else _caption(rng, text, account, talk, vocabulary),
        description=_description(rng, account, talk, vocabulary) if is_video else None,
        language=language,
        duration_seconds=duration,
        published_at=published_at - published_at % SECOND,
        views=None if account.platform == "instagram" else views,
        likes=None if hides_likes else likes,
        comments=int(likes * rng.uniform(0.0, 0.2)),
    )


def _caption(rng: Random, text: str, account: Account, talk: SubjectTalk, vocabulary: Vocabulary) -> str:
    parts = [text]
    if account.mentions and rng.random() < 0.7:
        # Business Discovery delivers captions without "@".
        at = "" if account.platform == "instagram" else "@"
        parts.append(f"{pick(rng, ('thanks', 'with', 'shot by', 'inspired by'))} {at}{pick(rng, account.mentions)}")
    tags = write_hashtags(rng, vocabulary.phrases, talk)
    return " ".join([*parts, tags] if tags else parts)


def _description(rng: Random, account: Account, talk: SubjectTalk, vocabulary: Vocabulary) -> str:
    text = write_description(rng, vocabulary.phrases, talk)
    if account.mentions and rng.random() < 0.5:
        text += f"\nGuest: @{pick(rng, account.mentions)}"
    return "\n\n".join((text, "\n".join(account.boilerplate))) if account.boilerplate else text


def _form(rng: Random, platform: str) -> tuple[str, str, int | None]:
    """(content type, subtype, seconds)"""
    if platform == "youtube":
        if rng.random() < 0.25:
            return "video", "short", 12 + int(rng.random() * 48)
        return "video", "video", 120 + int(rng.random() * 3480)
    if platform == "instagram":
        return pick(rng, (("image", "feed", None), ("carousel_album", "feed", None), ("video", "reels", None)))
    return ("video", "video", 8 + int(rng.random() * 172)) if platform == "tiktok" else ("post", "post", None)


def _content_id(rng: Random, platform: str) -> str:
    if platform == "youtube":
        return base64.urlsafe_b64encode(rng.randbytes(9)).decode()[:11]
    if platform == "instagram":
        return f"17{rng.randrange(10**15, 10**16)}"
    return str(rng.randrange(7 * 10**18, 8 * 10**18))
