"""Commands that are imported when they are called: a list of all costs what it shows, and one command what it needs."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand


class LateCommand(TyperCommand):
    """A name and a line of help, in the place of a command or of a group of commands."""

    def __init__(self, name: str, place: str, line: str) -> None:
        """place: `module:attribute` within this room; the attribute is a function, or a Typer of several."""
        super().__init__(name, help=line)
        self._place = place

    def load(self) -> Any:
        """The command itself."""
        module, _, attribute = self._place.partition(":")
        found = getattr(import_module(f"cli.{module}"), attribute)
        commands = typer.Typer()
        if isinstance(found, typer.Typer):
            commands.add_typer(found, name=self.name, help=self.help)
        else:
            commands.command(self.name)(found)
        return typer.main.get_group(commands).commands[str(self.name)]

    def make_context(self, *arguments: Any, **named: Any) -> Any:
        """The context of the command itself: from here on nothing is left of its stand-in."""
        return self.load().make_context(*arguments, **named)
