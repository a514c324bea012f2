"""Prompts by name and version."""

import pytest

from base.errors import ConfigError
from base.fingerprint import sha256_hex
from prompts.catalog import PROMPTS, load_prompt, read_lock

GOOD = """---
name: greeting
version: 1
variables:
  system: [mark]
  user: [name]
---

# system
Be {{mark}}.

# user
Hi {{name}}
"""


@pytest.fixture
def folder(tmp_path):
    def write(text, locked=None):
        (tmp_path / "greeting").mkdir()
        (tmp_path / "greeting" / "v1.md").write_text(text, encoding="utf-8")
        (tmp_path / "prompts.lock").write_text(f"{sha256_hex(locked or text)}  greeting/v1.md\n", encoding="utf-8")
        return tmp_path

    return write


def test_every_released_prompt_is_as_it_was_released():
    """A released prompt is never edited: a change is a new number."""
    files = {str(path.relative_to(PROMPTS)): sha256_hex(path.read_text()) for path in PROMPTS.glob("*/v*.md")}
    assert files == read_lock()


def test_every_released_prompt_loads():
    for path in read_lock():
        name, file = path.split("/")
        assert load_prompt(name, file.removeprefix("v").removesuffix(".md")).system


def test_a_prompt_is_filled(folder):
    prompt = load_prompt("greeting", "1", folder(GOOD))
    assert (prompt.render_system(mark="kind"), prompt.render_user(name="Ann")) == ("Be kind.", "Hi Ann")


def test_a_value_with_places_is_data():
    prompt = load_prompt("creator_enrichment", "1")
    assert "{{boundary}}" in prompt.render_user(boundary="-", dossier="{{boundary}}")


@pytest.mark.parametrize("values", [{}, {"name": "Ann", "age": "3"}, {"nome": "Ann"}])
def test_a_missing_or_surplus_variable_is_an_error(folder, values):
    with pytest.raises(ConfigError, match="missing"):
        load_prompt("greeting", "1", folder(GOOD)).render_user(**values)


def test_an_edited_prompt_is_refused(folder):
    with pytest.raises(ConfigError, match="not as released"):
        load_prompt("greeting", "1", folder(GOOD.replace("Be", "Do be"), locked=GOOD))


def test_front_matter_must_tell_the_truth(folder):
    with pytest.raises(ConfigError, match="front matter"):
        load_prompt("greeting", "1", folder(GOOD.replace("[name]", "[nome]")))


def test_an_unknown_version_is_an_error():
    with pytest.raises(ConfigError, match="no prompt"):
        load_prompt("creator_enrichment", "999")
