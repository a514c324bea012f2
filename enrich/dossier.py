"""What an LLM is shown of one creator: redacted, sampled, within a token budget, the same for the same input.

Built from normalised rows only: a raw payload cannot get in here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from base.fingerprint import canonical_json, fingerprint
from base.text import fold
from enrich.redaction import redact
from enrich.subjects import Subject

TOKEN_BUDGET = 350
ACCOUNT_SHARE = 2  # accounts get at most half of the budget, the items the rest
MOST_ACCOUNTS = 5
NAME_TOKENS = 8
BIO_TOKENS = 80
ITEM_TOKENS = 35
BYTES_PER_TOKEN = 4  # of UTF-8; right for English, too high a count for other scripts, which is the safe side


@dataclass(frozen=True, slots=True)
class DossierItem:
    #: from 1, as the answer's evidence names it
    number: int
    platform: str
    #: redacted title or caption
    text: str


@dataclass(frozen=True)
class Dossier:
    creator_id: str
    #: redacted: platform, name, handle, bio of each account
    accounts: tuple[dict[str, str], ...]
    items: tuple[DossierItem, ...]

    @cached_property
    def text(self) -> str:
        """The data as one line of JSON: a quote or a line break in a bio cannot end it."""
        items = [{"number": item.number, "platform": item.platform, "text": item.text} for item in self.items]
        return canonical_json({"accounts": list(self.accounts), "items": items})

    @cached_property
    def input_fingerprint(self) -> str:
        """Of exactly what is shown; the creator's id is not shown."""
        return fingerprint(self.text)

    @property
    def boundary(self) -> str:
        """The line before and after the data: it follows from the data, so the data cannot contain it."""
        return f"----- data {self.input_fingerprint} -----"

    @property
    def vocabulary(self) -> str:
        """All shown text, for checking what an answer claims."""
        return " ".join([*(value for account in self.accounts for value in account.values()), *self._item_texts()])

    def _item_texts(self) -> list[str]:
        return [item.text for item in self.items]


def build_dossier(subject: Subject, token_budget: int = TOKEN_BUDGET) -> Dossier:
    """The dossier of one creator: accounts, then items by turns of platform, newest and most seen, while they fit."""
    accounts = tuple(_accounts(subject, token_budget // ACCOUNT_SHARE))
    room = token_budget - sum(tokens(value) for account in accounts for value in account.values())
    items: list[DossierItem] = []
    for row in _sampled(subject):
        text = _fitted(redact(subject.items[row]), ITEM_TOKENS)
        room -= tokens(text)
        if room < 0:
            break
        items.append(DossierItem(len(items) + 1, subject.item_platforms[row], text))
    return Dossier(subject.creator_id, accounts, tuple(items))


def tokens(text: str) -> int:
    """An estimate of a text's length in tokens, rather too high than too low.

    >>> tokens("twelve bytes")
    3
    """
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def _fitted(text: str, most_tokens: int) -> str:
    """The text, or its beginning with an ellipsis."""
    if tokens(text) <= most_tokens:
        return text
    return text.encode()[: most_tokens * BYTES_PER_TOKEN - len("…".encode())].decode(errors="ignore") + "…"


def _accounts(subject: Subject, token_budget: int) -> Iterator[dict[str, str]]:
    """The first accounts in key order, an equal share of the budget each."""
    rows = list(zip(subject.platforms, subject.names, subject.handles, subject.bios, strict=True))[:MOST_ACCOUNTS]
    bio_tokens = min(BIO_TOKENS, token_budget // max(1, len(rows)) - 3 * NAME_TOKENS)
    for platform, name, handle, bio in rows:
        yield {
            "platform": _fitted(platform, NAME_TOKENS),
            "name": _fitted(redact(name or ""), NAME_TOKENS),
            "handle": _fitted(redact(handle or ""), NAME_TOKENS),
            "bio": _fitted(redact(bio or ""), bio_tokens),
        }


def _sampled(subject: Subject) -> list[int]:
    """Rows of items in the order they are worth showing; a text that was there already is left out."""
    platforms = sorted(set(subject.item_platforms))
    strata = [[row for row, of in enumerate(subject.item_platforms) if of == platform] for platform in platforms]
    turns = _interleaved([_newest_and_most_seen(subject, rows) for rows in strata])
    chosen: dict[str, int] = {}
    for row in turns:
        folded = fold(subject.items[row])
        if folded:
            chosen.setdefault(folded, row)
    return list(chosen.values())


def _newest_and_most_seen(subject: Subject, rows: Sequence[int]) -> list[int]:
    """Each row once: the newest, the most seen, the next newest, the next most seen, …"""
    newest = sorted(rows, key=lambda row: -(subject.item_published_at[row] or 0))
    most_seen = sorted(rows, key=lambda row: -(subject.item_views[row] or 0))
    return list(dict.fromkeys(_interleaved([newest, most_seen])))


def _interleaved(lists: Sequence[Sequence[int]]) -> list[int]:
    return [row for turn in zip_longest(*lists) for row in turn if row is not None]
