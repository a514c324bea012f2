"""Addresses taken out of a text before its words are read, each leaving a placeholder of its length."""

from identity.emails import find_emails
from identity.links import FoundLink, find_links
from identity.vocabulary import EMAIL, FILLER, LINK


def mask_addresses(text: str, folded_text: str) -> tuple[str, list[str], list[FoundLink]]:
    """The folded text with addresses replaced by placeholders of the same length, and the addresses in order."""
    emails = find_emails(text)
    for found in emails:
        text = _blank(text, found.start, found.end, EMAIL)
        folded_text = _blank(folded_text, found.start, found.end, EMAIL)
    links = find_links(text)
    for link in links:
        folded_text = _blank(folded_text, link.start, link.end, LINK)
    return folded_text, [found.address for found in emails], links


def _blank(text: str, start: int, end: int, placeholder: str) -> str:
    return text[:start] + placeholder + FILLER * (end - start - 1) + text[end:]
