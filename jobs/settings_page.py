"""The page of all settings, made from the settings themselves: `python -m jobs.settings_page > docs/configuration.md`.

What a setting is for stands beside it in the code, as a `#:` comment; type, default and range are what pydantic checks.
"""

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from jobs.settings import Settings, SourceSettings
from providers.prices import Price

HEAD = """\
# Configuration

Every setting has a default, so an empty file is a valid one. Settings come from `creatordex.toml` in the working
directory, or the file given with `--config`; a variable of the environment wins over the file. `creatordex init` writes
a file with the defaults, `creatordex settings` prints what is in force, and a mistake stops a command with exit code 2
and names every wrong setting at once.

In a variable, `__` stands between a section and a setting, and lists and tables are written as JSON:
`CREATORDEX_IDENTITY__PRECISION=0.99`.

*This page is made from the code: `python -m jobs.settings_page > docs/configuration.md`.*
"""
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Decimal: "number",
    Path: "path",
    date: "date",
    SecretStr: "secret text",
}


#: what a table of the settings holds by name
TABLES = {SourceSettings: "a source", Price: "a price"}


def settings_page() -> str:
    """Every setting with its type, default, range, variable and meaning, as Markdown."""
    sections = [(name, field.annotation) for name, field in Settings.model_fields.items() if is_section(field)]
    general = [name for name, field in Settings.model_fields.items() if not is_section(field)]
    parts = [HEAD, *_section("General", "", Settings, general, "CREATORDEX_")]
    parts += _section("[sources.NAME]", "", SourceSettings, list(SourceSettings.model_fields), None)
    parts += _section('[prices."MODEL"]', "", Price, list(Price.model_fields), None)
    for name, model in sections:
        assert isinstance(model, type)
        variables = f"CREATORDEX_{name.upper()}__"
        parts += _section(
            f"[{name}]",
            inspect.cleandoc(model.__dict__.get("__doc__") or ""),
            model,
            list(model.model_fields),
            variables,
        )
    return "\n".join(parts)


def is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Setting → the `#:` comment above it, inherited ones too; a setting without one is missing."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and not base.__module__.startswith("pydantic"):
            found |= _own_meanings(base)
    return found


def _own_meanings(model: type[BaseModel]) -> dict[str, str]:
    source = textwrap.dedent(inspect.getsource(model))
    lines = source.splitlines()
    (body,) = (node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    found = {
        node.target.id: _comment_above(lines, node.lineno - 1)
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    return {name: comment for name, comment in found.items() if comment}


def _comment_above(lines: list[str], place: int) -> str:
    first = place
    while lines[first - 1].strip().startswith("#:"):
        first -= 1
    return " ".join(line.strip().removeprefix("#:").strip() for line in lines[first:place])


def _section(title: str, words: str, model: type[BaseModel], names: list[str], variables: str | None) -> Iterator[str]:
    yield f"## {title}\n"
    if words:
        yield words + "\n"
    told = meanings(model)
    for name in names:
        yield from _setting(name, model.model_fields[name], told[name], variables)


def _setting(name: str, field: FieldInfo, meaning: str, variables: str | None) -> Iterator[str]:
    facts = [type_in_words(field.annotation), *_range(field)]
    facts.append(
        "no default" if field.is_required() else f"default `{_value(field.get_default(call_default_factory=True))}`"
    )
    if variables is not None:
        facts.append(f"`{variables}{name.upper()}`")
    yield f"**`{name}`** · {' · '.join(facts)}  \n{meaning}\n"


def type_in_words(kind: Any) -> str:
    """A type as a reader of the page says it.

    >>> type_in_words(int | None), type_in_words(Literal["a", "b"]), type_in_words(list[str])
    ('whole number, or unset', '`a` or `b`', 'list of text')
    """
    if kind in WORDS:
        return WORDS[kind]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return " or ".join(f"`{word}`" for word in list(kind))
    arguments = get_args(kind)
    match get_origin(kind):
        case origin if origin in (Union, UnionType):
            (inner,) = (each for each in arguments if each is not NoneType)
            return f"{type_in_words(inner)}, or unset"
        case origin if origin is Literal:
            return " or ".join(f"`{each}`" for each in arguments)
        case origin if origin is list:
            return f"list of {type_in_words(arguments[0])}"
        case _ if len(arguments) == 2:
            inner = TABLES.get(arguments[1]) or type_in_words(arguments[1])
            return (
                f"table: name → {inner}" if arguments[0] is str else f"table: {type_in_words(arguments[0])} → {inner}"
            )
    raise TypeError(f"no words for {kind}")


def _range(field: FieldInfo) -> list[str]:
    bounds = [
        f"{sign} {getattr(each, word)}"
        for each in field.metadata
        for word, sign in BOUNDS.items()
        if hasattr(each, word)
    ]
    return [" and ".join(bounds)] if bounds else []


def _value(value: Any) -> str:
    if value is None:
        return "unset"
    return json.dumps(dict(value) if isinstance(value, dict) else value, default=str, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(settings_page())
