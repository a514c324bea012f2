"""A page about two accounts: it adds up, loads nothing, and takes no orders from a bio."""

import re
from html.parser import HTMLParser

import pytest

from jobs.explain_accounts import show_pair
from jobs.pair_page import pair_page, write_pair_page
from jobs.resolve_creators import resolve_creators
from tests.factories import a_context, an_account

EVIL = "<script>alert(1)</script> <img src=http://evil.example/x onerror=alert(1)> &amp; ‮ \" '"
YT, IG = "youtube:id-quillandember", "instagram:id-quill.ember"


class Elements(HTMLParser):
    """Every element of a page with its attributes, and numbers by the class of their row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.numbers: dict[str, list[float]] = {"summand": [], "total": []}
        self._row = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.found.append((tag, values))
        if tag == "tr":
            self._row = values.get("class") or ""
        if tag == "data":
            self.numbers[self._row].append(float(values["value"] or ""))


@pytest.fixture(scope="module")
def pair(shared_store):
    with shared_store.writing() as session:
        session.add(an_account("quillandember", display_name=EVIL, bio=f"{EVIL} Instagram: @quill.ember"))
        session.add(an_account("quill.ember", "instagram", display_name=EVIL, bio=f"{EVIL} YouTube: @quillandember"))
    context = a_context(shared_store, identity={"bio_neighbours": False})
    resolve_creators(context)
    return show_pair(context, YT, IG)


def test_the_numbers_of_the_page_add_up_to_the_weight_exactly(pair):
    numbers = Elements(pair_page(pair)).numbers
    assert len(numbers["summand"]) == 1 + len(pair.explanation.evidence)
    total = 0.0
    for bits in numbers["summand"]:
        total += bits
    assert [total] == numbers["total"] == [pair.explanation.match_weight_bits]


def test_nothing_an_account_says_becomes_markup(pair):
    page = pair_page(pair)
    tags = {tag for tag, _ in Elements(page).found}
    assert tags & {"script", "img", "iframe", "object", "link", "base", "form"} == set()
    assert "&lt;script&gt;" in page
    assert [name for _, values in Elements(page).found for name in values if name.startswith("on")] == []


def test_the_page_loads_nothing(pair):
    page = pair_page(pair)
    policy = [values for tag, values in Elements(page).found if values.get("http-equiv") == "Content-Security-Policy"]
    assert len(policy) == 1
    assert "default-src 'none'" in (policy[0]["content"] or "")
    assert [values for _, values in Elements(page).found if {"src", "href", "xlink:href"} & set(values)] == []
    assert not re.search(r"url\(|@import", page)


def test_a_page_is_written_whole(pair, tmp_path):
    path = write_pair_page(tmp_path / "why.html", pair)
    assert path.read_text(encoding="utf-8") == pair_page(pair)
    assert [each.name for each in tmp_path.glob("why*")] == ["why.html"]
