"""The demo as a newcomer runs it: one command, everything promised is shown, nothing is asked of the network."""

import re
from pathlib import Path

import pytest

from tests.journeys.nights import creatordex, dump

pytestmark = pytest.mark.slow

ACCOUNTS = 240


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the demo printed, and its home."""
    home = tmp_path_factory.mktemp("demo")
    result = creatordex(home, "demo", "--accounts", str(ACCOUNTS), "--home", str(home))
    assert result.returncode == 0, result.stderr
    return result.stdout, home


def test_the_demo_shows_what_it_promises(shown: tuple[str, Path]):
    output, _ = shown
    promised = [
        "publish index", "One creator and its accounts", "match weight", "held for review", "Three searches",
        "home workouts under 500k followers", "quality", "B-cubed", "report.html",
    ]  # fmt: skip
    assert [words for words in promised if words not in output] == []


def test_a_card_shows_at_least_three_accounts(shown: tuple[str, Path]):
    output, _ = shown
    card = output.split("One creator and its accounts")[1].split("One merge, in bits")[0]
    rows = re.findall(r"^│\s+(?:youtube|instagram|tiktok|x|twitch|github)\b", card, re.MULTILINE)
    assert len(rows) >= 3, card


def test_the_page_lies_where_the_demo_says(shown: tuple[str, Path]):
    output, _ = shown
    (path,) = re.findall(r"\S+report\.html", output)
    page = Path(path).read_text()
    assert not re.search(r"<script|(?:src|href)=|https?://[^ ]*\.(?:js|css)", page)


def test_the_demo_again_finds_everything_done_though_there_is_a_key(
    shown: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
):
    _, home = shown
    before = dump(home)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-that-must-not-be-used")
    again = creatordex(home, "demo", "--accounts", str(ACCOUNTS), "--home", str(home))
    assert again.returncode == 0, again.stderr
    assert dump(home) == before
    assert {row[4] for row in before["enrichments"]} == {"offline"}


def test_another_size_in_the_same_place_is_refused(shown: tuple[str, Path]):
    _, home = shown
    result = creatordex(home, "demo", "--accounts", "80", "--home", str(home))
    assert result.returncode == 2
    assert "holds a demo of 240 accounts" in " ".join(result.stderr.split())
