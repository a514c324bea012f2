"""Which versions may go. Pure: numbers and dates in, numbers out."""

from collections.abc import Collection, Mapping
from datetime import date

KEPT_VERSIONS = 3
KEPT_WEEKS = 4


def versions_to_keep(dates: Mapping[int, date]) -> set[int]:
    """The newest three, and the newest of each of the last four weeks that have any.

    dates: version → the day it was made for.

    >>> days = {n: date(2026, 1, n) for n in range(1, 29)}
    >>> sorted(versions_to_keep(days))
    [11, 18, 25, 26, 27, 28]
    """
    newest = sorted(dates, reverse=True)
    week_of = {version: tuple(dates[version].isocalendar())[:2] for version in newest}
    last_of_week: dict[tuple[int, ...], int] = {}
    for version in newest:
        last_of_week.setdefault(week_of[version], version)
    return {*newest[:KEPT_VERSIONS], *list(last_of_week.values())[:KEPT_WEEKS]}


def versions_to_retire(
    dates: Mapping[int, date], *, current: int | None, leased: Collection[int], held_up_to: int
) -> set[int]:
    """Versions that neither the rules, a reader, nor the pointer keep.

    held_up_to: versions up to this one may hold creators that were taken down; the rules keep none of them once a newer
    one is in force.
    """
    kept = versions_to_keep(dates)
    if current is not None and current > held_up_to:
        kept = {version for version in kept if version > held_up_to}
    return set(dates) - kept - set(leased) - {current}
