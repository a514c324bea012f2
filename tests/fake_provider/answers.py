"""Answers a well-behaved model could give: valid for the schema asked for, grounded, the same for the same text."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_NUMBERED = re.compile(r'\\?"number\\?":\s*(\d+)')
#: plain words only: no name, number or order that a check of the answer could miss in the data
_SUBJECTS = ("everyday subjects", "small projects", "things worth knowing", "ordinary days", "a favourite pastime")
_READERS = ("people who like to follow along", "curious beginners", "a patient audience", "fans of simple things")
MOST_PICKED = 2


def answer_to(schema: Mapping[str, Any], user: str) -> dict[str, Any]:
    """An object of `schema`, chosen by the question's text: enums by its hash, lists of integers from its items."""
    dice = _Dice(user)
    numbers = [int(number) for number in _NUMBERED.findall(user)]
    return {name: _value(part, dice, numbers) for name, part in schema["properties"].items()}


class _Dice:
    """The same throws for the same text."""

    def __init__(self, text: str) -> None:
        self._state = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")

    def below(self, limit: int) -> int:
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % limit


def _value(part: Mapping[str, Any], dice: _Dice, numbers: list[int]) -> Any:
    if "enum" in part:
        return part["enum"][dice.below(len(part["enum"]))]
    if "anyOf" in part:
        return None
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    if "null" in kinds:
        return None
    if kinds == ["array"]:
        return _list(part["items"], dice, numbers)
    if kinds == ["integer"]:
        return numbers[0] if numbers else 1
    if kinds == ["boolean"]:
        return bool(dice.below(2))
    return _sentence(dice)


def _list(items: Mapping[str, Any], dice: _Dice, numbers: list[int]) -> list[Any]:
    if "enum" not in items:
        return numbers[:MOST_PICKED]
    picked = (items["enum"][dice.below(len(items["enum"]))] for _ in range(dice.below(MOST_PICKED + 1)))
    return list(dict.fromkeys(picked))


def _sentence(dice: _Dice) -> str:
    subject, readers = _SUBJECTS[dice.below(len(_SUBJECTS))], _READERS[dice.below(len(_READERS))]
    return f"Makes regular posts about {subject} in a calm and friendly way, mostly for {readers}."
