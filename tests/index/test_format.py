"""SYS-03: the examples of the format page hold."""

import doctest
from pathlib import Path

import index
from index.documents import DOCUMENTS
from index.manifest import Content

PAGE = Path(index.__file__).with_name("FORMAT.md")


def test_every_example_gives_what_it_says():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0


def test_every_column_and_manifest_field_is_described():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in [*DOCUMENTS.names, *Content.model_fields] if f"`{name}`" not in text] == []


def test_the_second_reader_is_small_and_imports_nothing_of_ours():
    """SYS-03."""
    reader = (PAGE.parents[1] / "tests" / "index" / "second_reader.py").read_text(encoding="utf-8")
    imports = [line.split()[1].split(".")[0] for line in reader.splitlines() if line.startswith(("import ", "from "))]
    assert set(imports) <= {"json", "math", "unicodedata", "itertools", "pathlib", "numpy", "pyarrow"}
    assert len(reader.splitlines()) <= 165
