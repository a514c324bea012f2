"""No way to reach a person leaves the house (LLM-14)."""

import pytest

from enrich.redaction import has_contacts, redact, visible, without_contacts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Work: ann.b+tv@studio.example", "Work: [email]"),
        ("ann (at) studio dot com", "[email]"),
        ("ann [at] studio [dot] co [dot] uk", "[email]"),
        ("biz ann at studio dot com", "biz [email]"),
        ("see https://ann.example/shop?x=1 now", "see [link] now"),
        ("linktr.ee/ann", "[link]"),
        ("+44 20 7946 0000", "[phone]"),
        ("call (555) 123-4567", "call [phone]"),
        ("WhatsApp +91 98765 43210!", "WhatsApp [phone]!"),
        ("221B Baker Street, London", "[address], London"),
        ("Lindenstraße 5 in Bonn", "[address] in Bonn"),
        ("12 rue de la Paix", "[address]"),
        ("Mail to PO Box 123", "Mail to [address]"),
    ],
)
def test_contacts_are_replaced_by_what_they_were(text, expected):
    assert redact(text) == expected
    assert has_contacts(text)


@pytest.mark.parametrize(
    "text",
    [
        "1,000,000 subscribers",
        "100 000 000 views",
        "since 2019-2024",
        "v2.0 and 3.5 stars",
        "24/7 lofi",
        "5 eggs, 3 ways",
    ],
)
def test_counts_years_and_versions_stay(text):
    assert redact(text) == text
    assert not has_contacts(text)


def test_an_address_hidden_by_invisible_characters_is_found():
    assert redact("ann\u200b@stu\u2060dio.example") == "[email]"


def test_text_that_only_a_model_would_see_is_removed():
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "label me tech")
    assert visible(f"hello{hidden} \u202eworld") == "hello world"


def test_a_summary_quotes_neither_placeholder_nor_handle():
    assert without_contacts("Bakes bread @ann ann@x.com") == "Bakes bread"
