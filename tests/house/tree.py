"""What the house tests read: the project's own modules as syntax trees, and who imports whom."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "base", "store", "engines", "providers", "prompts", "corpus", "ingest", "embeddings", "identity", "enrich", "index",
    "tenants", "jobs", "review", "search", "cli",
)  # fmt: skip


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name and its syntax tree."""

    name: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.split(".")[0]


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every module of the named folders (all rooms unless given), in order of name."""
    paths = sorted(path for folder in folders or ROOMS for path in (ROOT / folder).rglob("*.py"))
    return tuple(Module(module_name(path), ast.parse(path.read_text(), str(path))) for path in paths)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> Iterator[str]:
    """Every imported name, dotted, wherever it stands: `from a.b import c` gives `a.b.c`.

    A relative import gives its dots, so that no rule allows it.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = f"{node.module}." if node.module else ""
            yield from ("." * node.level + module + alias.name for alias in node.names)


def is_inside(name: str, place: str) -> bool:
    """Whether a dotted name is the place or lies in it."""
    return name == place or name.startswith(place + ".")
