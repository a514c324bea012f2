"""The page on exports and views names every column, and no other."""

import re

import pytest
from sqlalchemy import text

from store.exports import EXPORTS
from store.migrate import upgrade
from store.session import Store
from store.views import VIEWS
from tests.house.tree import ROOT

SECTIONS = dict(
    re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", (ROOT / "docs" / "exports.md").read_text(), re.DOTALL | re.MULTILINE)
)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_has_the_columns_of_its_page(name):
    table = SECTIONS[name].split("| change |")[0]
    cells = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    documented = [column for cell in cells for column in re.findall(r"`(\w+)`", cell)]
    assert sorted(documented) == sorted(column.name for column in EXPORTS[name](None).selected_columns)


def test_every_change_has_its_word_on_the_page():
    words = re.findall(r"^\| `(\w+)` \| [^|]+ \|[^|]*\|$", SECTIONS["changes"], re.MULTILINE)
    assert words == ["mint", "split", "merge", "retire", "join", "move", "leave", "update"]


def test_a_view_has_the_columns_of_its_page(bare_address):
    store = Store(bare_address)
    upgrade(store)
    for name in VIEWS:
        with store.engine.connect() as connection:
            columns = set(connection.execute(text(f"SELECT * FROM {name}")).keys())  # noqa: S608 - our own names
        sentence = SECTIONS[name].split("Most worth")[0]
        documented = set(re.findall(r"`(\w+)`", sentence))
        assert documented == columns, name
    store.close()
