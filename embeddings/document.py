"""What text of an account and of a content item is embedded: frames of raw fields in, one short clean text per row out.

Boilerplate says how to reach a creator, not what they are about, so it goes: links, addresses, mentions, hashtag
blocks, sponsor lines, and lines an account repeats under most of its items. Same rows, same texts, in any order.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import sha256_hex

#: part of every embedding recipe: a change of the text builders makes every vector stale
DOCUMENT_VERSION = "1"

BIO_CHARACTERS = 500
CONTENT_CHARACTERS = 400  # about 90 tokens: a caption or title whole, and the start of a description
RAW_CHARACTERS = 700  # of each raw field is looked at: what follows is links and legal text

_LINK = r"(?i)(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|net|org|io|tv|me|ly|be|gg|co|shop)(?:/\S*)?\b/?"
_ADDRESS = r"[^\s@]+@[^\s@]+\.[^\s@]+"
_MENTION = r"(^|\s)@\S+"
_HASHTAG_RUN = r"(?:#[^\s#]+\s*){3,}"
_HASHTAG_LINE = r"^\s*(?:#\S+\s*)+$"
_SPONSOR = (
    r"(?i)\bsponsor(?:ed|s)?\b|\bpaid partnership\b|\baffiliate\b|\b(?:promo|discount|coupon)\s+codes?\b|"
    r"\buse (?:my )?code\b|\b\d{1,2}\s?% off\b|#(?:ad|sponsored|gifted)\b"
)
_TIMESTAMP = r"\b\d{1,2}(?::\d{2}){1,2}\b"
#: a line that held a link or an address and has fewer words left is only its label ("Instagram:", "Business mail")
_LABEL_WORDS = 6
#: a line counts as repeated from this many items on, when they are more than half of the account's
_REPEATED_ITEMS = 3


def bio_documents(accounts: pa.Table) -> pa.Table:
    """The texts of bios: columns account_key, field (`{platform}_bio`), text. An account without a bio has no row.

    accounts: account_key, platform, display_name, bio.
    """
    lines = _Lines(_text(accounts["bio"]))
    bios = lines.join(lines.worth_keeping())
    names = pc.utf8_trim_whitespace(_text(accounts["display_name"]))
    texts = pc.if_else(pc.equal(names, ""), bios, pc.binary_join_element_wise(names, bios, ". "))
    fields = pc.binary_join_element_wise(_text(accounts["platform"]), "bio", "_")
    documents = pa.table(
        {"account_key": accounts["account_key"], "field": fields, "text": _shortened(texts, BIO_CHARACTERS)}
    )
    return documents.filter(pc.not_equal(bios, ""))


def content_documents(items: pa.Table) -> pa.Table:
    """The texts of content items: columns content_key, account_key, field (`{platform}_content`), text.

    items: content_key, account_key, platform, title_or_caption, description; all items of an account together, since
    a line counts as repeated among the items given. An item of which nothing is left has no row.
    """
    raw = pc.binary_join_element_wise(_text(items["title_or_caption"]), _text(items["description"]), "\n")
    lines = _Lines(raw)
    texts = lines.join(pc.and_not(lines.worth_keeping(), lines.repeated(items["account_key"])))
    fields = pc.binary_join_element_wise(_text(items["platform"]), "content", "_")
    columns = {"content_key": items["content_key"], "account_key": items["account_key"], "field": fields}
    documents = pa.table(columns | {"text": _shortened(texts, CONTENT_CHARACTERS)})
    return documents.filter(pc.not_equal(documents["text"], ""))


def text_fingerprints(texts: Sequence[str] | pa.ChunkedArray) -> pa.Array:
    """sha256 of each text, 64 hexadecimal digits: the key under which its vector is kept."""
    values = texts.to_pylist() if isinstance(texts, pa.ChunkedArray) else texts
    return pa.array([sha256_hex(text) for text in values], pa.string())


class _Lines:
    """All lines of many texts in one flat array, cleaned; `rows[i]` says which text line i is from."""

    def __init__(self, texts: pa.Array) -> None:
        split = pc.split_pattern(texts, "\n")
        raw = pc.list_flatten(split)
        self.rows: npt.NDArray[np.int64] = pc.list_parent_indices(split).to_numpy(zero_copy_only=False)
        self.count = len(texts)
        self._raw = raw
        self.clean = _clean(raw)

    def worth_keeping(self) -> pa.Array:
        """Boolean per line: something is left of it, and it is no hashtag block, sponsor's line or label."""
        reach = pc.match_substring_regex(self._raw, f"{_LINK}|{_ADDRESS}")
        label = pc.and_(reach, pc.less(pc.count_substring(self.clean, " "), _LABEL_WORDS - 1))
        block = pc.match_substring_regex(self._raw, _HASHTAG_LINE)
        sponsor = pc.match_substring_regex(self._raw, _SPONSOR)
        noise = pc.or_(pc.or_(label, block), pc.or_(sponsor, pc.equal(self.clean, "")))
        return pc.invert(noise)

    def repeated(self, owners: pa.ChunkedArray) -> pa.Array:
        """Boolean per line: it stands under most of its owner's texts. A first line, the title, never counts."""
        owner = pc.dictionary_encode(owners.combine_chunks()).indices.to_numpy()
        line = pc.dictionary_encode(self.clean).indices.to_numpy().astype(np.int64)
        pair = owner[self.rows].astype(np.int64) * (line.max(initial=0) + 1) + line
        once = np.unique(np.stack([pair, self.rows]), axis=1)[0]  # twice in one text counts once
        pairs, counts = np.unique(once, return_counts=True)
        uses = counts[np.searchsorted(pairs, pair)]
        of = np.bincount(owner)[owner[self.rows]] if len(owner) else uses
        first = np.diff(self.rows, prepend=-1) > 0
        return pa.array((uses >= _REPEATED_ITEMS) & (2 * uses > of) & ~first)

    def join(self, keep: pa.Array) -> pa.Array:
        """One text per row of the kept lines, in their order, with single spaces."""
        kept = np.bincount(self.rows[keep.to_numpy(zero_copy_only=False)], minlength=self.count)
        offsets = pa.array(np.concatenate([[0], np.cumsum(kept)]), pa.int32())
        return pc.binary_join(pa.ListArray.from_arrays(offsets, self.clean.filter(keep)), " ")


def _clean(lines: pa.Array) -> pa.Array:
    for pattern in (_ADDRESS, _LINK, _MENTION, _HASHTAG_RUN, _TIMESTAMP):
        lines = pc.replace_substring_regex(lines, pattern, " ")
    lines = pc.replace_substring(lines, "#", "")
    return pc.utf8_trim(pc.replace_substring_regex(lines, r"\s+", " "), " \u00a0\u2028-–—|•·:,;.➡►▶👉🔗")


def _text(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.utf8_slice_codeunits(pc.fill_null(whole.cast(pa.string()), ""), 0, RAW_CHARACTERS)


def _shortened(texts: pa.Array, characters: int) -> pa.Array:
    return pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(texts, 0, characters))
