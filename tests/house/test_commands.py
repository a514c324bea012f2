"""Every command explains itself and is explained: help in the terminal, a line in `docs/commands.md`."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.late import LateCommand
from cli.main import app
from tests.house.tree import ROOT

DOCUMENTED = (ROOT / "docs" / "commands.md").read_text()
PAGES = (
    "README.md", "docs/commands.md", "docs/tour.md", "docs/glossary.md", "docs/exports.md", "docs/operations.md",
    "docs/configuration.md", "CHANGELOG.md",
)  # fmt: skip


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command with its full name; a group is one when it does something by itself."""
    for name, listed in sorted(group.commands.items()):
        command = listed.load() if isinstance(listed, LateCommand) else listed
        is_group = hasattr(command, "commands")
        if is_group:
            yield from commands(command, (*path, name))
        if not is_group or command.invoke_without_command:
            yield " ".join((*path, name)), command


LISTED: Any = typer.main.get_command(app)
COMMANDS = dict(commands(LISTED))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_in_one_line_what_it_does(name):
    first_line = (COMMANDS[name].help or "").strip().splitlines()[:1]
    assert first_line, f"creatordex {name} has no help"
    assert len(first_line[0]) <= 120


@pytest.mark.parametrize("name", LISTED.commands)
def test_the_list_says_of_a_command_what_the_command_says(name):
    listed = LISTED.commands[name]
    assert listed.help == " ".join(listed.load().help.split("\n\n")[0].split())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_its_help_and_succeeds(name):
    result = CliRunner().invoke(app, [*name.split(), "--help"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name):
    silent = [
        parameter.opts[0]
        for parameter in COMMANDS[name].params
        if parameter.param_type_name == "option" and not parameter.help and parameter.name != "help"
    ]
    assert silent == [], f"creatordex {name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_its_own_line_in_the_documents(name):
    assert re.search(rf"`creatordex {re.escape(name)}\b", DOCUMENTED), (
        f"docs/commands.md does not name `creatordex {name}`"
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_no_command_that_does_not_exist(page):
    named = re.findall(r"creatordex ((?:[a-z]+ ?)+)", "\n".join(code_of((ROOT / page).read_text())))
    unknown = {words for words in named if not is_a_command(words.split())}
    assert unknown == set()


@pytest.mark.parametrize("page", PAGES)
def test_an_option_shown_in_a_page_exists(page):
    for line in code_of((ROOT / page).read_text()):
        words = shlex.split(line, comments=True) if line.startswith(("creatordex ", ".venv/bin/creatordex ")) else []
        name = longest_command(words[1:])
        known = (
            {flag for parameter in COMMANDS[name].params for flag in (*parameter.opts, *parameter.secondary_opts)}
            if name
            else set()
        )
        shown = {word.split("=")[0] for word in words if word.startswith("--")} - {"--help"}
        assert shown <= known, f"{page}: {line}"


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT).as_posix() for path in (ROOT, ROOT / "docs") for path in path.glob("*.md"))
)
def test_a_link_inside_the_project_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
    broken = [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert broken == []


def code_of(text: str) -> Iterator[str]:
    """Lines of code blocks without their prompt, and inline code."""
    inside = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside:
            yield line.strip().removeprefix("$ ")
        else:
            yield from re.findall(r"`([^`]+)`", line)


def is_a_command(words: list[str]) -> bool:
    return longest_command(words) is not None or any(name.split()[: len(words)] == words for name in COMMANDS)


def longest_command(words: list[str]) -> str | None:
    starts = (" ".join(words[:length]) for length in range(len(words), 0, -1))
    return next((start for start in starts if start in COMMANDS), None)
