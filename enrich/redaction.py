"""Text that may leave the house: no way to reach the person, nothing invisible."""

import re
import unicodedata

# Zero-width, bidirectional and tag characters: they hide text from a reader and not from a model.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)

_AT = r"(?:@|\(at\)|\[at\]|\{at\}|\barroba\b|\(arroba\)|\[arroba\])"
_DOT = r"(?:\.|\(dot\)|\[dot\]|\{dot\}|\sdot\s|\(?\bpunto\b\)?|\(?\bponto\b\)?|\(?\bpunkt\b\)?)"
_EMAIL = re.compile(
    rf"[\w.+-]+\s?(?:{_AT}|\s+at\s+(?=[\w-]+\s?(?:\(dot\)|\[dot\]|\sdot\s)))\s?"
    rf"[\w-]+(?:\s?{_DOT}\s?[a-z]{{2,}}){{1,3}}",
    re.IGNORECASE,
)
_ENDINGS = (
    "com|net|org|io|co|me|tv|ly|gg|app|link|links|bio|shop|store|page|site|info|biz|online|club|blog|live|studio|dev|ai|"
    "us|uk|de|fr|es|it|br|in|be|ee|fm|xyz|ru|jp|kr|cn|mx|ar|cl|pt|nl|pl|tr|id|at|ch|se|no|fi|dk|cz|eu|ca|au|nz|to|cc|"
    "example|test"
)
_LINK = re.compile(
    rf"(?:https?://|www\.)\S+|\b(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:{_ENDINGS})(?:/\S*)?(?![\w.])", re.IGNORECASE
)
# Seven to fifteen digits with the usual separators; year spans and counts in groups of three stay.
_PHONE = re.compile(
    r"(?<![\w.,:/])(?!(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d)(?!\d{1,3}(?: \d{3})+(?!\s?\d))"
    r"\+?\(?\d(?:[\s().\-/]{0,2}\d){6,14}(?!\w)"
)
_STREET_WORDS = r"street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|square|sq|highway|hwy"
_ADDRESS = re.compile(
    rf"\b\d{{1,5}}[A-Za-z]?\s+(?:[A-Z][\w'.-]*\s+){{1,4}}(?i:{_STREET_WORDS})\b\.?"
    r"|\b\d{1,5},?\s+(?:rue|avenue|boulevard|place|impasse)\s+(?:(?:de|du|des|la|le)\s+)*[A-Z][\w'-]+"
    r"|\b(?:rue|avenue|calle|avenida|rua|via|piazza|plaza)\s+(?:[\w'.-]+\s+){1,4}\d{1,5}\b"
    r"|\b[A-Z][\w-]*(?:stra(?:ß|ss)e|weg|platz|gasse)\s+\d{1,4}[a-z]?\b"
    r"|\bP\.?\s?O\.?\s?Box\s+\d+\b"
    r"|(?:ул\.|улица|проспект|пр-т)\s*[А-ЯЁ][\w-]+,?\s*(?:д\.?\s*)?\d+"
    r"|〒\s?\d{3}-\d{4}|\w+\d+丁目[\d番地号-]*",
)
_RULES = ((_EMAIL, "[email]"), (_LINK, "[link]"), (_ADDRESS, "[address]"), (_PHONE, "[phone]"))
_HINT = re.compile(r"[\d.@]")
_PLACEHOLDER = re.compile(r"\[(?:email|link|address|phone)\]")
_HANDLE = re.compile(r"(?<!\w)@[\w.]+")


def visible(text: str) -> str:
    """The text a reader sees: compatibility form, single spaces, no invisible characters.

    >>> visible("he\\u200bllo   there")
    'hello there'
    """
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(text.split())


def redact(text: str) -> str:
    """The visible text with e-mails, links, phone numbers and street addresses replaced by what they were.

    >>> redact("Book me: ann@studio.example or +44 20 7946 0000, https://ann.example")
    'Book me: [email] or [phone], [link]'
    """
    text = visible(text)
    if _has_hint(text):
        for pattern, placeholder in _RULES:
            text = pattern.sub(placeholder, text)
    return text


def without_contacts(text: str) -> str:
    """The redacted text without the placeholders and without handles: what a summary may quote from."""
    text = redact(text)
    if "[" in text or "@" in text:
        text = _HANDLE.sub(" ", _PLACEHOLDER.sub(" ", text))
    return " ".join(text.split())


def has_contacts(text: str) -> bool:
    """Whether an e-mail, link, phone number, street address or handle stands in it."""
    text = visible(text)
    return _has_hint(text) and any(pattern.search(text) for pattern in (_HANDLE, *(rule for rule, _ in _RULES)))


def _has_hint(text: str) -> bool:
    """No rule matches without one of these, and most titles have none: a look is cheaper than four searches."""
    if _HINT.search(text) or "//" in text:
        return True
    lower = text.lower()
    return "dot" in lower or "arroba" in lower
