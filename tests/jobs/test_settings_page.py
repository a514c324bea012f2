"""The page of settings is what the settings are."""

import os

import pytest
from pydantic import TypeAdapter

from jobs.settings import Settings, SourceSettings, read_settings
from jobs.settings_page import is_section, meanings, settings_page
from tests.house.tree import ROOT

MODELS = [Settings, SourceSettings, *(f.annotation for f in Settings.model_fields.values() if is_section(f))]
PAGE = ROOT / "docs" / "configuration.md"


def test_the_committed_page_is_what_the_code_gives():
    assert PAGE.read_text() == settings_page(), "python -m jobs.settings_page > docs/configuration.md"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_setting_says_what_it_is_for(model):
    sections = {name for name, field in model.model_fields.items() if is_section(field)}
    assert set(model.model_fields) - sections - set(meanings(model)) == set()


def test_every_variable_on_the_page_sets_something(monkeypatch):
    variables = {word for word in PAGE.read_text().split("`") if word.startswith("CREATORDEX_") and "=" not in word}
    defaults = read_settings().model_dump(mode="json")
    for variable in sorted(variables):
        value = defaults
        for part in variable.removeprefix("CREATORDEX_").lower().split("__"):
            value = value[part]
        if value is not None:
            text = value if isinstance(value, str) else TypeAdapter(object).dump_json(value).decode()
            monkeypatch.setenv(variable, text)
    assert len([name for name in os.environ if name in variables]) > 20
    assert read_settings().model_dump(mode="json") == defaults
