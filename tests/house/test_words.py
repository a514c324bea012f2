"""What stands in the files: no machine's paths, no registry's address, no empty names, a sentence where one is due."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT, modules

# Put together here, so that this file does not hold what it forbids.
FORBIDDEN = (
    *(
        ".".join(parts)
        for parts in (("pypi", "org"), ("files", "pythonhosted", "org"), ("npmjs", "com"), ("huggingface", "co"))
    ),
    *(f"/{folder}/" for folder in ("work", "home", "root", "Users")),
)
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "data", "info"}
SHORT_STATEMENTS = 8  # shorter than that, a name and types may say it all
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".lock", ".svg", ".json", ".sh", ".html", ".css", ".mako", ""}


def test_no_file_names_a_registry_or_a_machine():
    found = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked_files()
        if path.suffix in TEXT
        for word in FORBIDDEN
        if word in path.read_text(errors="replace")
    }
    assert found == set()


def test_no_file_is_named_for_nothing():
    assert {module.name for module in modules() if module.name.split(".")[-1] in EMPTY_NAMES} == set()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_comes_in_and_what_goes_out(room):
    (package,) = (module for module in modules(room) if module.name == room)
    words = (ast.get_docstring(package.tree) or "").split()
    assert len(words) >= 15, f"{room}/__init__.py: what comes in, what goes out, in what order to read"


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_and_every_longer_public_function_says_what_you_get(room):
    """One line is enough; a short function may speak through its name and types."""
    silent = [name for module in modules(room) for name in undocumented(module.name, module.tree)]
    assert silent == []


def undocumented(name: str, tree: ast.Module) -> Iterator[str]:
    if not ast.get_docstring(tree):
        yield name
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node):
            statements = sum(isinstance(each, ast.stmt) for each in ast.walk(node)) - 1
            if statements > SHORT_STATEMENTS and not name.startswith("store.migrations."):
                yield f"{name}.{node.name}"


def tracked_files() -> list[Path]:
    """Files of the project; the working tree where there is no git (a source archive)."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not any(part.startswith(".") for part in path.parts)]
