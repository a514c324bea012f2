"""One sentence about a creator, made of the creator's own words: honest where a model would have to guess."""

import re
from collections.abc import Iterable, Iterator, Sequence

from enrich.redaction import has_contacts, visible, without_contacts
from enrich.schema import TARGET_WORDS

TITLE_WORDS = 9
TITLE_CHARACTERS = 160
CLAUSE_WORDS = 16
PLATFORM_NAMES = {"youtube": "YouTube", "instagram": "Instagram", "tiktok": "TikTok", "x": "X", "github": "GitHub"}
TOO_LITTLE = "the profile and its posts hold too little text to say more"

_BREAKS = re.compile(r"[\r\n|•·;]+|(?<=[.!?…。！？])\s+|\s[-–—/]\s")
_UNSAID = re.compile(r"[^\w\s'’&%+,().:-]|[_#]")
_STOPS = re.compile(r"[.:?!](?=\s|$)")
_BRACKETS = re.compile(r"[()]\s?")
_EDGES = " ,.:;'’&+-("
_CJK = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
# A clause that begins with one of these asks the reader for something; it says nothing about the creator.
_ASKS = {
    "subscribe", "follow", "dm", "dms", "contact", "business", "inquiries", "enquiries", "email", "mail", "collab",
    "collabs", "collaborations", "booking", "bookings", "book", "link", "links", "shop", "code", "use", "click",
    "tap", "join", "watch", "please", "like", "likes", "comment", "buy", "order", "get", "visit", "snapchat",
    "instagram", "twitter", "tiktok", "facebook", "youtube", "telegram", "whatsapp", "discord", "ignore",
    "disregard", "forget", "system", "assistant", "you", "label", "answer", "respond", "output", "write",
    "phone", "tel", "web", "website", "suscribete", "sigueme", "abonne", "abonnez", "abonniere", "inscreva",
    "contato", "contacto", "kontakt", "pr", "insta", "ig", "yt", "linktree",
}  # fmt: skip


def word_count(text: str) -> int:
    """Words by spaces; in scripts without spaces two characters count as one.

    >>> word_count("slow cooking at home")
    4
    """
    words = text.split()
    return sum(map(_length, words)) if _is_dense(text) else len(words)


def summarise(platforms: Sequence[str], bios: Iterable[str | None], items: Sequence[str]) -> str:
    """One sentence of 12 to 28 words from a bio clause and item titles; never empty, no contact, link or handle.

    Says so when there is too little to say. `items`: the most telling first.
    """
    clause = max((_clause(bio) for bio in bios if bio), key=word_count, default="")
    titles = _titles(items, TARGET_WORDS[-1] - 2 - word_count(clause))
    nothing = f"Posts on {_listed(platforms)}; {TOO_LITTLE}."
    attempts = (_sentence(clause, titles), _sentence(clause, titles, TOO_LITTLE), _sentence(clause, [], TOO_LITTLE))
    return next((sentence for sentence in attempts if _fits(sentence) and not has_contacts(sentence)), nothing)


def _fits(sentence: str) -> bool:
    return sentence.casefold() != f"{TOO_LITTLE}." and word_count(sentence) in TARGET_WORDS


def _sentence(clause: str, titles: Sequence[str], tail: str = "") -> str:
    posts = f"recent posts: {'; '.join(titles)}" if titles else ""
    sentence = "; ".join(part for part in (clause, posts, tail) if part)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _clause(bio: str) -> str:
    """What a bio says about its owner: its statements in order, until there are enough words."""
    said: list[str] = []
    room = CLAUSE_WORDS
    for statement in _statements(bio):
        if room < 2:
            break
        said.append(_first_words(statement, room))
        room -= word_count(said[-1])
    return ", ".join(said)


def _titles(items: Sequence[str], room: int) -> list[str]:
    titles: list[str] = []
    for item in items:
        title = _first_words(next(_statements(item[:TITLE_CHARACTERS]), ""), TITLE_WORDS)
        if word_count(title) < 2 or title in titles:
            continue
        if word_count(title) > room:
            break
        titles.append(title)
        room -= word_count(title)
    return titles


def _statements(text: str) -> Iterator[str]:
    """The clauses of a text that state something, cleaned to plain words."""
    for part in _BREAKS.split(text):
        said = without_contacts(part)
        words = " ".join(_UNSAID.sub(" ", said).split()).strip(_EDGES)
        words = _STOPS.sub(",", words).rstrip(",")
        if words.count("(") != words.count(")"):
            words = _BRACKETS.sub("", words)
        first = words.split(" ", 1)[0].casefold().rstrip(",:")
        # One word beside a contact only introduces it: "work: …", "call …".
        is_lead_in = " " not in words and said != visible(part)
        if first not in _ASKS and not is_lead_in and any(map(str.isalpha, words)):
            yield words


def _first_words(text: str, limit: int) -> str:
    """The beginning of a text, at most `limit` words long."""
    if not _is_dense(text):
        return " ".join(text.split()[:limit]).strip(_EDGES)
    taken: list[str] = []
    room = limit
    for word in text.split():
        if room <= 0:
            break
        taken.append(word if _length(word) <= room else word[: 2 * room])
        room -= _length(word)
    return " ".join(taken).strip(_EDGES)


def _length(word: str) -> int:
    return max(1, -(-len(_CJK.findall(word)) // 2))


def _is_dense(text: str) -> bool:
    """Whether it has characters of a script in which two of them count as a word."""
    return not text.isascii() and _CJK.search(text) is not None


def _listed(platforms: Sequence[str]) -> str:
    names = [PLATFORM_NAMES.get(platform, platform.title()) for platform in sorted(set(platforms))[:4]]
    return " and ".join(names) if names else "no known platform"
