"""The page without a browser: what it says, what it offers, and that it trusts no text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index.files import folder_name
from index.versions import Versions
from providers.hashing import HashingEmbedder
from search.live import Live
from search.service import Service
from search.web import create_app
from tenants.database import TenantDatabase
from tests.index.snapshots import a_creator, input_of, write_snapshot

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def hits(page: str) -> list[str]:
    return re.findall(r'<h3 id="hit-\d+"><a href="/creators/([^"]+)"', page)


def test_the_page_shows_what_the_api_answers(client: TestClient):
    params = {"q": "home bread", "language": "en"}
    page, api = client.get("/", params=params).text, client.get("/v1/search", params=params).json()
    assert hits(page) == [hit["creator"]["creator_id"] for hit in api["hits"]]
    for hit in api["hits"]:
        assert f"{hit['score']:.3f}" in page
    assert "Why:" in page


def test_the_whole_ranking_is_reached_by_links_alone(client: TestClient):
    address, found = "/?q=yoga&language=en&min_followers=", []
    while address:
        page = client.get(address).text
        found += hits(page)
        following = re.search(r'<a href="([^"]+)" rel="next">', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found)) == client.get("/v1/search?q=yoga&language=en").json()["total"]


def test_a_form_sent_with_empty_fields_asks_nothing_by_them(client: TestClient):
    answer = client.get("/", params={"q": "yoga", "min_followers": "", "platform": ["", "youtube"]})
    assert answer.status_code == 200
    assert re.search(r'name="platform" value="youtube" checked', answer.text)


@pytest.mark.parametrize("address", ["/?niche=sideways", "/?q=x&min_followers=many", "/?colour=red", "/?cursor=x"])
def test_a_question_that_cannot_be_is_answered_beside_the_box(client: TestClient, address: str):
    answer = client.get(address)
    assert answer.status_code == 400
    assert "That cannot be asked" in answer.text
    assert 'name="q"' in answer.text


def test_nobody_is_said_with_a_way_on(client: TestClient):
    assert "Nobody fits" in client.get("/", params={"q": '"no such phrase anywhere"'}).text


def test_a_page_of_a_creator_shows_accounts_and_who_is_alike(client: TestClient):
    page = client.get("/creators/cr_c0007").text
    assert "Accounts" in page
    assert len(hits(page)) == 6
    assert client.get("/creators/cr_nobody").status_code == 404
    assert "no creator cr_nobody" in client.get("/creators/cr_nobody").text


def test_text_from_strangers_is_never_markup(tmp_path: Path):
    person = a_creator("ann", name=HOSTILE, summary=HOSTILE, bio=HOSTILE)
    write_snapshot(tmp_path / "versions" / folder_name(1), input_of([person]))
    Versions(tmp_path).promote(1)
    service = Service(Live(tmp_path, HashingEmbedder()), TenantDatabase(tmp_path / "t.db"))
    client = TestClient(create_app(service), base_url="http://127.0.0.1")
    client.put("/v1/notes/cr_ann", json={"text": HOSTILE})
    for path in ("/", "/creators/cr_ann", f"/?q={HOSTILE}", f"/?niche={HOSTILE}", f"/creators/{HOSTILE}"):
        page = client.get(path).text
        scripts = Tags(page).scripts
        assert scripts == ["/static/page.js"], path
        assert "<img" not in page


def test_every_address_in_a_page_is_our_own(client: TestClient):
    for path in ("/?q=yoga", "/creators/cr_c0007"):
        assert all(address.startswith(("/", "#")) for address in Tags(client.get(path).text).addresses)


class Tags(HTMLParser):
    """Scripts and addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "script":
            self.scripts.append(values.get("src"))
        self.addresses += [value for name in ("href", "src", "action") if (value := values.get(name))]
        assert not any(name.startswith("on") or name == "style" for name in values)
