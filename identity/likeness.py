"""Does one account look like another one: the name and the handle as a person would read them.

Comes in: names and handles. Goes out: yes or no. How much a likeness weighs between owners is the business of
`comparisons.py`; here it is about looking alike on purpose, so letters that pass for others are read as those.
"""

import re

from identity.handles import near_form, plain_letters

SHORTEST_INSIDE = 5  # characters: a shorter handle inside a longer one is chance

_WORD = re.compile(r"[^\W_]+")
_TAIL = re.compile(r"[\d_.]+$")


def words_of(name: str | None) -> list[str]:
    """The words of a display name, folded, look-alike letters read as Latin ones.

    >>> words_of("Ann  Mаrrow ✦")
    ['ann', 'marrow']
    """
    return _WORD.findall(plain_letters(name or ""))


def has_name_of(name: str | None, other: str | None) -> bool:
    """Whether two display names have the same words, in whatever order; unknown names are like nobody's."""
    return bool(words_of(name)) and sorted(words_of(name)) == sorted(words_of(other))


def has_handle_like(handle: str | None, other: str | None) -> bool:
    """Whether the first handle is made to look like the second: its core, or with something put around it.

    >>> has_handle_like("ann_rnarrow", "annmarrow"), has_handle_like("annmarrow.backup2", "annmarrow")
    (True, True)
    >>> has_handle_like("bea", "annmarrow"), has_handle_like("joann", "ann")
    (False, False)
    """
    mine, theirs = _shape(handle), _shape(other)
    if not mine or not theirs:
        return False
    return mine == theirs or (len(theirs) >= SHORTEST_INSIDE and theirs in mine)


def _shape(handle: str | None) -> str:
    """What is left for the eye: no separators and affixes, "rn" as "m"."""
    return (near_form(_TAIL.sub("", handle or "")) or "").replace("rn", "m")
