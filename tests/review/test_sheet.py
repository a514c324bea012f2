"""A sheet that goes out and comes back is the same sheet, and nothing in it runs."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from base.errors import SourceError
from base.text import sanitise
from review.sheet import harmless, original, read_sheet, write_sheet

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30).map(sanitise)
COLUMNS = ("left", "bio", "note")
FORMULAS = ("=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "'=1", "''=1", "=cmd|' /C calc'!A0")


@given(TEXTS)
@example("'=1")
def test_a_harmless_cell_gives_its_text_back(text):
    assert original(harmless(text)) == text


@pytest.mark.parametrize("text", FORMULAS)
def test_no_spreadsheet_takes_a_text_for_a_formula(text):
    cell = write_sheet([{"left": text}], ["left"], "csv").split("\r\n", 1)[1]
    (first,) = next(csv.reader(io.StringIO(cell, newline="")))
    assert first.startswith("'")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_written_is_read(form, tmp_path):
    @given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, TEXTS)), min_size=1, max_size=5))
    @example([dict.fromkeys(COLUMNS, text) for text in FORMULAS])
    @example([{"left": "x:1", "bio": 'says "hi",\nthen; leaves', "note": ""}])
    def there_and_back(rows):
        path = tmp_path / f"sheet.{form}"
        path.write_text(write_sheet(rows, COLUMNS, form), encoding="utf-8", newline="")
        filled = [row for row in rows if form == "jsonl" or any(text.strip() for text in row.values())]
        assert read_sheet(path) == filled

    there_and_back()


def test_a_sheet_that_a_spreadsheet_saved_is_read_with_its_mark_and_its_semicolons(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_bytes("\ufeffleft;note\r\nx:1;'=sum\r\n;\r\n".encode())
    assert read_sheet(path) == [{"left": "x:1", "note": "=sum"}]


def test_a_row_that_cannot_be_read_counts_and_the_others_are_read(tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("left,note\nx:1,a,too many\nx:2\n")
    assert read_sheet(sheet) == [{}, {"left": "x:2", "note": ""}]
    lines = tmp_path / "sheet.jsonl"
    lines.write_text('{"left": "x:1", "note": null}\n[1]\n{torn\n')
    assert read_sheet(lines) == [{"left": "x:1", "note": ""}, {}, {}]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("sheet.csv", None, "No such file"),
        ("sheet.csv", b"left\n\xff\n", "UTF-8"),
        ("sheet.csv", b"", "not enough values"),
        ("sheet.csv", b'left\n"never closed\n', "unexpected end"),
        ("sheet.xlsx", b"PK", "unknown kind"),
    ],
    ids=["missing", "another encoding", "empty", "torn", "a workbook"],
)
def test_a_file_that_is_no_sheet_says_why(name, content, problem, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=problem):
        read_sheet(path)
